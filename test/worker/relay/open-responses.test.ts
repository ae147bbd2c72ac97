// The cases of the Open Responses compliance suite (github.com/openresponses/openresponses,
// src/lib/compliance-tests.ts and its schema ResponseResource, 2026-11), rewritten, on channels that do not
// support Responses.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';

const text = z.looseObject({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.unknown()),
  logprobs: z.array(z.unknown()),
});
const status = z.enum(['in_progress', 'completed', 'incomplete']);
const item = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message'),
    id: z.string(),
    status,
    role: z.literal('assistant'),
    content: z.array(text),
  }),
  z.looseObject({
    type: z.literal('function_call'),
    id: z.string(),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
    status,
  }),
  z.looseObject({ type: z.literal('reasoning'), id: z.string(), summary: z.array(z.unknown()) }),
]);
const tool = z.looseObject({
  type: z.literal('function'),
  name: z.string(),
  description: z.string().nullable(),
  parameters: z.looseObject({}).nullable(),
  strict: z.boolean(),
});
const usage = z.looseObject({
  input_tokens: z.int(),
  output_tokens: z.int(),
  total_tokens: z.int(),
  input_tokens_details: z.looseObject({ cached_tokens: z.int() }),
  output_tokens_details: z.looseObject({ reasoning_tokens: z.int() }),
});

/** Every member is required. */
const resource = z.looseObject({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.string(),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(item),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  tools: z.array(tool),
  tool_choice: z.union([z.enum(['auto', 'none', 'required']), z.looseObject({ type: z.string() })]),
  truncation: z.enum(['auto', 'disabled']),
  parallel_tool_calls: z.boolean(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }) }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.looseObject({}).nullable(),
  usage: usage.nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.looseObject({}),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
});

const event = z.looseObject({ type: z.string(), sequence_number: z.int() });

