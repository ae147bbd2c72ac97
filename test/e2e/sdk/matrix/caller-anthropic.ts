// The official Anthropic SDK as a caller, with its own accumulator.
import Anthropic from '@anthropic-ai/sdk';
import type { Caller } from './callers.ts';
import type { Ask, Medium, Told, Turn } from './script.ts';
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

function messagesBody(ask: Ask, model: string): Json {
  const choices = { auto: { type: 'auto' }, none: { type: 'none' }, required: { type: 'any' } };
  const choice =
    typeof ask.choice === 'object' ? { type: 'tool', ...ask.choice } : ask.choice && choices[ask.choice];
  const single = ask.parallel === false ? { disable_parallel_tool_use: true } : {};
  return {
    model,
    max_tokens: ask.maxTokens ?? 32_000,
    messages: ask.turns.flatMap(messages),
    ...(ask.system !== undefined && { system: ask.system }),
    ...(ask.temperature !== undefined && { temperature: ask.temperature }),
    ...(ask.topP !== undefined && { top_p: ask.topP }),
    ...(ask.topK !== undefined && { top_k: ask.topK }),
    ...(ask.stops && { stop_sequences: ask.stops }),
    ...(ask.user !== undefined && { metadata: { user_id: ask.user } }),
    ...(ask.effort !== undefined && { thinking: { type: 'enabled', budget_tokens: budgets[ask.effort] } }),
    ...((ask.tools || ask.search) && {
      tools: [
        ...(ask.tools ?? []).map(({ name, description, schema }) => ({
          name,
          description,
          input_schema: schema ?? { type: 'object', properties: {} },
        })),
        ...(ask.search ? [{ type: 'web_search_20250305', name: 'web_search' }] : []),
      ],
    }),
    ...((choice || ask.parallel === false) && {
      tool_choice: { ...(choice ?? { type: 'auto' }), ...single },
    }),
    ...(ask.schema && {
      output_config: {
        format: { type: 'json_schema', schema: { ...ask.schema.schema, title: ask.schema.name } },
      },
    }),
  };
}

function messagesTold(message: Json): Told {
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
      return { told: messagesTold(data as Json), headers: response.headers, answer: data as Json };
    }
    const running = anthropic.messages.stream(body as never);
    const message = (await running.finalMessage()) as unknown as Json;
    return {
      told: messagesTold(message),
      headers: running.response?.headers ?? new Headers(),
      answer: message,
    };
  },
};
