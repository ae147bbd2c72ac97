// Tests aliases and fallbacks in realtime sessions: named in the URL, in a frame, by header, and in an ephemeral
// secret.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRealtime, Refused } from '../../support/realtime-client.ts';
import {
  answering,
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, nano, rowsOf, sleep } from './scene.ts';

let relay: TestRelay;
let good: RealtimeUpstream;
let weak: RealtimeUpstream;
let weakScript: Script;

interface SessionRow {
  requested_model: string;
  upstream_model: string;
  channel_id: string;
  attempts: { channel_id: string; error: string | null }[];
}

const usage = { input: 1_000, output: 100 };

beforeAll(async () => {
  [relay, good, weak] = await Promise.all([
    startRelay(),
    startRealtimeUpstream(answering(() => usage)),
    startRealtimeUpstream({
      refuse: (request) => weakScript.refuse?.(request) ?? null,
      opened: (session) => weakScript.opened?.(session),
      event: (session, event) => weakScript.event?.(session, event),
    }),
  ]);
  const common = { provider: 'openai', keys: ['k'] };
  await relay.channel({
    ...common,
    name: 'good',
    base_url: good.url,
    models: ['gpt-realtime', 'second', 'third'],
    model_map: { second: 'second-upstream' },
  });
  for (const [model, price] of [
    ['second', 2],
    ['third', 3],
  ] as const)
    await relay.manage('PUT', `/api/prices/${model}`, { input: price, output: price });
});
afterAll(async () => {
  await relay?.stop();
  await good?.stop();
  await weak?.stop();
});

let serial = 0;
/** Names and channels of this test only, because a channel that one test breaks is in cooldown for the next. */
const named = (name: string) => `${name}-${serial}`;
const put = (name: string, models: string[]) =>
  relay.manage('PUT', `/api/aliases/${encodeURIComponent(name)}`, { models });

beforeEach(async () => {
  serial += 1;
  weakScript = { refuse: () => 503 };
  for (const suffix of ['x', 'y'])
    await relay.channel({
      name: `weak ${suffix} ${serial}`,
      provider: 'openai',
      keys: ['k'],
      base_url: weak.url,
      models: [named('weak')],
    });
  await relay.manage('PUT', `/api/prices/${named('weak')}`, { input: 1, output: 1 });
  await put(named('smart'), [named('weak'), 'second']);
});

const query = (model: string) => `?model=${encodeURIComponent(model)}`;
const last = () => good.sessions.at(-1);
const refusalOf = (opening: Promise<unknown>) =>
  opening.then(
    () => expect.fail('it was opened'),
    (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      return { status: error.status, error: error.body.error };
    },
  );

/** Sends a response in that session; returns its row and the session's. */
async function oneResponse(id: string, client: Awaited<ReturnType<typeof openRealtime>>) {
  client.say({ type: 'response.create' });
  await client.next('response.done');
  client.socket.close();
  await client.closed;
  const rows = (await rowsOf(relay, id, 2)) as unknown as (SessionRow & {
    cost_usd: number;
    usage_source: string | null;
  })[];
  const response = rows.find(({ usage_source }) => usage_source !== null);
  const session = rows.find(({ usage_source }) => usage_source === null);
  return { response, session };
}