const sse = (events: unknown[]) =>
  new Response(
    events.map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`).join(''),
    { headers: { 'content-type': 'text/event-stream' } },
  );

const weather = { location: 'San Francisco, CA' };

/** Plays each channel's upstream: calls the offered tool, else answers with a text, whole or streamed. */
const upstreams = {
  chat: (callsTool: boolean, stream: boolean, isCut: boolean) => {
    const call = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'get_weather', arguments: JSON.stringify(weather) },
    };
    const said = callsTool
      ? { role: 'assistant', content: null, tool_calls: [call] }
      : { role: 'assistant', content: 'Hello there friend.' };
    const finish_reason = callsTool ? 'tool_calls' : isCut ? 'length' : 'stop';
    const counts = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
    if (!stream)
      return Response.json({
        id: 'c',
        created: 1,
        model: 'm',
        choices: [{ index: 0, message: said, finish_reason }],
        usage: counts,
      });
    return sse([
      { id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta: said, finish_reason: null }] },
      { id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta: {}, finish_reason }] },
      { id: 'c', created: 1, model: 'm', choices: [], usage: counts },
      '[DONE]',
    ]);
  },
  claude: (callsTool: boolean, stream: boolean, isCut: boolean) => {
    const content = callsTool
      ? { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: weather }
      : { type: 'text', text: 'Hello there friend.' };
    const message = {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'c',
      usage: { input_tokens: 9, output_tokens: 4 },
    };
    const stop_reason = callsTool ? 'tool_use' : isCut ? 'max_tokens' : 'end_turn';
    if (!stream) return Response.json({ ...message, content: [content], stop_reason });
    return sse([
      { type: 'message_start', message: { ...message, content: [] } },
      { type: 'content_block_start', index: 0, content_block: content },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 4 } },
      { type: 'message_stop' },
    ]);
  },
  gemini: (callsTool: boolean, stream: boolean, isCut: boolean) => {
    const part = callsTool
      ? { functionCall: { name: 'get_weather', args: weather } }
      : { text: 'Hello there friend.' };
    const answer = {
      candidates: [
        { content: { role: 'model', parts: [part] }, finishReason: isCut ? 'MAX_TOKENS' : 'STOP', index: 0 },
      ],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
    };
    return stream ? sse([answer]) : Response.json(answer);
  },
};
type Channel = keyof typeof upstreams;

const message = (role: string, content: unknown) => ({ type: 'message', role, content });
const user = message('user', 'Say hello in exactly 3 words.');
const getWeather = {
  type: 'function',
  name: 'get_weather',
  description: 'Get the current weather for a location',
  parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
};
const picture =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const schema = {
  type: 'object',
  properties: { said: { type: 'string' } },
  required: ['said'],
  additionalProperties: false,
};

/** The request, the status that the response must have, and the item that it must contain. */
const cases: [name: string, body: object, status: string, type: string][] = [
  ['a text', { input: [user] }, 'completed', 'message'],
  ['a text, streamed', { input: [user], stream: true }, 'completed', 'message'],
  ['a system prompt', { input: [message('system', 'You are a pirate.'), user] }, 'completed', 'message'],
  ['a developer prompt', { input: [message('developer', 'Be short.'), user] }, 'completed', 'message'],
  ['instructions', { instructions: 'Be short.', input: 'Say hello.' }, 'completed', 'message'],
  ['a tool', { input: [user], tools: [getWeather] }, 'completed', 'function_call'],
  ['a tool, streamed', { input: [user], tools: [getWeather], stream: true }, 'completed', 'function_call'],
  [
    'the result of a tool',
    {
      input: [
        user,
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'Sunny' },
      ],
    },
    'completed',
    'message',
  ],
  [
    'an image',
    {
      input: [
        message('user', [
          { type: 'input_text', text: 'What is it?' },
          { type: 'input_image', image_url: picture },
        ]),
      ],
    },
    'completed',
    'message',
  ],
  [
    'several turns',
    { input: [user, message('assistant', 'Hello Alice!'), message('user', 'What is my name?')] },
    'completed',
    'message',
  ],
  [
    'structured output',
    { input: [user], text: { format: { type: 'json_schema', name: 'said', schema, strict: true } } },
    'completed',
    'message',
  ],
  [
    'an output limit that truncates the response',
    { input: [user], max_output_tokens: 16 },
    'incomplete',
    'message',
  ],
  [
    'settings that the response repeats',
    { input: [user], metadata: { a: 'b' }, temperature: 0.5, presence_penalty: 0.1, store: false },
    'completed',
    'message',
  ],
];

async function open(channel: Channel, variables: Record<string, string> = {}) {
  const relay = openRelay(variables);
  const providers = { chat: 'openai-compatible', claude: 'anthropic', gemini: 'gemini' };
  const base_url = channel === 'chat' ? { base_url: 'https://chat.test/v1' } : {};
  await relay.channel({
    name: channel,
    provider: providers[channel],
    keys: ['k'],
    models: [`${channel}-*`],
    ...base_url,
  });
  const { token } = await relay.token();
  return { relay, send: (body: object) => post(relay, token, channel, body) };
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
async function post(relay: OpenRelay, token: string, channel: Channel, body: any) {
  relay.upstream = () =>
    upstreams[channel](body.tools !== undefined, body.stream === true, body.max_output_tokens === 16);
  return relay.fetch('/v1/responses', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: `${channel}-1`, ...body }),
  });
}

const eventsIn = (stream: string) =>
  [...stream.matchAll(/^data: (.*)$/gm)].map(([, json]) => event.parse(JSON.parse(json ?? 'null')));

describe.each(Object.keys(upstreams) as Channel[])('Open Responses on a channel of %s', (channel) => {
  it('passes the 13 cases that need no stored response', async () => {
    const { send } = await open(channel);
    for (const [name, body, expected, type] of cases) {
      const reply = await send(body);
      expect(reply.status, `${name}: ${reply.text}`).toBe(200);
      const events = 'stream' in body ? eventsIn(reply.text) : [];
      const parsed = resource.safeParse('stream' in body ? events.at(-1)?.response : reply.body);
      expect(parsed.error?.issues, name).toBeUndefined();
      expect(parsed.data?.status, name).toBe(expected);
      expect(
        parsed.data?.output.map((one) => one.type),
        name,
      ).toContain(type);
      if (!('stream' in body)) continue;
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
      const types = events.map((one) => one.type);
      const steps =
        type === 'message'
          ? ['content_part.added', 'output_text.delta', 'output_text.done', 'content_part.done']
          : ['function_call_arguments.delta', 'function_call_arguments.done'];
      const wanted = [
        'created',
        'in_progress',
        'output_item.added',
        ...steps,
        'output_item.done',
        'completed',
      ];
      expect(types.filter((one, at) => one !== types[at - 1])).toEqual(
        wanted.map((step) => `response.${step}`),
      );
    }
  });

  it('continues from a stored response with CONVERSATION_DAYS, and rejects it clearly without', async () => {
    const { relay, send } = await open(channel, { CONVERSATION_DAYS: '1' });
    const first = await send({ input: [user] });
    const second = await send({ input: 'And now?', previous_response_id: first.body.id });
    expect(resource.safeParse(second.body).error?.issues).toBeUndefined();
    expect(second.body.status).toBe('completed');
    expect(relay.received.at(-1)?.body).toContain('Hello there friend.');
    const without = await open(channel);
    const refused = await without.send({ input: 'And now?', previous_response_id: 'resp_1' });
    expect([400, 404]).toContain(refused.status);
    expect(refused.body.error.message).toMatch(/\w/);
  });
});
