// Cooldowns after a failure: what cools down, for how long, and what callers receive meanwhile.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay, type Received } from './open-relay.ts';
import { jsonBody, ownHeader } from './routes.ts';

let relay: OpenRelay;
let token: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  ({ token } = await relay.token());
});

const createChannel = (name: string, fields: object = {}) =>
  relay.channel({
    name,
    provider: 'openai',
    base_url: `https://${name}.test/v1`,
    models: ['gpt-4o', 'gpt-4.1'],
    keys: ['the-key'],
    ...fields,
  });
const send = (model = 'gpt-4o', path = '/v1/chat/completions', body: object = jsonBody(model)) =>
  relay.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', token) },
    body: JSON.stringify({ ...body, ...(path.includes('v1beta') ? {} : { model }) }),
  });
const succeed = () => Response.json({ object: 'chat.completion', choices: [] });
const rateLimited = (seconds: number) =>
  Response.json(
    { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } },
    { status: 429, headers: { 'retry-after': String(seconds) } },
  );
const modelOf = ({ body }: Received): string => JSON.parse(body).model;
const callsOf = (model: string) => relay.received.filter((request) => modelOf(request) === model).length;

describe('models at their rate limit', () => {
  it('cools down one model and no other model of the same key', async () => {
    const { id } = await createChannel('only');
    relay.upstream = (request) => (modelOf(request) === 'gpt-4.1' ? rateLimited(60) : succeed());
    const statuses: number[][] = [];
    for (let turn = 0; turn < 10; turn++)
      statuses.push([(await send('gpt-4.1')).status, (await send('gpt-4o')).status]);
    expect(statuses).toEqual(Array(10).fill([429, 200]));
    expect([callsOf('gpt-4.1'), callsOf('gpt-4o')]).toEqual([1, 10]);
    const { body } = await relay.manage('GET', `/channels/${id}`);
    expect([body.health.state, body.keys[0].health.state]).toEqual(['ready', 'ready']);
    expect(body.model_health).toMatchObject([
      { model: 'gpt-4.1', key_id: body.keys[0].id, health: { state: 'cooling', last_error: 'status 429' } },
    ]);
  });

  it('uses another key for the limited model, and the limited key for other models', async () => {
    await createChannel('only', { keys: ['one', 'two'] });
    let limitedKey: string | null = null;
    relay.upstream = (request) => {
      const key = request.headers.get('authorization');
      if (modelOf(request) !== 'gpt-4.1') return succeed();
      limitedKey ??= key;
      return key === limitedKey ? rateLimited(60) : succeed();
    };
    for (let turn = 0; turn < 10; turn++) expect((await send('gpt-4.1')).status).toBe(200);
    expect(callsOf('gpt-4.1')).toBe(11);
  });

  it('cools down by upstream name: two names of one model are limited together', async () => {
    await createChannel('only', { models: ['gpt-4o'], model_map: { alias: 'gpt-4o' } });
    relay.upstream = () => rateLimited(60);
    expect([(await send('gpt-4o')).status, (await send('alias')).status]).toEqual([429, 429]);
    expect(relay.received).toHaveLength(1);
  });
});

describe('rate limits with retry-after at every channel', () => {
  it('calls each channel once at most, and refuses at once with the earliest time', async () => {
    for (const name of ['one', 'two', 'three']) await createChannel(name);
    relay.upstream = () => rateLimited(60);
    const replies = [];
    for (let turn = 0; turn < 10; turn++) replies.push(await send());
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(429));
    expect(relay.received.length).toBeLessThanOrEqual(4);
    const last = replies.at(-1);
    expect(last?.body.error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(Number(last?.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(last?.headers.get('x-should-retry')).toBeNull();
    expect(last?.text).not.toMatch(/Rate limit reached|\.test/);
  });

  it.each([
    ['/v1/messages', { messages: [{ role: 'user', content: 'hi' }], max_tokens: 9 }, 429, 'rate_limit_error'],
    [
      '/v1beta/models/gpt-4o:generateContent',
      { contents: [{ parts: [{ text: 'hi' }] }] },
      429,
      'RESOURCE_EXHAUSTED',
    ],
  ])('reports the rate limit in the caller’s format: %s', async (path, body, status, name) => {
    await createChannel('only');
    relay.upstream = () => rateLimited(60);
    await send();
    const reply = await send('gpt-4o', path, body);
    expect([reply.status, reply.body.error.type ?? reply.body.error.status]).toEqual([status, name]);
    expect(relay.received).toHaveLength(1);
  });

  it('answers 503 where one cause was no rate limit', async () => {
    await createChannel('one');
    await createChannel('two');
    relay.upstream = ({ url }) =>
      url.includes('one')
        ? rateLimited(60)
        : Response.json({ error: {} }, { status: 503, headers: { 'retry-after': '30' } });
    await send();
    const calls = relay.received.length;
    const reply = await send();
    expect([reply.status, reply.body.error.code]).toEqual([503, 'service_unavailable']);
    expect(Number(reply.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect([calls, relay.received.length]).toEqual([2, 2]);
  });

  it('logs a refusal without a channel and without a cost', async () => {
    await createChannel('only');
    relay.upstream = () => rateLimited(60);
    const { id, token: own } = await relay.token();
    token = own;
    await send();
    await send();
    const { body } = await relay.manage('GET', `/tokens/${id}`);
    expect([body.spent_usd, body.reserved_usd ?? 0]).toEqual([0, 0]);
  });

  it('retries where no retry-after was given', async () => {
    await createChannel('only');
    relay.upstream = () => Response.json({ error: { message: 'Slow down' } }, { status: 429 });
    for (let turn = 0; turn < 3; turn++) expect((await send()).text).toContain('Slow down');
    expect(relay.received).toHaveLength(3);
  });

  it('serves a model at once after the operator tested it', async () => {
    const { id } = await createChannel('only');
    relay.upstream = () => rateLimited(60);
    await send('gpt-4o');
    await send('gpt-4.1');
    relay.upstream = succeed;
    expect((await relay.manage('POST', `/channels/${id}/test`, { model: 'gpt-4o' })).body.ok).toBe(true);
    expect([(await send('gpt-4o')).status, (await send('gpt-4.1')).status]).toEqual([200, 429]);
  });
});

describe('shared health of models', () => {
  it('refuses a limited model in an isolate that saw no failure itself', async () => {
    await createChannel('only');
    relay.upstream = () => rateLimited(60);
    await send();
    const other = openRelay();
    other.upstream = () => rateLimited(60);
    // The first request of an isolate reads the shared health while it is admitted.
    const reply = await other.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...ownHeader('openai', token) },
      body: JSON.stringify(jsonBody('gpt-4o')),
    });
    expect([reply.status, reply.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(other.received).toHaveLength(0);
  });
});
