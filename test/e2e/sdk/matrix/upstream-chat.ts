// Chat completions as an upstream: writes the imitated model's answers, and reads requests.
import type { Script, UpstreamView } from './script.ts';
import type { Json, Wire } from './wire.ts';

const stops = {
  stop: 'stop',
  length: 'length',
  calls: 'tool_calls',
  filter: 'content_filter',
  refusal: 'stop',
  sequence: 'stop',
};

function usageOf({ usage }: Script): Json {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

function message(script: Script): Json {
  return {
    role: 'assistant',
    content: script.text ?? null,
    refusal: script.refusal ?? null,
    ...(script.thought && { reasoning_content: script.thought.text }),
    ...(script.citation && {
      annotations: [
        {
          type: 'url_citation',
          url_citation: { ...script.citation, start_index: 0, end_index: script.text?.length ?? 0 },
        },
      ],
    }),
    ...(script.image && {
      images: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${script.image}` } }],
    }),
    ...(script.calls && {
      tool_calls: script.calls.map(({ id, name, args }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(args) },
      })),
    }),
  };
}

function logprobsOf({ logprobs }: Script): Json | null {
  return logprobs
    ? { content: logprobs.map((one) => ({ ...one, bytes: null, top_logprobs: [] })), refusal: null }
    : null;
}

export function chatAnswer(script: Script): Json {
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion',
    created: 1,
    model: 'upstream-model',
    choices: [
      { index: 0, message: message(script), finish_reason: stops[script.stop], logprobs: logprobsOf(script) },
      ...(script.second === undefined
        ? []
        : [{ index: 1, message: { role: 'assistant', content: script.second }, finish_reason: 'stop' }]),
    ],
    usage: usageOf(script),
  };
}

export function chatStream(script: Script): string {
  const chunk = (choices: Json[], more: Json = {}) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-upstream', object: 'chat.completion.chunk', created: 1, model: 'upstream-model', choices, ...more })}\n\n`;
  const delta = (value: Json) => chunk([{ index: 0, delta: value, finish_reason: null }]);
  const halves = (text: string) => [text.slice(0, text.length / 2), text.slice(text.length / 2)];
  const { annotations, images } = message(script);
  return [
    delta({ role: 'assistant', content: '' }),
    ...halves(script.thought?.text ?? '').map((reasoning_content) => delta({ reasoning_content })),
    ...(script.logprobs
      ? [
          chunk([
            { index: 0, delta: { content: script.text }, logprobs: logprobsOf(script), finish_reason: null },
          ]),
        ]
      : halves(script.text ?? '').map((content) => delta({ content }))),
    ...(script.second === undefined
      ? []
      : [
          chunk([{ index: 1, delta: { role: 'assistant', content: script.second }, finish_reason: null }]),
          chunk([{ index: 1, delta: {}, finish_reason: 'stop' }]),
        ]),
    ...halves(script.refusal ?? '').map((refusal) => delta({ refusal })),
    ...(annotations ? [delta({ annotations })] : []),
    ...(images ? [delta({ images })] : []),
    // Calls are interleaved: names first, then both arguments by halves.
    ...(script.calls ?? []).map(({ id, name }, index) =>
      delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
    ),
    ...[0, 1].flatMap((half) =>
      (script.calls ?? []).map(({ args }, index) =>
        delta({ tool_calls: [{ index, function: { arguments: halves(JSON.stringify(args))[half] } }] }),
      ),
    ),
    chunk([{ index: 0, delta: {}, finish_reason: stops[script.stop] }]),
    chunk([], { usage: usageOf(script) }),
    'data: [DONE]\n\n',
  ].join('');
}

const textOf = (content: Wire): string =>
  typeof content === 'string' ? content : (content ?? []).map((part: Json) => part.text ?? '').join('');

const mediaOf = (content: Wire): string[] =>
  (Array.isArray(content) ? content : []).flatMap((part: Json) => {
    if (part.type === 'image_url') return [`image ${part.image_url.url}`];
    if (part.type === 'file') return [`document ${part.file.file_data}`];
    if (part.type === 'input_audio') return [`audio ${part.input_audio.data}`];
    return [];
  });

export function chatUpstreamView(body: Json): UpstreamView {
  const messages: Json[] = body.messages;
  const calls = messages.flatMap((one) => one.tool_calls ?? []);
  const nameOf = (id: string) => calls.find((call) => call.id === id)?.function.name;
  const results = messages.filter(({ role }) => role === 'tool');
  const spoken = messages.filter(
    ({ role, content }) => (role === 'user' || role === 'assistant') && textOf(content) !== '',
  );
  const choice = body.tool_choice;
  return {
    system: messages
      .filter(({ role }) => role === 'system' || role === 'developer')
      .map(({ content }) => textOf(content))
      .join('\n'),
    texts: spoken.map(({ role, content }) => `${role}: ${textOf(content)}`),
    media: messages.flatMap(({ content }) => mediaOf(content)),
    tools: (body.tools ?? []).map(({ function: tool }: Json) => ({
      name: tool.name,
      description: tool.description,
      properties: Object.keys(tool.parameters?.properties ?? {}),
    })),
    choice: typeof choice === 'object' && choice ? choice.function.name : (choice ?? 'unsaid'),
    calls: calls.map(({ function: call }) => `${call.name}(${JSON.stringify(JSON.parse(call.arguments))})`),
    results: results.map(({ tool_call_id, content }) => `${nameOf(tool_call_id)}: ${textOf(content)}`),
    errors: [],
    maxTokens: body.max_tokens ?? body.max_completion_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    seed: body.seed,
    stops: body.stop === undefined ? [] : [body.stop].flat(),
    user: body.user ?? body.safety_identifier,
    schema:
      body.response_format?.json_schema && Object.keys(body.response_format.json_schema.schema.properties),
    json: body.response_format?.type === 'json_object',
    thinks: body.reasoning_effort !== undefined && body.reasoning_effort !== 'none',
    search: body.web_search_options !== undefined,
    single: body.parallel_tool_calls === false,
    ...(body.frequency_penalty !== undefined && {
      penalties: { frequency: body.frequency_penalty, presence: body.presence_penalty },
    }),
    ...(body.logprobs && { logprobs: body.top_logprobs }),
    candidates: body.n,
    metadata: body.metadata,
    tier: body.service_tier,
    signatures: messages.flatMap(({ reasoning_content }) => reasoning_content ?? []),
  };
}
