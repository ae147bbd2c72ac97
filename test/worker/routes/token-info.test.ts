// What a token's holder learns about it: every endpoint, as the clients that are known to call it do.
import { env } from 'cloudflare:workers';
import { beforeAll, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay, type Reply } from './open-relay.ts';
import { jsonBody, ownHeader, refusals } from './routes.ts';

let relay: OpenRelay;

/** At 2.50 and 10.00 USD for a million tokens of gpt-4o: 0.0035 USD. */
const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
const costUsd = 0.0035;

beforeAll(async () => {
  relay = openRelay();
  relay.upstream = () => Response.json({ id: 'c', object: 'chat.completion', choices: [], usage });
  await addChannels(relay);
});

const bearer = (token: string) => ownHeader('openai', token);

const get = (path: string, token: string, headers: Record<string, string> = {}): Promise<Reply> =>
  relay.fetch(path, { headers: { ...bearer(token), ...headers } });

const send = (token: string) =>
  relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify(jsonBody('gpt-4o')),
  });

/** Creates a token and spends one request's cost. */
async function usedToken(fields: object = {}) {
  const made = await relay.token(fields);
  const reply = await send(made.token);
  expect(reply.status, reply.text).toBe(200);
  return { ...made, requestId: reply.headers.get('x-request-id') ?? '' };
}

const usedUp = { name: 'Used up', quota_usd: costUsd };

/** Spends a whole quota: the second request is refused. */
async function spentToken() {
  const made = await relay.token({ ...usedUp, quota_usd: 1 });
  await send(made.token);
  await relay.manage('PATCH', `/tokens/${made.id}`, { quota_usd: usedUp.quota_usd });
  expect((await send(made.token)).status).toBe(429);
  return made;
}

it('tells an unlimited token what it spent, to the moment', async () => {
  const { token } = await usedToken({ name: 'Laptop' });
  const { status, body, headers } = await get('/v1/key', token);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    data: {
      label: 'Laptop',
      usage: costUsd,
      usage_daily: costUsd,
      usage_weekly: costUsd,
      usage_monthly: costUsd,
      limit: null,
      limit_remaining: null,
      limit_reset: null,
      expires_at: null,
      models: null,
      rate_limit: { requests: -1, interval: '1m', note: expect.any(String) },
      is_free_tier: false,
      is_management_key: false,
      is_provisioning_key: false,
      include_byok_in_limit: false,
      byok_usage: 0,
      byok_usage_daily: 0,
      byok_usage_weekly: 0,
      byok_usage_monthly: 0,
      creator_user_id: null,
      organization_id: null,
      workspace_id: null,
      allowed_data_regions: ['global'],
      free_model_daily_requests: { limit: 0, remaining: 0, used: 0 },
    },
  });
  await send(token);
  expect((await get('/v1/key', token)).body.data).toMatchObject({
    usage: 2 * costUsd,
    usage_daily: 2 * costUsd,
  });
});

it('tells the limit of which the least is left', async () => {
  const { id, token } = await usedToken({
    quota_usd: 100,
    budget: { usd: 2, period: 'week' },
    models: ['gpt-*', 'claude-opus-4-5'],
    expires_at: '2099-01-01T00:00:00Z',
    limits: { rpm: 60 },
  });
  expect((await get('/v1/key', token)).body.data).toMatchObject({
    limit: 2,
    limit_remaining: 2 - costUsd,
    limit_reset: 'weekly',
    expires_at: '2099-01-01T00:00:00.000Z',
    models: ['gpt-*', 'claude-opus-4-5'],
    rate_limit: { requests: 60, interval: '1m' },
  });
  await relay.manage('PATCH', `/tokens/${id}`, { quota_usd: 1 });
  expect((await get('/v1/key', token)).body.data).toMatchObject({
    limit: 1,
    limit_remaining: 1 - costUsd,
    limit_reset: null,
  });
});

it('counts the budget of the account, which other tokens spend too', async () => {
  await env.DB.prepare(
    `INSERT INTO accounts (id, name, role, created_at) VALUES ('acc_info', 'Info', 'member', 0)`,
  ).run();
  await relay.manage('PATCH', '/accounts/acc_info', { budget: { usd: 1, period: 'month' } });
  const one = await usedToken({ account_id: 'acc_info', quota_usd: 5 });
  await usedToken({ account_id: 'acc_info' });
  const { data } = (await get('/v1/key', one.token)).body;
  expect(data).toMatchObject({ usage: costUsd, limit: 1, limit_reset: 'monthly' });
  expect(data.limit_remaining).toBe(1 - 2 * costUsd);
});

