// What surrounds a translation: dropped fields that are named or rejected, estimated token counts, errors in the
// caller's format, effort in model names, bodies at the wrong endpoint, other providers' reasoning state.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { writePortableState } from '../../../src/formats/portable-state.ts';
import { relayLimits } from '../../../src/relay/limits.ts';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';

let relay: OpenRelay;
let token: string;
let tokenId: string;

const claude = (content: object[] = [{ type: 'text', text: 'Hi' }]) =>
  Response.json({
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'c',
    content,
    stop_reason: 'end_turn',
    usage: { input_tokens: 9, output_tokens: 3 },
  });

beforeEach(async () => {
  relay = openRelay();
  await relay.channel({ name: 'a', provider: 'anthropic', keys: ['k'], models: ['claude-*'] });
  await relay.channel({
    name: 'o',
    provider: 'openai',
    keys: ['k'],
    models: ['gpt-*', 'text-embedding-3-small'],
  });
  await relay.channel({ name: 'g', provider: 'gemini', keys: ['k'], models: ['gemini-*'] });
  await relay.channel({ name: 'v', provider: 'voyage', keys: ['k'], models: ['voyage-*'] });
  await relay.channel({ name: 'c', provider: 'cohere', keys: ['k'], models: ['embed-*'] });
  ({ token, id: tokenId } = await relay.token());
  relay.upstream = () => claude();
});

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  relay.fetch(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const chat = (fields: object, headers = {}) =>
  post(
    '/v1/chat/completions',
    { model: 'claude-opus-4-5', messages: [{ role: 'user', content: 'Hello' }], ...fields },
    headers,
  );
const sent = () => JSON.parse(relay.received.at(-1)?.body ?? 'null');

describe('fields that the other format cannot express', () => {
  it('names dropped fields in a header and in the log', async () => {
    const answer = await chat({ seed: 7, logit_bias: { '1': 2 } });
    expect(answer.headers.get('x-relay-dropped')?.split(', ').toSorted()).toEqual(['logit_bias', 'seed']);
    await runDurableObjectAlarm(env.LEDGER.get(env.LEDGER.idFromName(tokenId)));
    const { body: logs } = await relay.manage('GET', '/logs');
    const row = logs.data.find(({ id }: { id: string }) => id === answer.headers.get('x-request-id'));
    expect(row.dropped.toSorted()).toEqual(['logit_bias', 'seed']);
  });

  it('rejects dropped fields with a 400 under `x-relay-strict: 1`, and sends nothing', async () => {
    const before = relay.received.length;
    const answer = await chat({ seed: 7 }, { 'x-relay-strict': '1' });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ type: 'invalid_request_error', param: 'seed' });
    expect(relay.received).toHaveLength(before);
    expect((await chat({}, { 'x-relay-strict': '1' })).status).toBe(200);
  });
});

describe('functions in a chat request for a model that takes them in the Responses API only', () => {
  const tools = [
    { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
  ];
  const paths = async (fields: object) => {
    relay.upstream = () => new Response('{}', { status: 400 });
    await chat(fields);
    return new URL(relay.received.at(-1)?.url ?? '').pathname;
  };

  it('sends a chat request with functions to the Responses API, with the effort that the model name requests', async () => {
    expect(await paths({ model: 'gpt-5.6', tools })).toBe('/v1/responses');
    expect(await paths({ model: 'gpt-6.2-sol', reasoning_effort: 'none', tools })).toBe('/v1/responses');
    expect(sent()).toMatchObject({ reasoning: { effort: 'low' }, tools: [{ name: 'look' }] });
    expect(await paths({ model: 'gpt-5.4-high', tools })).toBe('/v1/responses');
    expect(await paths({ model: 'gpt-5.6', functions: [{ name: 'look' }] })).toBe('/v1/responses');
  });

  it('sends requests without functions, and models that take them, to chat completions', async () => {
    expect(await paths({ model: 'gpt-5.6', reasoning_effort: 'none', tools })).toBe('/v1/chat/completions');
    expect(await paths({ model: 'gpt-5.2', reasoning_effort: 'high', tools })).toBe('/v1/chat/completions');
    expect(await paths({ model: 'gpt-6.2-sol' })).toBe('/v1/chat/completions');
  });
});

describe('deeply nested conversations', () => {
  /** Sends a body of that many levels: the body, `tools`, the tool, its schema, and the rest inside that. */
  const request = (levels: number) => {
    const schema = `${'{"a":'.repeat(levels - 4)}{}${'}'.repeat(levels - 4)}`;
    const tools = `[{"type":"function","name":"f","parameters":${schema}}]`;
    return relay.fetch('/v1/responses', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: `{"model":"claude-opus-4-5","input":"Hi","tools":${tools}}`,
    });
  };

  it('translates a conversation up to the nesting limit, and rejects a deeper one with a 400', async () => {
    expect((await request(relayLimits.translatedLevels)).status).toBe(200);
    for (const levels of [relayLimits.translatedLevels + 1, 100_000]) {
      const answer = await request(levels);
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toContain(`more than ${relayLimits.translatedLevels} levels`);
    }
    expect(relay.received).toHaveLength(1);
  });
});

