// A request may name other models than its own: fallbacks, and models that tools call. Each is checked against the
// token, reserved and priced.
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay } from './open-relay.ts';

let relay: OpenRelay;

beforeEach(async () => {
  relay = openRelay();
  const keys = ['key-of-the-operator'];
  await relay.channel({
    name: 'router',
    provider: 'openai-compatible',
    preset: 'openrouter',
    keys,
    models: ['openai/*', 'anthropic/*'],
  });
  await relay.channel({ name: 'anthropic', provider: 'anthropic', keys, models: ['claude-*'] });
  await relay.channel({ name: 'openai', provider: 'openai', keys, models: ['gpt-*'] });
  await relay.manage('PUT', '/prices/openai%2Fcheap', { input: 1, output: 1 });
  await relay.manage('PUT', '/prices/openai%2Fcostly', { input: 100, output: 1_000 });
});

const hi = [{ role: 'user', content: 'hi' }];

const requests = {
  'a request with OpenRouter’s models': [
    '/v1/chat/completions',
    { model: 'openai/cheap', models: ['openai/costly'], messages: hi },
  ],
  'a request with OpenRouter’s fallbacks': [
    '/v1/chat/completions',
    { model: 'openai/cheap', fallbacks: [{ model: 'openai/costly' }], messages: hi },
  ],
  'a request with Anthropic’s fallbacks': [
    '/v1/messages',
    { model: 'claude-haiku-4-5', fallbacks: [{ model: 'claude-opus-4-8' }], max_tokens: 10, messages: hi },
  ],
  'a request with Anthropic’s advisor': [
    '/v1/messages',
    {
      model: 'claude-haiku-4-5',
      tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-opus-4-8' }],
      max_tokens: 10,
      messages: hi,
    },
  ],
  'a request with OpenAI’s image tool': [
    '/v1/responses',
    { model: 'gpt-4.1-mini', tools: [{ type: 'image_generation', model: 'gpt-image-1' }], input: 'a cat' },
  ],
  'a request with a model in an unknown field': [
    '/v1/chat/completions',
    { model: 'openai/cheap', routing: { backup_model: 'openai/costly' }, messages: hi },
  ],
} as const;

function send(token: string, path: string, body: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return relay.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe.each(Object.entries(requests))('%s', (_, [path, body]) => {
  it('answers 403 for a token that allows the requested model only', async () => {
    const { token } = await relay.token({ models: [body.model] });
    const reply = await send(token, path, body);
    expect(reply.status, reply.text).toBe(403);
    expect(relay.received).toHaveLength(0);
  });

  it('passes a request through for a token that allows both models', async () => {
    const { token } = await relay.token({ models: ['openai/*', 'claude-*', 'gpt-*'] });
    expect((await send(token, path, body)).status).toBe(200);
    expect(JSON.parse(relay.received.at(-1)?.body ?? '{}')).toEqual(body);
  });

  it('reserves at the highest price of the models', async () => {
    const { token, id } = await relay.token();
    const reserved = async (requestBody: object) => {
      let usd = 0;
      relay.upstream = async () => {
        usd = (await relay.manage('GET', `/tokens/${id}`)).body.reserved_usd;
        return Response.json({});
      };
      await send(token, path, requestBody);
      return usd;
    };
    const {
      models: _models,
      fallbacks: _fallbacks,
      tools: _tools,
      routing: _routing,
      ...plain
    } = body as Record<string, unknown>;
    expect(await reserved(body)).toBeGreaterThan(2 * (await reserved(plain)));
  });
});

it('refuses a fallback that no channel of the requested model serves', async () => {
  const { token } = await relay.token();
  const reply = await send(token, '/v1/chat/completions', {
    model: 'openai/cheap',
    models: ['secret/model'],
    messages: hi,
  });
  expect([reply.status, reply.body.error.code, reply.body.error.param]).toEqual([
    404,
    'model_not_found',
    'models[0]',
  ]);
});

it('serves a translated request, whose target does not know the fallback', async () => {
  const { token } = await relay.token();
  await relay.manage('PUT', '/aliases/claude-by-gpt', { models: ['gpt-4.1-mini'] });
  relay.upstream = () =>
    Response.json({ choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }], output: [] });
  const body = {
    model: 'claude-by-gpt',
    fallbacks: [{ model: 'claude-opus-4-8' }],
    max_tokens: 10,
    messages: hi,
  };
  const reply = await send(token, '/v1/messages', body);
  expect(reply.status, reply.text).not.toBe(404);
  expect(relay.received.at(-1)?.body).not.toContain('claude-opus-4-8');
});

it('refuses a fallback without a price to a token with a quota', async () => {
  const { token } = await relay.token({ quota_usd: 5 });
  const reply = await send(token, '/v1/chat/completions', {
    model: 'openai/cheap',
    models: ['openai/unpriced'],
    messages: hi,
  });
  expect([reply.status, reply.body.error.code]).toEqual([400, 'model_price_unset']);
});

it('refuses a token whose quota does not cover the more expensive fallback', async () => {
  const { token } = await relay.token({ quota_usd: 0.1 });
  expect((await send(token, '/v1/chat/completions', { model: 'openai/cheap', messages: hi })).status).toBe(
    200,
  );
  const reply = await send(token, '/v1/chat/completions', {
    model: 'openai/cheap',
    models: ['openai/costly'],
    messages: hi,
  });
  expect([reply.status, reply.body.error.code]).toEqual([429, 'insufficient_quota']);
});

it('leaves a fallback to the provider if the provider chooses it', async () => {
  const { token } = await relay.token({ models: ['claude-haiku-4-5'] });
  const body = { model: 'claude-haiku-4-5', fallbacks: 'default', max_tokens: 10, messages: hi };
  expect((await send(token, '/v1/messages', body)).status).toBe(200);
});

it('does not read a tool’s parameter, a document or a schema as a model', async () => {
  const { token } = await relay.token({ models: ['openai/cheap'] });
  const schema = { type: 'object', properties: { model: { type: 'string', default: 'x' } } };
  const body = {
    model: 'openai/cheap',
    messages: [{ role: 'user', content: [{ type: 'text', text: '{"model": "costly"}' }] }],
    tools: [{ type: 'function', function: { name: 'buy', parameters: schema } }],
    metadata: { model: 'mine' },
  };
  expect((await send(token, '/v1/chat/completions', body)).status).toBe(200);
});

describe('OpenRouter presets', () => {
  const bodies = [
    { model: 'openai/cheap', preset: 'team', messages: hi },
    { model: 'openai/cheap@preset/team', messages: hi },
    { model: 'openai/cheap', models: ['openai/cheap@preset/team'], messages: hi },
  ];

  it('rejects a preset, because it may name any model', async () => {
    const { token } = await relay.token();
    for (const body of bodies) expect((await send(token, '/v1/chat/completions', body)).status).toBe(404);
    expect(relay.received).toHaveLength(0);
  });

  it('passes a preset through where the operator shares it', async () => {
    relay = openRelay();
    const settings = { preset: 'openrouter', shared_resources: ['team'] };
    const base_url = 'https://router.test/v1';
    await relay.channel({
      name: 'shared',
      provider: 'openai-compatible',
      base_url,
      keys: ['k'],
      models: ['openai/cheap*'],
      priority: 9,
      settings,
    });
    const { token } = await relay.token();
    for (const body of bodies) expect((await send(token, '/v1/chat/completions', body)).status).toBe(200);
  });
});
