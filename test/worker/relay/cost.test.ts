// What an answer says that it costs, and the ceiling that a caller sets: against the row of its request.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay, type Received, type Reply } from '../routes/open-relay.ts';
import { eventsOf } from './charging.ts';

let relay: OpenRelay;
let token: string;
let tokenId: string;

beforeEach(async () => {
  relay = openRelay();
  const keys = ['k'];
  await relay.channel({ name: 'a', provider: 'anthropic', keys, models: ['claude-*'] });
  await relay.channel({ name: 'o', provider: 'openai', keys, models: ['gpt-*'] });
  await relay.channel({ name: 'g', provider: 'gemini', keys, models: ['gemini-*'] });
  ({ token, id: tokenId } = await relay.token());
  relay.upstream = answer;
});

const chatUsage = { prompt_tokens: 1_234, completion_tokens: 57, total_tokens: 1_291, cost: 99 };
const responsesUsage = { input_tokens: 1_234, output_tokens: 57, total_tokens: 1_291 };
const geminiUsage = { promptTokenCount: 1_234, candidatesTokenCount: 57, totalTokenCount: 1_291 };
const message = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [],
  stop_reason: null,
  usage: { input_tokens: 1_234, output_tokens: 1 },
};
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'gpt-4o',
  status: 'completed',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
    },
  ],
  usage: responsesUsage,
};
const choice = { index: 0, finish_reason: null };
const candidate = { content: { role: 'model', parts: [{ text: 'Hi' }] }, index: 0 };

/** Plays every provider. */
function answer({ url, body }: Received): Response {
  const isStream = /"stream":\s*true/.test(body) || url.includes('streamGenerateContent');
  const events = (values: object[], end = '') =>
    new Response(
      values
        .map(
          (value) => `${'type' in value ? `event: ${value.type}\n` : ''}data: ${JSON.stringify(value)}\n\n`,
        )
        .join('') + end,
      { headers: { 'content-type': 'text/event-stream' } },
    );
  if (url.includes('/messages')) {
    const whole = {
      ...message,
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1_234, output_tokens: 57 },
    };
    if (!isStream) return Response.json(whole);
    return events([
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 57 } },
      { type: 'message_stop' },
    ]);
  }
  if (url.includes('/responses')) {
    if (!isStream) return Response.json(response);
    const [item] = response.output;
    const part = { output_index: 0, item_id: 'msg_1', content_index: 0 };
    return events([
      { type: 'response.created', sequence_number: 0, response: { ...response, output: [], usage: null } },
      {
        type: 'response.output_item.added',
        sequence_number: 1,
        output_index: 0,
        item: { ...item, content: [] },
      },
      { type: 'response.output_text.delta', sequence_number: 2, ...part, delta: 'Hi' },
      { type: 'response.output_item.done', sequence_number: 3, output_index: 0, item },
      { type: 'response.completed', sequence_number: 4, response },
    ]);
  }
  if (url.includes('/chat/completions')) {
    const base = { id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o' };
    if (!isStream) {
      const answered = { ...choice, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' };
      return Response.json({ ...base, choices: [answered], usage: chatUsage });
    }
    const chunk = { ...base, object: 'chat.completion.chunk' };
    return new Response(
      eventsOf([
        { ...chunk, choices: [{ ...choice, delta: { content: 'Hi' } }] },
        { ...chunk, choices: [{ ...choice, delta: {}, finish_reason: 'stop' }] },
        { ...chunk, choices: [], usage: chatUsage },
      ]),
      { headers: { 'content-type': 'text/event-stream' } },
    );
  }
  const values = [
    { candidates: [candidate], usageMetadata: { ...geminiUsage, candidatesTokenCount: 3 } },
    { candidates: [{ ...candidate, finishReason: 'STOP' }], usageMetadata: geminiUsage },
  ];
  if (!isStream) return Response.json(values[1]);
  return url.includes('alt=sse') ? events(values) : Response.json(values);
}

const user = [{ role: 'user', content: 'Hello' }];
const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }];

/** What has the usage in an answer, or in an event. */
interface Answer {
  usage?: { cost?: number };
  response?: { usage?: { cost?: number } };
  usageMetadata?: { cost?: number };
}