describe('token counting for a model of another format', () => {
  it('returns the relay’s own estimate, marked as such, without a charge', async () => {
    const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'word '.repeat(400) }] };
    const answer = await post('/v1/messages/count_tokens', body);
    expect(answer.headers.get('x-relay-estimated')).toBe('input_tokens');
    expect(answer.body.input_tokens).toBeGreaterThan(400);
    expect(answer.body.input_tokens).toBeLessThan(700);
    const gemini = await post('/v1beta/models/claude-opus-4-5:countTokens', {
      contents: [{ parts: [{ text: 'Hello' }] }],
    });
    expect(gemini.body.totalTokens).toBeGreaterThan(0);
    expect(relay.received).toHaveLength(0);
  });
});

describe('upstream errors in translation', () => {
  it('appends a mid-stream error as the last element of a Gemini caller’s array', async () => {
    const events = [
      ['message_start', { message: { id: 'm', model: 'c', content: [], usage: { input_tokens: 9 } } }],
      ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }],
      ['content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hi' } }],
      ['error', { error: { type: 'overloaded_error', message: 'Overloaded' } }],
    ] as const;
    const wire = events.map(
      ([event, data]) => `event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`,
    );
    relay.upstream = () => new Response(wire.join(''), { headers: { 'content-type': 'text/event-stream' } });
    const contents = [{ parts: [{ text: 'Hello' }] }];
    const answer = await post('/v1beta/models/claude-opus-4-5:streamGenerateContent', { contents });
    expect(answer.body).toHaveLength(2);
    expect(answer.body[1].error).toMatchObject({ code: 529, message: 'Overloaded', status: 'UNAVAILABLE' });
  });

  it('converts an error to the caller’s format with the upstream’s status and message', async () => {
    relay.upstream = () =>
      Response.json(
        { type: 'error', error: { type: 'invalid_request_error', message: 'max_tokens: too large' } },
        { status: 400 },
      );
    const answer = await chat({});
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      message: 'max_tokens: too large',
      type: 'invalid_request_error',
    });
    relay.upstream = () =>
      Response.json(
        { error: { message: 'Slow down', code: 'rate_limit_exceeded' } },
        { status: 429, headers: { 'retry-after': '7' } },
      );
    const messages = await post('/v1/messages', {
      model: 'gpt-4o',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect([messages.status, messages.headers.get('retry-after')]).toEqual([429, '7']);
    expect(messages.body).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'Slow down' },
    });
    expect(messages.body.request_id).toBe(messages.headers.get('request-id'));
  });

  it('reports an upstream failure to a Gemini caller as such, unless the request caused it', async () => {
    const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
    for (const [status, word, reason] of [
      [400, 'INVALID_ARGUMENT', undefined],
      [429, 'RESOURCE_EXHAUSTED', 'UPSTREAM_ERROR'],
      [500, 'UNAVAILABLE', 'UPSTREAM_ERROR'],
      [504, 'DEADLINE_EXCEEDED', 'UPSTREAM_ERROR'],
      [529, 'UNAVAILABLE', 'UPSTREAM_ERROR'],
    ] as const) {
      relay.upstream = () => Response.json({ error: { message: 'Sorry' } }, { status });
      const { body } = await post('/v1beta/models/gpt-4o:generateContent', { contents });
      expect(body.error).toMatchObject({ code: status, message: 'Sorry', status: word });
      expect(body.error.details?.[0].reason).toBe(reason);
    }
  });

  it('treats an error in a 200 body, and an HTML page, as an upstream error', async () => {
    relay.upstream = () => Response.json({ error: { message: 'Provider returned error', code: 502 } });
    const gemini = await post('/v1beta/models/gpt-4o:generateContent', {
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
    });
    expect(gemini.status).toBe(502);
    expect(gemini.body.error).toMatchObject({ code: 502, message: 'Provider returned error' });
    relay.upstream = () =>
      new Response('<html>Bad gateway</html>', { status: 502, headers: { 'content-type': 'text/html' } });
    const html = await chat({});
    expect(html.body.error.message).toBe('The model provider answered with an error.');
  });

  it('reports a response that is no JSON as an upstream error', async () => {
    relay.upstream = () => new Response('{"type":"mess', { headers: { 'content-type': 'application/json' } });
    expect((await chat({})).status).toBe(502);
  });
});

