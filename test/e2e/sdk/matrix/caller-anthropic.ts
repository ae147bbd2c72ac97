// The official Anthropic SDK as a caller, with its own accumulator.
import Anthropic from '@anthropic-ai/sdk';
import type { Caller } from './callers.ts';
import type { CallerView, Medium, Question, Turn } from './script.ts';
import type { Json } from './wire.ts';

function sourceOf(medium: Medium): Json {
  return 'url' in medium
    ? { type: 'url', url: medium.url }
    : { type: 'base64', media_type: medium.type, data: medium.data };
}

function messages(turn: Turn): Json[] {
  switch (turn.role) {
    case 'assistant':
      return [{ role: 'assistant', content: turn.text }];
    case 'user':
      return [
        {
          role: 'user',
          content: [
            { type: 'text', text: turn.text },
            ...(turn.image ? [{ type: 'image', source: sourceOf(turn.image) }] : []),
            ...(turn.document ? [{ type: 'document', source: sourceOf(turn.document) }] : []),
          ],
        },
      ];
    case 'calls':
      return [
        {
          role: 'assistant',
          content: turn.calls.map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
        },
        {
          role: 'user',
          content: turn.calls.map(({ id, result }) => ({
            type: 'tool_result',
            tool_use_id: id,
            content: result.image
              ? [
                  { type: 'text', text: result.text },
                  { type: 'image', source: sourceOf(result.image) },
                ]
              : result.text,
            ...(result.error && { is_error: true }),
          })),
        },
      ];
  }
}

const budgets = { low: 2_048, medium: 8_192, high: 24_576 };

function messagesBody(question: Question, model: string): Json {
  const choices = { auto: { type: 'auto' }, none: { type: 'none' }, required: { type: 'any' } };
  const choice =
    typeof question.choice === 'object'
      ? { type: 'tool', ...question.choice }
      : question.choice && choices[question.choice];
  const single = question.parallel === false ? { disable_parallel_tool_use: true } : {};
  return {
    model,
    max_tokens: question.maxTokens ?? 32_000,
    messages: question.turns.flatMap(messages),
    ...(question.system !== undefined && { system: question.system }),
    ...(question.temperature !== undefined && { temperature: question.temperature }),
    ...(question.topP !== undefined && { top_p: question.topP }),
    ...(question.topK !== undefined && { top_k: question.topK }),
    ...(question.stops && { stop_sequences: question.stops }),
    ...(question.user !== undefined && { metadata: { user_id: question.user } }),
    ...(question.effort !== undefined && {
      thinking: { type: 'enabled', budget_tokens: budgets[question.effort] },
    }),
    ...((question.tools || question.search) && {
      tools: [
        ...(question.tools ?? []).map(({ name, description, schema }) => ({
          name,
          description,
          input_schema: schema ?? { type: 'object', properties: {} },
        })),
        ...(question.search ? [{ type: 'web_search_20250305', name: 'web_search' }] : []),
      ],
    }),
    ...((choice || question.parallel === false) && {
      tool_choice: { ...(choice ?? { type: 'auto' }), ...single },
    }),
    ...(question.schema && {
      output_config: {
        format: { type: 'json_schema', schema: { ...question.schema.schema, title: question.schema.name } },
      },
    }),
  };
}

function messagesCallerView(message: Json): CallerView {
  const blocks: Json[] = message.content;
  const texts = blocks.filter(({ type }) => type === 'text');
  const { usage } = message;
  return {
    text: texts.map(({ text }) => text).join(''),
    thought: blocks
      .filter(({ type }) => type === 'thinking')
      .map(({ thinking }) => thinking)
      .join(''),
    calls: blocks.filter(({ type }) => type === 'tool_use').map(({ name, input }) => ({ name, args: input })),
    refusal: '',
    citations: texts.flatMap(({ citations }) => (citations ?? []).map(({ url }: Json) => url)),
    images: [],
    logprobs: [],
    second: '',
    stop: message.stop_reason,
    usage: {
      input:
        usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      cached: usage.cache_read_input_tokens ?? 0,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details?.thinking_tokens ?? 0,
    },
  };
}

export const messagesCaller: Caller = {
  body: messagesBody,
  async call({ url, token }, body, stream) {
    const anthropic = new Anthropic({ apiKey: token, baseURL: url, maxRetries: 0 });
    if (!stream) {
      const { data, response } = await anthropic.messages
        .create(body as never, { timeout: 60_000 })
        .withResponse();
      return { view: messagesCallerView(data as Json), headers: response.headers, answer: data as Json };
    }
    const running = anthropic.messages.stream(body as never);
    const message = (await running.finalMessage()) as unknown as Json;
    return {
      view: messagesCallerView(message),
      headers: running.response?.headers ?? new Headers(),
      answer: message,
    };
  },
};