/** The request of each format, and where its answer has the cost. */
const callers = {
  chat: {
    models: ['gpt-4o', 'claude-sonnet-4-5'],
    send: (model: string, stream: boolean) => ['/v1/chat/completions', { model, messages: user, stream }],
    costOf: ({ usage }: Answer) => usage?.cost,
  },
  responses: {
    models: ['gpt-4o', 'claude-sonnet-4-5'],
    send: (model: string, stream: boolean) => ['/v1/responses', { model, input: 'Hello', stream }],
    costOf: ({ usage, response: whole }: Answer) => (usage ?? whole?.usage)?.cost,
  },
  messages: {
    models: ['claude-sonnet-4-5', 'gpt-4o'],
    send: (model: string, stream: boolean) => [
      '/v1/messages',
      { model, messages: user, max_tokens: 100, stream },
    ],
    costOf: ({ usage }: Answer) => usage?.cost,
  },
  gemini: {
    models: ['gemini-2.5-flash', 'claude-sonnet-4-5'],
    send: (model: string, stream: boolean) => [
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      { contents },
    ],
    costOf: ({ usageMetadata }: Answer) => usageMetadata?.cost,
  },
  'gemini as an array': {
    models: ['gemini-2.5-flash', 'claude-sonnet-4-5'],
    send: (model: string) => [`/v1beta/models/${model}:streamGenerateContent`, { contents }],
    costOf: ({ usageMetadata }: Answer) => usageMetadata?.cost,
  },
} satisfies Record<string, { send: (model: string, stream: boolean) => unknown[]; [key: string]: unknown }>;

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  relay.fetch(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

async function rowOf({ headers }: Reply) {
  await runDurableObjectAlarm(env.LEDGER.get(env.LEDGER.idFromName(tokenId)));
  return (await relay.manage('GET', `/logs/${headers.get('x-request-id')}`)).body;
}

/** Returns the JSON values of an answer. */
function valuesOf({ text, body }: Reply): Answer[] {
  if (Array.isArray(body)) return body;
  if (body !== null) return [body];
  const data = text.split(/\r?\n/).filter((line) => line.startsWith('data: {'));
  return data.map((line) => JSON.parse(line.slice(6)));
}

const asking = { 'x-relay-include-cost': '1' };

describe.each(Object.entries(callers))('the cost in an answer of %s', (name, { models, send, costOf }) => {
  const shapes = name === 'gemini as an array' ? [true] : [false, true];
  const cases = models.flatMap((model) => shapes.map((stream) => [model, stream] as const));

  it.each(cases)('equals the cost of its row: %s, streamed: %s', async (model, stream) => {
    const [path, body] = send(model, stream) as [string, object];
    const plain = await post(path, body);
    const asked = await post(path, body, asking);
    expect(asked.status).toBe(200);
    const costs = valuesOf(asked)
      .map(costOf)
      .filter((cost) => cost !== undefined);
    const row = await rowOf(asked);
    expect(row.cost_usd).toBeGreaterThan(0);
    expect(row.usage_source).toBe('upstream');
    expect(costs).toEqual([row.cost_usd]);
    expect(asked.headers.get('x-relay-cost-usd')).toBe(stream ? null : String(row.cost_usd));
    expect(plain.headers.get('x-relay-cost-usd')).toBeNull();
    expect((await rowOf(plain)).cost_usd).toBe(row.cost_usd);
  });
});

describe('asking for the cost', () => {
  it('leaves native bytes as they are for others', async () => {
    const { text } = await post('/v1/chat/completions', { model: 'gpt-4o', messages: user });
    expect(JSON.parse(text).usage).toEqual(chatUsage);
  });

  it('is possible in the body, which only OpenRouter and unknown gateways see', async () => {
    await relay.channel({
      name: 'r',
      provider: 'openai-compatible',
      base_url: 'https://openrouter.ai/api/v1',
      keys: ['k'],
      models: ['router-model'],
    });
    await relay.channel({
      name: 'u',
      provider: 'openai-compatible',
      base_url: 'https://gateway.example/v1',
      keys: ['k'],
      models: ['gateway-model'],
    });
    await relay.channel({
      name: 'm',
      provider: 'openai-compatible',
      preset: 'mistral',
      keys: ['k'],
      models: ['preset-model'],
    });
    for (const model of ['router-model', 'gateway-model', 'preset-model'])
      await relay.manage('PUT', `/prices/${model}`, { input: 1, output: 2 });
    const usage = { include: true };
    for (const model of ['gpt-4o', 'claude-sonnet-4-5', 'router-model', 'gateway-model', 'preset-model']) {
      const headers = { 'x-relay-strict': '1' };
      const reply = await post(
        '/v1/chat/completions',
        { model, messages: user, max_tokens: 9, usage },
        headers,
      );
      expect(reply.body.usage.cost).toBe((await rowOf(reply)).cost_usd);
      expect(reply.body.usage.cost).toBeLessThan(1);
      const sent = JSON.parse(relay.received.at(-1)?.body ?? '{}');
      expect(sent.usage).toEqual(/^(router|gateway)/.test(model) ? usage : undefined);
      expect(reply.headers.get('x-relay-dropped')).toBeNull();
    }
  });

  it('is a field of the token, in force at its next request', async () => {
    const send = () => post('/v1/messages', { model: 'claude-sonnet-4-5', messages: user, max_tokens: 9 });
    expect((await send()).body.usage.cost).toBeUndefined();
    await relay.manage('PATCH', `/tokens/${tokenId}`, { include_cost: true });
    expect((await send()).body.usage.cost).toBeGreaterThan(0);
  });

  it('shows the estimate that is charged when the upstream reports no usage', async () => {
    relay.upstream = () =>
      Response.json({
        id: 'c',
        model: 'gpt-4o',
        choices: [{ ...choice, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      });
    const reply = await post('/v1/chat/completions', { model: 'gpt-4o', messages: user }, asking);
    const row = await rowOf(reply);
    expect(row.usage_source).toBe('estimated');
    expect(reply.headers.get('x-relay-cost-usd')).toBe(String(row.cost_usd));
    expect(reply.body.usage).toBeUndefined();
  });
});

describe('`x-relay-max-cost-usd`', () => {
  const chat = (fields: object, ceiling: string, path = '/v1/chat/completions') =>
    post(path, { model: 'gpt-4o', messages: user, ...fields }, { 'x-relay-max-cost-usd': ceiling });

  it('refuses an unstreamed request that may cost more, with its bound', async () => {
    const before = relay.received.length;
    // 10 USD per million tokens of output.
    const refused = await chat({ max_tokens: 1_000 }, '0.01');
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ type: 'invalid_request_error', code: 'max_cost_exceeded' });
    expect(refused.body.error.message).toMatch(/up to 0\.01\d+ USD/);
    expect(relay.received).toHaveLength(before);
    expect(await rowOf(refused)).toMatchObject({ error_code: 'max_cost_exceeded', cost_usd: 0 });
    expect((await chat({ max_tokens: 1_000 }, '0.02')).status).toBe(200);
  });

  it('must be an amount', async () => {
    for (const ceiling of ['', '-1', 'abc', '1e-3', '0.0000000001', 'NaN']) {
      const refused = await chat({}, ceiling);
      expect(refused.status).toBe(400);
      expect(refused.body.error.message).toContain('x-relay-max-cost-usd');
    }
  });

  it('cannot be kept for a model without a price', async () => {
    await relay.channel({ name: 'n', provider: 'openai', keys: ['k'], models: ['unpriced'] });
    const refused = await chat({ model: 'unpriced' }, '1');
    expect(refused.body.error.code).toBe('model_price_unset');
  });

  it.each(Object.entries(callers))('ends a stream of %s within one event', async (name, { models, send }) => {
    for (const model of models) {
      relay.upstream = (received) => longer(received);
      const [path, body] = send(model, true) as [string, object];
      const reply = await post(path, body, { 'x-relay-max-cost-usd': '0.002' });
      const row = await rowOf(reply);
      expect(reply.text).toMatch(
        name.startsWith('gemini') ? /MAX_COST_EXCEEDED/ : /that `x-relay-max-cost-usd` allows/,
      );
      expect(row).toMatchObject({ error_code: 'max_cost_exceeded', error_class: 'caller' });
      const perEvent = 1_000 * 15e-6;
      expect(row.cost_usd).toBeGreaterThanOrEqual(0.002);
      expect(row.cost_usd).toBeLessThan(0.002 + perEvent);
    }
  });

  it('lets a stream end that costs less', async () => {
    const reply = await chat({ stream: true }, '0.1');
    expect(reply.text).toContain('[DONE]');
    expect(reply.text).not.toContain('prompt_tokens');
    expect((await rowOf(reply)).error_code).toBeNull();
  });
});

/** Streams long texts, and never ends by itself. */
function longer(received: Received): Response {
  const text = answer(received);
  const { url } = received;
  const words = 'word '.repeat(400);
  const body = new ReadableStream({
    async start(controller) {
      const whole = await text.text();
      const isArray = whole.startsWith('[');
      const events = isArray
        ? (JSON.parse(whole) as object[]).map((value) => JSON.stringify(value))
        : whole.split(/(?<=\n\n)/);
      const at = events.findIndex((event) => event.includes('Hi'));
      const encoder = new TextEncoder();
      const push = (event: string) => controller.enqueue(encoder.encode(event));
      if (isArray) push('[');
      for (const event of events.slice(0, at)) push(isArray ? `${event},` : event);
      const long = (events[at] ?? '').replace('Hi', words).replace(/,"usageMetadata":\{[^}]*\}/, '');
      for (let count = 0; count < 50; count++) push(isArray && count > 0 ? `,${long}` : long);
      if (isArray) push(']');
      controller.close();
    },
  });
  const type =
    url.includes('streamGenerateContent') && !url.includes('alt=sse')
      ? 'application/json'
      : 'text/event-stream';
  return new Response(body, { headers: { 'content-type': type } });
}