describe('effort in a model’s name', () => {
  it('sets the reasoning effort from a model name, at an upstream of another format and of the caller’s own', async () => {
    await chat({ model: 'claude-opus-4-5-high' });
    expect(sent()).toMatchObject({
      model: 'claude-opus-4-5',
      thinking: { type: 'enabled', budget_tokens: 24_576 },
    });
    await post('/v1/messages', {
      model: 'claude-opus-4-5-low',
      max_tokens: 9_000,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(sent()).toMatchObject({
      model: 'claude-opus-4-5',
      thinking: { type: 'enabled', budget_tokens: 2_048 },
    });
  });

  it('resolves a name with an effort to the same model when tokens are counted', async () => {
    relay.upstream = () => Response.json({ input_tokens: 3 });
    const body = { model: 'claude-opus-4-5-high', messages: [{ role: 'user', content: 'Hi' }] };
    expect((await post('/v1/messages/count_tokens', body)).body).toEqual({ input_tokens: 3 });
    expect(sent().model).toBe('claude-opus-4-5');
  });

  it('leaves the name alone where a channel names it as a model', async () => {
    await relay.channel({
      name: 'x',
      provider: 'anthropic',
      keys: ['k'],
      models: ['claude-special-high'],
      priority: 1,
    });
    await post('/v1/messages', { model: 'claude-special-high', max_tokens: 9_000, messages: [] });
    expect(sent().model).toBe('claude-special-high');
  });
});

it('reads a Responses body at chat completions as a Responses request, and answers as chat', async () => {
  const answer = await post('/v1/chat/completions', {
    model: 'claude-opus-4-5',
    input: 'Hello',
    instructions: 'Be brief.',
  });
  expect(sent()).toMatchObject({
    system: [{ text: 'Be brief.' }],
    messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
  });
  expect(answer.body).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: 'Hi' } }] });
  relay.upstream = () =>
    Response.json({
      id: 'r',
      object: 'response',
      status: 'completed',
      output: [
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Yes', annotations: [] }],
        },
      ],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    });
  await relay.channel({ name: 'r', provider: 'openai', keys: ['k'], models: ['gpt-5-codex'] });
  const codex = await post('/v1/chat/completions', {
    model: 'gpt-5-codex',
    input: [{ role: 'user', content: 'Hello' }],
  });
  expect(codex.body.choices[0].message.content).toBe('Yes');
});

it('removes other providers’ reasoning state from a conversation that continues at its own provider', async () => {
  const foreign = writePortableState(
    { reasoning: [{ text: '', signature: { origin: 'gemini-generate', kind: 'signature', value: 'abc' } }] },
    'base64url',
  );
  await post('/v1/messages', {
    model: 'claude-opus-4-5',
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: foreign },
          { type: 'text', text: 'Yes?' },
        ],
      },
      { role: 'user', content: 'Go on' },
    ],
  });
  expect(relay.received.at(-1)?.body).not.toContain(foreign);
  expect(sent().messages[1].content).toEqual([{ type: 'text', text: 'Yes?' }]);
});