describe('an alias in the URL', () => {
  it('is served by its first model; the log names the alias, the upgrade and the charge name the model', async () => {
    await put(named('best'), ['second', 'third']);
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token, { query: query(named('best')) });
    await client.next('session.created');
    expect(client.headers['x-relay-model']).toBe('second');
    expect(last()?.request.url).toBe('/v1/realtime?model=second-upstream');
    const { response, session } = await oneResponse(id, client);
    const facts = { requested_model: named('best'), upstream_model: 'second-upstream' };
    expect(response).toMatchObject(facts);
    expect(session).toMatchObject(facts);
    expect(nano(response?.cost_usd ?? 0)).toBe(1_100 * 2_000);
  });

  it.each([
    ['refuse', { refuse: () => 503 } as Script],
    ['go away before their first frame', { opened: ({ socket }) => socket.terminate() } as Script],
  ])('falls back to the next model when all targets of the first %s', async (_, script) => {
    weakScript = script;
    const { id, token } = await relay.token({ quota_usd: 1 });
    const before = weak.sessions.length;
    const client = await openRealtime(relay.url, token, { query: query(named('smart')) });
    await client.next('session.created');
    const { response, session } = await oneResponse(id, client);
    expect(response).toMatchObject({ requested_model: named('smart'), upstream_model: 'second-upstream' });
    expect(nano(response?.cost_usd ?? 0)).toBe(1_100 * 2_000);
    expect(session?.attempts).toHaveLength(3);
    expect(session?.attempts.map(({ error }) => error === null)).toEqual([false, false, true]);
    expect(weak.sessions.length - before).toBe('opened' in script ? 2 : 0);
  });

  it('falls back when no channel serves the first model, and is a 404 when no model is served', async () => {
    await put(named('half'), ['nobody-has-this', 'third']);
    const { token } = await relay.token();
    const client = await openRealtime(relay.url, token, { query: query(named('half')) });
    await client.next('session.created');
    expect(last()?.request.url).toBe('/v1/realtime?model=third');
    client.socket.close();
    await put(named('none'), ['nobody-has-this']);
    expect(await refusalOf(openRealtime(relay.url, token, { query: query(named('none')) }))).toMatchObject({
      status: 404,
      error: { code: 'model_not_found' },
    });
  });

  it('requires each of its models to be allowed, whatever the alias is called', async () => {
    const narrow = await relay.token({ models: [named('weak'), named('smart')] });
    const refused = await refusalOf(openRealtime(relay.url, narrow.token, { query: query(named('smart')) }));
    expect(refused).toMatchObject({ status: 403, error: { code: 'model_not_allowed' } });
    expect(String(refused.error.message)).toContain('`second`');
    const wide = await relay.token({ models: [named('weak'), 'second'] });
    const client = await openRealtime(relay.url, wide.token, { query: query(named('smart')) });
    await client.next('session.created');
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close();
    await put(named('none'), ['nobody-has-this']);
    expect(
      await refusalOf(openRealtime(relay.url, wide.token, { query: query(named('none')) })),
    ).toMatchObject({ status: 403, error: { message: expect.stringContaining('nobody-has-this') } });
  });

  it('may have a price of its own, which takes precedence', async () => {
    await put(named('expensive'), ['second']);
    await relay.manage('PUT', `/api/prices/${named('expensive')}`, { input: 50, output: 50 });
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token, { query: query(named('expensive')) });
    const { response } = await oneResponse(id, client);
    expect(nano(response?.cost_usd ?? 0)).toBe(1_100 * 50_000);
  });
});

