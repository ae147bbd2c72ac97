// The official OpenAI SDK as a caller in both of its formats, with its own accumulators.
import OpenAI from 'openai';
import type { Caller, Target } from './callers.ts';
import type { CallerView, Question, Turn } from './script.ts';
import type { Json } from './wire.ts';

const client = ({ url, token }: Target) => new OpenAI({ apiKey: token, baseURL: `${url}/v1`, maxRetries: 0 });
const parametersOf = (schema: Json | null) => (schema === null ? {} : { parameters: schema });
const urlOf = (medium: { type: string; data?: string; url?: string }) =>
  medium.url ?? `data:${medium.type};base64,${medium.data}`;

function common({ maxTokens, temperature, topP, user, effort, parallel, metadata, tier }: Question): Json {
  return {
    ...(metadata !== undefined && { metadata, store: true }),
    ...(tier !== undefined && { service_tier: tier }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(user !== undefined && { user }),
    ...(parallel === false && { parallel_tool_calls: false }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(effort !== undefined && { effort }),
  };
}

function chatTurn(turn: Turn): Json[] {
  switch (turn.role) {
    case 'assistant':
      return [{ role: 'assistant', content: turn.text }];
    case 'user': {
      const media = [
        ...(turn.image ? [{ type: 'image_url', image_url: { url: urlOf(turn.image) } }] : []),
        ...(turn.document
          ? [{ type: 'file', file: { filename: 'a.pdf', file_data: urlOf(turn.document) } }]
          : []),
        ...(turn.audio && 'data' in turn.audio
          ? [{ type: 'input_audio', input_audio: { data: turn.audio.data, format: 'wav' } }]
          : []),
      ];
      return [
        {
          role: 'user',
          content: media.length === 0 ? turn.text : [{ type: 'text', text: turn.text }, ...media],
        },
      ];
    }
    case 'calls':
      return [
        {
          role: 'assistant',
          content: null,
          tool_calls: turn.calls.map(({ id, name, args }) => ({
            id,
            type: 'function',
            function: { name, arguments: JSON.stringify(args) },
          })),
        },
        ...turn.calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result.text })),
      ];
  }
}

/** Returns the body of a chat request. */
function chatBody(question: Question, model: string): Json {
  const { maxTokens, effort, ...fields } = common(question);
  return {
    model,
    messages: [
      ...(question.system === undefined ? [] : [{ role: 'system', content: question.system }]),
      ...question.turns.flatMap(chatTurn),
    ],
    ...fields,
    ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }),
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(question.seed !== undefined && { seed: question.seed }),
    ...(question.stops && { stop: question.stops }),
    ...(question.penalties && {
      frequency_penalty: question.penalties.frequency,
      presence_penalty: question.penalties.presence,
    }),
    ...(question.tools && {
      tools: question.tools.map(({ name, description, schema }) => ({
        type: 'function',
        function: { name, description, ...parametersOf(schema) },
      })),
    }),
    ...(question.choice !== undefined && {
      tool_choice:
        typeof question.choice === 'object'
          ? { type: 'function', function: question.choice }
          : question.choice,
    }),
    ...(question.schema && {
      response_format: { type: 'json_schema', json_schema: { ...question.schema, strict: true } },
    }),
    ...(question.json && { response_format: { type: 'json_object' } }),
    ...(question.search && { web_search_options: {} }),
    ...(question.logprobs !== undefined && { logprobs: true, top_logprobs: question.logprobs }),
    ...(question.candidates !== undefined && { n: question.candidates }),
  };
}