it('withholds a caller’s beta headers and telemetry from another provider', async () => {
  await post(
    '/v1/messages',
    { model: 'gpt-4o', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
    { 'anthropic-beta': 'x', 'x-stainless-os': 'y', 'anthropic-version': '2023-06-01' },
  );
  const names = [...(relay.received.at(-1)?.headers.keys() ?? [])];
  expect(names.filter((name) => /anthropic|stainless/.test(name))).toEqual([]);
});

describe('embeddings in translation', () => {
  const vectors = (count: number) => Array.from({ length: count }, (_, index) => [index, 0.5, -0.25]);

  it('translates OpenAI embeddings to Gemini and back, in the requested encoding', async () => {
    relay.upstream = () =>
      Response.json({
        embeddings: vectors(2).map((values) => ({ values })),
        usageMetadata: { promptTokenCount: 7 },
      });
    const request = { model: 'gemini-embedding-001', input: ['a', 'b'], dimensions: 3, user: 'u' };
    const floats = await post('/v1/embeddings', request);
    expect(relay.received.at(-1)?.url).toContain(':batchEmbedContents');
    expect(sent().requests[1]).toMatchObject({
      content: { parts: [{ text: 'b' }] },
      outputDimensionality: 3,
    });
    expect(floats.body.data.map(({ embedding }: { embedding: number[] }) => embedding)).toEqual(vectors(2));
    expect(floats.headers.get('x-relay-dropped')).toBe('user');
    const base64 = await post('/v1/embeddings', { ...request, encoding_format: 'base64' });
    const bytes = Uint8Array.from(atob(base64.body.data[1].embedding), (character) =>
      character.charCodeAt(0),
    );
    expect([...new Float32Array(bytes.buffer)]).toEqual([1, 0.5, -0.25]);
  });

  it('translates Gemini embeddings to OpenAI, and OpenAI’s to Cohere', async () => {
    relay.upstream = () =>
      Response.json({
        data: [{ index: 0, embedding: [1, 2] }],
        usage: { prompt_tokens: 4, total_tokens: 4 },
      });
    const gemini = await post('/v1beta/models/text-embedding-3-small:embedContent', {
      content: { parts: [{ text: 'a' }] },
    });
    expect(gemini.body.embedding).toEqual({ values: [1, 2] });
    relay.upstream = () =>
      Response.json({ embeddings: { float: [[3, 4]] }, meta: { billed_units: { input_tokens: 2 } } });
    const cohere = await post('/v1/embeddings', { model: 'embed-v4.0', input: 'a', input_type: 'query' });
    expect(relay.received.at(-1)?.url).toBe('https://api.cohere.com/v2/embed');
    expect(sent()).toMatchObject({ texts: ['a'], input_type: 'search_query', embedding_types: ['float'] });
    expect(cohere.body).toMatchObject({ data: [{ embedding: [3, 4] }], usage: { prompt_tokens: 2 } });
  });

  it('translates OpenAI’s fields to Voyage’s names, and leaves Voyage’s own fields alone', async () => {
    await post('/v1/embeddings', {
      model: 'voyage-3.5',
      input: 'a',
      dimensions: 256,
      encoding_format: 'float',
      truncation: false,
    });
    expect(sent()).toEqual({ model: 'voyage-3.5', input: 'a', output_dimension: 256, truncation: false });
  });

  it('rejects token ids where the provider does not take them, and reports missing vectors', async () => {
    const ids = await post('/v1/embeddings', { model: 'gemini-embedding-001', input: [[1, 2, 3]] });
    expect([ids.status, ids.body.error.param]).toEqual([400, 'input']);
    relay.upstream = () => Response.json({ embeddings: [{ values: [1] }] });
    expect((await post('/v1/embeddings', { model: 'gemini-embedding-001', input: ['a', 'b'] })).status).toBe(
      502,
    );
  });
});

it('serves legacy completions from a chat-only model', async () => {
  const answer = await post('/v1/completions', {
    model: 'claude-opus-4-5',
    prompt: 'Once upon',
    max_tokens: 20,
  });
  expect(answer.body).toMatchObject({
    object: 'text_completion',
    choices: [{ text: 'Hi', finish_reason: 'stop' }],
  });
});