describe('an alias in a session.update', () => {
  it('opens its first available model when it is the first event, and uses that model’s name', async () => {
    const { id, token } = await relay.token({ models: [named('weak'), 'second'] });
    const client = await openRealtime(relay.url, token, { query: '' });
    client.say({ type: 'session.update', session: { type: 'realtime', model: named('smart') } });
    await client.next('session.updated');
    expect(last()?.received).toEqual([
      '{"type":"session.update","session":{"type":"realtime","model":"second-upstream"}}',
    ]);
    const { response } = await oneResponse(id, client);
    expect(response).toMatchObject({ requested_model: named('smart'), upstream_model: 'second-upstream' });
  });

  it('is repeated to the next upstream under that model’s name when the first goes away, and charged there', async () => {
    weakScript = {
      event: (session, { type }) => type === 'response.create' && session.socket.terminate(),
    } as Script;
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token, { query: query(named('smart')) });
    client.say({ type: 'session.update', session: { type: 'realtime', model: named('smart') } });
    await sleep(100);
    expect(weak.sessions.at(-1)?.received).toEqual([
      `{"type":"session.update","session":{"type":"realtime","model":"${named('weak')}"}}`,
    ]);
    const { response } = await oneResponse(id, client);
    expect(last()?.received[0]).toBe(
      '{"type":"session.update","session":{"type":"realtime","model":"second-upstream"}}',
    );
    expect(response).toMatchObject({ upstream_model: 'second-upstream' });
    expect(nano(response?.cost_usd ?? 0)).toBe(1_100 * 2_000);
  });

  it('raises the reservation if the next model is more expensive, and ends the session without room', async () => {
    weakScript = {
      event: (session, { type }) => type === 'response.create' && session.socket.terminate(),
    } as Script;
    // A response of 2,000 tokens holds $0.0026 at the first model, twice that at the second.
    const { id, token } = await relay.token({ quota_usd: 0.004 });
    const client = await openRealtime(relay.url, token, { query: query(named('smart')) });
    const settings = { type: 'realtime', output_modalities: ['text'] };
    client.say({ type: 'session.update', session: settings });
    client.say({ type: 'response.create' });
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'insufficient_quota' });
    const rows = await rowsOf(relay, id, 1);
    expect(rows.filter(({ cost_usd }) => (cost_usd ?? 0) > 0)).toEqual([]);
    await sleep(300);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0, spent_usd: 0 });
  });

  it('selects the first of its models on the connection’s channel later on, and checks each', async () => {
    await put(named('later'), ['nobody-has-this', 'third']);
    const narrow = await relay.token({ models: ['gpt-realtime', named('later'), 'third'] });
    const refused = await openRealtime(relay.url, narrow.token);
    await refused.next('session.created');
    const update = { type: 'session.update', session: { type: 'realtime', model: named('later') } };
    refused.say(update);
    expect(await refused.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
    refused.socket.close();
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.say(update);
    expect(await client.next('session.updated')).toMatchObject({ session: { model: 'third' } });
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close();
    const rows = (await rowsOf(relay, id, 2)) as unknown as (SessionRow & { usage_source: unknown })[];
    expect(rows.find(({ usage_source }) => usage_source !== null)).toMatchObject({
      requested_model: named('later'),
      upstream_model: 'third',
    });
  });
});

describe('x-relay-fallback', () => {
  const opened = (token: string, fallback: string) =>
    openRealtime(relay.url, token, {
      query: query(named('weak')),
      socket: { headers: { authorization: `Bearer ${token}`, 'x-relay-fallback': fallback } },
    });

  it('names fallback models and never reaches the upstream', async () => {
    const { id, token } = await relay.token();
    const client = await opened(token, 'third, second');
    await client.next('session.created');
    expect(last()?.request.url).toBe('/v1/realtime?model=third');
    expect(last()?.request.headers).not.toHaveProperty('x-relay-fallback');
    const { response } = await oneResponse(id, client);
    expect(response).toMatchObject({ requested_model: named('weak'), upstream_model: 'third' });
  });

  it('is checked against the token’s models, and limited in length', async () => {
    const { token } = await relay.token({ models: [named('weak')] });
    expect(await refusalOf(opened(token, 'third'))).toMatchObject({ status: 403 });
    expect(await refusalOf(opened(token, 'a,b,c,d,e,f'))).toMatchObject({
      status: 400,
      error: { message: expect.stringContaining('x-relay-fallback') },
    });
  });
});

describe('an ephemeral secret', () => {
  const mint = async (token: string, model: string) => {
    const response = await fetch(`${relay.url}/v1/realtime/client_secrets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ session: { type: 'realtime', model } }),
    });
    return { status: response.status, body: (await response.json()) as { value: string } };
  };

  it('may be created for an alias, and allows no other model', async () => {
    const { token } = await relay.token({ models: [named('weak'), 'second'] });
    const { status, body } = await mint(token, named('smart'));
    expect(status).toBe(200);
    const client = await openRealtime(relay.url, null, { query: `?token=${body.value}` });
    await client.next('session.created');
    expect(last()?.request.url).toBe('/v1/realtime?model=second-upstream');
    client.socket.close();
    const headers = { authorization: `Bearer ${body.value}`, 'x-relay-fallback': 'third' };
    expect(await refusalOf(openRealtime(relay.url, null, { query: '', socket: { headers } }))).toMatchObject({
      status: 403,
      error: { code: 'model_not_allowed' },
    });
    const narrow = await relay.token({ models: [named('smart')] });
    expect((await mint(narrow.token, named('smart'))).status).toBe(403);
  });
});