/** Returns the assistant's message as a client sends it back. */
function chatCallerView(completion: Json): CallerView {
  const { message, finish_reason, logprobs } = completion.choices[0];
  const { usage } = completion;
  return {
    text: message.content ?? '',
    thought: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).map(({ function: call }: Json) => ({
      name: call.name,
      args: JSON.parse(call.arguments),
    })),
    refusal: message.refusal ?? '',
    citations: (message.annotations ?? []).map(({ url_citation }: Json) => url_citation.url),
    images: (message.images ?? []).map(({ image_url }: Json) => image_url.url.split(',')[1]),
    logprobs: (logprobs?.content ?? []).map(({ logprob }: Json) => logprob),
    second: completion.choices[1]?.message.content ?? '',
    stop: finish_reason,
    usage: {
      input: usage.prompt_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
      output: usage.completion_tokens,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

export const chatCaller: Caller = {
  body: chatBody,
  async call(target, body, stream) {
    const openai = client(target);
    if (!stream) {
      const { data, response } = await openai.chat.completions.create(body as never).withResponse();
      return {
        view: chatCallerView(data as unknown as Json),
        headers: response.headers,
        answer: data as unknown as Json,
      };
    }
    const running = openai.chat.completions.stream({
      ...body,
      stream_options: { include_usage: true },
    } as never);
    const thoughts: string[] = [];
    running.on('chunk', (chunk) => thoughts.push((chunk.choices[0]?.delta as Json)?.reasoning_content ?? ''));
    const completion = (await running.finalChatCompletion()) as unknown as Json;
    // The SDK retains only the last piece of members that it does not know.
    completion.choices[0].message.reasoning_content = thoughts.join('');
    return {
      view: chatCallerView(completion),
      headers: new Headers(),
      answer: completion,
    };
  },
};

function responsesTurn(turn: Turn): Json[] {
  switch (turn.role) {
    case 'assistant':
      return [{ role: 'assistant', content: turn.text }];
    case 'user': {
      const media = [
        ...(turn.image ? [{ type: 'input_image', image_url: urlOf(turn.image), detail: 'auto' }] : []),
        ...(turn.document ? [documentOf(turn.document)] : []),
      ];
      return [{ role: 'user', content: [{ type: 'input_text', text: turn.text }, ...media] }];
    }
    case 'calls':
      return [
        ...turn.calls.map(({ id, name, args }) => ({
          type: 'function_call',
          call_id: id,
          name,
          arguments: JSON.stringify(args),
        })),
        ...turn.calls.map(({ id, result }) => ({
          type: 'function_call_output',
          call_id: id,
          output: result.image
            ? [
                { type: 'input_text', text: result.text },
                { type: 'input_image', image_url: urlOf(result.image), detail: 'auto' },
              ]
            : result.text,
        })),
      ];
  }
}

function documentOf(medium: Parameters<typeof urlOf>[0]): Json {
  return medium.url
    ? { type: 'input_file', file_url: medium.url }
    : { type: 'input_file', filename: 'a.pdf', file_data: urlOf(medium) };
}

/** Returns the body of a Responses request. */
function responsesBody(question: Question, model: string): Json {
  const { maxTokens, effort, ...fields } = common(question);
  return {
    model,
    input: question.turns.flatMap(responsesTurn),
    ...fields,
    ...(question.system !== undefined && { instructions: question.system }),
    ...(maxTokens !== undefined && { max_output_tokens: maxTokens }),
    ...(effort !== undefined && { reasoning: { effort, summary: 'auto' } }),
    ...((question.tools || question.search) && {
      tools: [
        ...(question.tools ?? []).map(({ name, description, schema }) => ({
          type: 'function',
          name,
          description,
          parameters: schema,
          strict: false,
        })),
        ...(question.search ? [{ type: 'web_search' }] : []),
      ],
    }),
    ...(question.choice !== undefined && {
      tool_choice:
        typeof question.choice === 'object' ? { type: 'function', ...question.choice } : question.choice,
    }),
    ...(question.schema && { text: { format: { type: 'json_schema', ...question.schema, strict: true } } }),
    ...(question.json && { text: { format: { type: 'json_object' } } }),
    ...(question.logprobs !== undefined && {
      top_logprobs: question.logprobs,
      include: ['message.output_text.logprobs'],
    }),
  };
}

function responsesCallerView(response: Json): CallerView {
  const items: Json[] = response.output;
  const parts = items.filter(({ type }) => type === 'message').flatMap(({ content }) => content as Json[]);
  const texts = parts.filter(({ type }) => type === 'output_text');
  const { usage } = response;
  return {
    text: texts.map(({ text }) => text).join(''),
    thought: items
      .filter(({ type }) => type === 'reasoning')
      .flatMap(({ summary }) => summary.map(({ text }: Json) => text))
      .join(''),
    calls: items
      .filter(({ type }) => type === 'function_call')
      .map(({ name, arguments: json }) => ({ name, args: JSON.parse(json) })),
    refusal: parts
      .filter(({ type }) => type === 'refusal')
      .map(({ refusal }) => refusal)
      .join(''),
    citations: texts.flatMap(({ annotations }) => annotations.map(({ url }: Json) => url)),
    images: items.filter(({ type }) => type === 'image_generation_call').map(({ result }) => result),
    logprobs: texts.flatMap(({ logprobs }) => (logprobs ?? []).map(({ logprob }: Json) => logprob)),
    second: '',
    stop: response.status === 'incomplete' ? response.incomplete_details.reason : response.status,
    usage: {
      input: usage.input_tokens,
      cached: usage.input_tokens_details.cached_tokens,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details.reasoning_tokens,
    },
  };
}

export const responsesCaller: Caller = {
  body: responsesBody,
  async call(target, body, stream) {
    const openai = client(target);
    if (!stream) {
      const { data, response } = await openai.responses.create(body as never).withResponse();
      return {
        view: responsesCallerView(data as unknown as Json),
        headers: response.headers,
        answer: data as unknown as Json,
      };
    }
    const running = openai.responses.stream(body as never);
    const final = (await running.finalResponse()) as unknown as Json;
    return { view: responsesCallerView(final), headers: new Headers(), answer: final };
  },
};