it('answers a token whose quota is used up', async () => {
  const { token } = await spentToken();
  expect((await get('/v1/key', token)).body.data).toMatchObject({ limit: costUsd, limit_remaining: 0 });
  expect((await get('/v1/credits', token)).body).toEqual({
    data: { total_credits: costUsd, total_usage: costUsd },
  });
  expect((await get('/api/usage/token', token)).body.data).toMatchObject({
    total_granted: 1_750,
    total_used: 1_750,
    total_available: 0,
    unlimited_quota: false,
  });
});

it('reads the credits as OpenRouter’s clients do: the difference is what is left', async () => {
  const limited = await usedToken({ quota_usd: 10, budget: { usd: 3, period: 'day' } });
  const { total_credits: credits, total_usage: used } = (await get('/v1/credits', limited.token)).body.data;
  expect(used).toBe(costUsd);
  expect(credits - used).toBeCloseTo(3 - costUsd, 9);
  const unlimited = await usedToken();
  expect((await get('/v1/credits', unlimited.token)).body.data).toEqual({
    total_credits: 100_000_000,
    total_usage: costUsd,
  });
});

it('describes a request at once, although its row waits in the ledger', async () => {
  const { token, requestId } = await usedToken();
  const stored = await env.DB.prepare('SELECT 1 FROM request_log WHERE id = ?').bind(requestId).first();
  expect(stored).toBeNull();
  const { status, body } = await get(`/v1/generation?id=${requestId}`, token);
  expect(status).toBe(200);
  expect(body.data).toMatchObject({
    id: requestId,
    model: 'gpt-4o',
    api_type: 'completions',
    provider_name: 'openai',
    streamed: false,
    cancelled: false,
    total_cost: costUsd,
    usage: costUsd,
    tokens_prompt: 1_000,
    tokens_completion: 100,
    native_tokens_prompt: 1_000,
    native_tokens_completion: 100,
    finish_reason: null,
    latency: expect.any(Number),
    generation_time: expect.any(Number),
  });
  expect(Date.parse(body.data.created_at)).toBeGreaterThan(Date.now() - 60_000);
});

it.each([
  ['another token’s request', async () => (await usedToken()).requestId],
  ['an unknown request', async () => `req_${'0'.repeat(12)}7${'0'.repeat(3)}8${'0'.repeat(15)}`],
  ['an id of another form', async () => `' OR 1=1`],
])('does not find %s', async (_, idOf) => {
  const { token } = await usedToken();
  const reply = await get(`/v1/generation?id=${encodeURIComponent(await idOf())}`, token);
  expect([reply.status, reply.body.error.param]).toEqual([404, 'id']);
});

it('asks for the id of a request', async () => {
  const { token } = await relay.token();
  const reply = await get('/v1/generation', token);
  expect([reply.status, reply.body.error.param]).toEqual([400, 'id']);
});

it('answers new-api’s clients in units of 500,000 for a USD', async () => {
  const fields = { quota_usd: 1, models: ['gpt-4o'], expires_at: '2099-01-01T00:00:00Z' };
  const { token } = await usedToken({ name: 'cc', ...fields });
  // As cc-switch and others call it, with new-api's own trailing slash.
  for (const path of ['/api/usage/token/', '/v1/api/usage/token'])
    expect((await get(path, token, { 'user-agent': 'cc-switch/1.0' })).body).toEqual({
      code: true,
      message: 'ok',
      data: {
        object: 'token_usage',
        name: 'cc',
        total_granted: 500_000,
        total_used: 1_750,
        total_available: 498_250,
        unlimited_quota: false,
        model_limits: { 'gpt-4o': true },
        model_limits_enabled: true,
        expires_at: Date.UTC(2099, 0) / 1_000,
      },
    });
});

it('answers OpenAI’s old billing paths: limit and usage differ by what is left', async () => {
  const { token } = await usedToken({ name: 'Old', quota_usd: 100, budget: { usd: 2, period: 'day' } });
  for (const root of ['/v1/dashboard/billing', '/dashboard/billing']) {
    const subscription = (await get(`${root}/subscription`, token)).body;
    expect(subscription).toMatchObject({
      object: 'billing_subscription',
      has_payment_method: true,
      hard_limit_usd: 2,
      soft_limit_usd: 2,
      system_hard_limit_usd: 2,
      access_until: 0,
      plan: { title: 'Old', id: 'default' },
    });
    const { object, total_usage: cents } = (await get(`${root}/usage`, token)).body;
    expect([object, cents]).toEqual(['list', 0.35]);
  }
});

it('sums the usage between two dates, by day', async () => {
  const { token } = await usedToken();
  const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const [today, tomorrow] = [dateOf(Date.now()), dateOf(Date.now() + 86_400_000)];
  const usageOf = (query: string) => get(`/v1/dashboard/billing/usage?${query}`, token);
  expect((await usageOf(`start_date=${today}&end_date=${tomorrow}`)).body).toEqual({
    object: 'list',
    total_usage: 0.35,
    daily_costs: [{ timestamp: Date.parse(today) / 1_000, line_items: [{ name: 'All models', cost: 0.35 }] }],
  });
  expect((await usageOf(`end_date=${today}`)).body).toEqual({
    object: 'list',
    total_usage: 0,
    daily_costs: [],
  });
  for (const [query, param] of [
    ['start_date=yesterday', 'start_date'],
    ['end_date=2026-02-30', 'end_date'],
    ['start_date=2026-03-02&end_date=2026-03-01', 'start_date'],
  ] as const) {
    const reply = await usageOf(query);
    expect([reply.status, reply.body.error.param]).toEqual([400, param]);
  }
});

/** Requests of known clients, and what each makes of the answers. Sources as of 2026-12-01. */
const clients: [name: string, paths: string[], leftUsd: (...bodies: Reply['body'][]) => number][] = [
  // farion1231/cc-switch, services/balance.rs, query_openrouter.
  ['cc-switch’s query of credits', ['/v1/credits'], ({ data }) => data.total_credits - data.total_usage],
  // A script for cc-switch, as src/docs/token-endpoints.md has it.
  ['cc-switch’s script', ['/v1/key'], ({ data }) => data.limit_remaining],
  ['a client of new-api', ['/api/usage/token/'], ({ data }) => data.total_available / 500_000],
  [
    'a client of one-api',
    ['/v1/dashboard/billing/subscription', '/v1/dashboard/billing/usage'],
    (subscription, used) => subscription.hard_limit_usd - used.total_usage / 100,
  ],
  // sirmalloc/ccstatusline, pull request 367: what is spent, and the budget, in OpenRouter's shape.
  ['Claude Code’s status line', ['/key'], ({ data }) => data.limit - data.usage],
  // OpenRouter's documentation; its older path.
  ['a client of OpenRouter', ['/v1/auth/key'], ({ data }) => data.limit - data.usage],
];

it.each(clients)('tells %s what is left', async (_, asked, leftUsd) => {
  const { token } = await usedToken({ quota_usd: 2 });
  const replies = await Promise.all(asked.map((path) => get(path, token, { accept: 'application/json' })));
  // The units of new-api are whole, so a part of one may be missing.
  expect(leftUsd(...replies.map(({ body }) => body))).toBeCloseTo(2 - costUsd, 5);
});

const paths = [
  '/v1/key',
  '/v1/auth/key',
  '/key',
  '/v1/credits',
  '/api/usage/token',
  '/v1/dashboard/billing/subscription',
  '/dashboard/billing/usage',
];

it.each(paths)('answers at %s in browsers, to HEAD, and to GET only', async (path) => {
  const { token } = await relay.token();
  const origin = 'https://page.example';
  const preflight = await relay.fetch(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    },
  });
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  const reply = await get(path, token, { origin });
  expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  const head = await relay.fetch(path, { method: 'HEAD', headers: bearer(token) });
  expect([head.status, head.text]).toEqual([200, '']);
  const post = await relay.fetch(path, { method: 'POST', headers: bearer(token), body: '{}' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

it.each([
  ['x-api-key', (token: string) => ({ 'x-api-key': token, 'anthropic-version': '2023-06-01' }), ''],
  ['x-goog-api-key', (token: string) => ownHeader('gemini', token), ''],
  ['?key=', () => ({}), '?key='],
])('takes the token in %s', async (_, headersOf, query) => {
  const { token } = await usedToken();
  const path = `/v1/key${query === '' ? '' : query + token}`;
  const reply = await relay.fetch(path, { headers: headersOf(token) });
  expect([reply.status, reply.body.data.usage]).toEqual([200, costUsd]);
});

it('logs and counts nothing', async () => {
  const { id, token } = await usedToken({ limits: { rpm: 1 } });
  for (const path of paths) expect((await get(path, token)).status).toBe(200);
  const { body } = await relay.manage('GET', `/logs?token=${id}`);
  expect(body.data).toHaveLength(1);
});

it('says in the caller’s format that the database is unavailable', async () => {
  const { token } = await usedToken();
  relay.traffic.fails.add('d1');
  const reply = await get('/v1/key', token, { 'anthropic-version': '2023-06-01' });
  relay.traffic.fails.clear();
  expectRefusal(reply, 'anthropic', {
    ...refusals.invalidKey,
    status: 503,
    anthropic: 'overloaded_error',
  });
});
