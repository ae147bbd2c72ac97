// Tests how realtime sessions end: revoked tokens, upstreams and clients that close or vanish, frames above the
// limit, and upstreams that go away before their first frame.
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealtime } from '../../support/realtime-client.ts';
import {
  answering,
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, rowsOf, sleep } from '../sockets/scene.ts';

let relay: TestRelay;
let upstream: RealtimeUpstream;
let broken: RealtimeUpstream;
let brokenScript: Script = {};

beforeAll(async () => {
  [relay, upstream, broken] = await Promise.all([
    startRelay(),
    startRealtimeUpstream(answering(() => ({ input: 10, output: 10 }))),
    startRealtimeUpstream({
      refuse: (request) => brokenScript.refuse?.(request) ?? null,
      opened: (session) => brokenScript.opened?.(session),
      event: (session, event) => brokenScript.event?.(session, event),
    }),
  ]);
  const common = { provider: 'openai', keys: ['key-of-the-operator'] };
  await relay.channel({
    ...common,
    name: 'good',
    base_url: upstream.url,
    models: ['gpt-realtime', 'gpt-realtime-mini'],
  });
  await relay.channel({
    ...common,
    name: 'broken',
    base_url: broken.url,
    models: ['gpt-realtime-mini'],
    priority: 9,
  });
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
  await broken?.stop();
});

describe('a token', () => {
  it.each([
    ['deleted', 'invalid_api_key', (id: string) => relay.manage('DELETE', `/api/tokens/${id}`)],
    [
      'disabled',
      'token_disabled',
      (id: string) => relay.manage('PATCH', `/api/tokens/${id}`, { status: 'disabled' }),
    ],
  ] as const)('closes its fifty sessions within a second when %s', async (_, code, end) => {
    const { id, token } = await relay.token();
    const clients = await Promise.all(Array.from({ length: 50 }, () => openRealtime(relay.url, token)));
    await Promise.all(clients.map((client) => client.next('session.created', 20_000)));
    const startedAtMs = Date.now();
    await end(id);
    const answeredAtMs = Date.now();
    const endings = await Promise.all(clients.map(({ closed }) => closed));
    const lastMs = Math.max(...endings.map(({ atMs }) => atMs)) - answeredAtMs;
    console.log(
      `fifty sessions closed ${lastMs} ms after the answer to the call that ended their token (it took ${answeredAtMs - startedAtMs} ms)`,
    );
    expect(lastMs).toBeLessThan(1_000);
    expect(endings.map((ending) => `${ending.code} ${ending.reason}`)).toEqual(
      endings.map(() => `1008 ${code}`),
    );
    for (const client of clients) expect(await client.next('error')).toMatchObject({ error: { code } });
    await sleep(300);
    expect(upstream.sessions.slice(-50).filter(({ closed }) => closed === null)).toEqual([]);
  });

  it('closes its session at the moment of its expiry', async () => {
    const expiresAtMs = Date.now() + 2_500;
    const { token } = await relay.token({ expires_at: new Date(expiresAtMs).toISOString() });
    const client = await openRealtime(relay.url, token);
    const { code, reason, atMs } = await client.closed;
    expect({ code, reason }).toEqual({ code: 1008, reason: 'token_expired' });
    expect(Math.abs(atMs - expiresAtMs)).toBeLessThan(500);
  });
});

describe('an upstream', () => {
  it.each([
    [4000, 'of its own'],
    [4999, ''],
    [1011, 'internal'],
    [1000, 'done'],
    [1001, ''],
  ])('passes its close code %i on to the client', async (code, reason) => {
    const { token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    const startedAtMs = Date.now();
    upstream.sessions.at(-1)?.socket.close(code, reason);
    const closed = await client.closed;
    expect(closed).toMatchObject({ code, reason });
    expect(closed.atMs - startedAtMs).toBeLessThan(1_000);
  });

  it.each([0, 999, 1004, 2000, 5000])(
    'closes the client’s session when it closes with the reserved code %i',
    async (code) => {
      const { token } = await relay.token();
      const client = await openRealtime(relay.url, token);
      await client.next('session.created');
      const [session] = upstream.sessions.slice(-1);
      tcpOf(session?.socket).write(Buffer.from([0x88, 2, code >> 8, code & 255]));
      expect(await client.closed).toMatchObject({ code: 1011, reason: `upstream_closed_${code}` });
    },
  );

  it('closes the client’s session when it closes without a code or vanishes', async () => {
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    upstream.sessions.at(-1)?.socket.close();
    expect((await client.closed).code).toBe(1005);
    const other = await openRealtime(relay.url, token);
    await other.next('session.created');
    const startedAtMs = Date.now();
    upstream.sessions.at(-1)?.socket.terminate();
    const closed = await other.closed;
    expect(closed).toMatchObject({ code: 1011, reason: 'upstream_lost' });
    expect(closed.atMs - startedAtMs).toBeLessThan(1_000);
    const rows = await rowsOf(relay, id, 2);
    expect(rows.map(({ error_code }) => error_code).sort()).toEqual(['upstream_lost', null].sort());
  });

  it('is replaced, with all earlier frames repeated, if it refuses or goes away before its first frame', async () => {
    const { id, token } = await relay.token();
    brokenScript = { refuse: () => 503 };
    const one = await openRealtime(relay.url, token, { query: '?model=gpt-realtime-mini' });
    await one.next('session.created');
    one.socket.close();
    await relay.manage('PATCH', `/api/channels/${await idOf('broken')}`, { weight: 2 });
    await sleep(1_500);
    brokenScript = {
      event: (session, event) => event.type === 'response.create' && session.socket.terminate(),
    } as Script;
    const other = await openRealtime(relay.url, token, { query: '?model=gpt-realtime-mini' });
    other.say({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
    });
    other.say({ type: 'response.create' });
    await other.next('response.done');
    expect(broken.sessions).toHaveLength(1);
    expect(upstream.sessions.at(-1)?.received).toEqual(broken.sessions.at(-1)?.received);
    other.socket.close();
    await other.closed;
    const rows = await rowsOf(relay, id, 3);
    expect(rows).toHaveLength(3);
  });

  it.each(['invalid_api_key', 'insufficient_quota'])(
    'is replaced, or reveals nothing to the client, if it refuses the relay’s key after the upgrade (%s)',
    async (code) => {
      const error = {
        type: 'invalid_request_error',
        code,
        message: 'Incorrect API key provided: key-of-***.',
      };
      brokenScript = {
        opened: (session) => {
          session.say({ type: 'error', error });
          session.socket.close(3000, `invalid_request_error.${code}`);
        },
      };
      const opened = broken.sessions.length;
      const common = { provider: 'openai', keys: [`another-key-${code}`], base_url: broken.url };
      await relay.channel({ ...common, name: `first ${code}`, models: [`two-${code}`], priority: 9 });
      await relay.channel({ ...common, name: `only ${code}`, models: [`one-${code}`] });
      await relay.channel({
        ...common,
        name: `next ${code}`,
        models: [`two-${code}`],
        base_url: upstream.url,
      });
      const { token } = await relay.token();
      const served = await openRealtime(relay.url, token, { query: `?model=two-${code}` });
      await served.next('session.created');
      expect(served.received).toHaveLength(1);
      served.socket.close();
      const refused = await openRealtime(relay.url, token, { query: `?model=one-${code}` });
      expect(await refused.closed).toMatchObject({ code: 1011, reason: 'upstream_refused_relay' });
      expect(refused.received.map((text) => JSON.parse(text))).toMatchObject([
        { type: 'error', error: { type: 'upstream_error', code: 'upstream_error' } },
      ]);
      expect(refused.received.join()).not.toContain('key');
      expect(broken.sessions.length).toBe(opened + 2);
    },
  );

  it('gives the client an error before the upgrade if every target refuses', async () => {
    const onlyBroken = await relay.channel({
      name: 'refusing',
      provider: 'openai',
      keys: ['k'],
      base_url: broken.url,
      models: ['gpt-4o-realtime-preview'],
    });
    brokenScript = { refuse: () => 401 };
    const { id, token } = await relay.token();
    const query = '?model=gpt-4o-realtime-preview';
    await expect(openRealtime(relay.url, token, { query })).rejects.toMatchObject({ status: 502 });
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
    expect(onlyBroken.id).toMatch(/^ch_\w+$/);
  });
});

const idOf = async (name: string) => {
  const { data } = await relay.manage<{ data: { id: string; name: string }[] }>('GET', '/api/channels');
  return data.find((channel) => channel.name === name)?.id;
};

/** The raw socket below a WebSocket: sends what a library refuses to send. */
const tcpOf = (socket: object | undefined) => (socket as { _socket: Socket })._socket;

describe('a client', () => {
  it.each([0, 999, 1004, 2000, 5000])(
    'closes the upstream when it closes with the reserved code %i',
    async (code) => {
      const { token } = await relay.token();
      const client = await openRealtime(relay.url, token);
      await client.next('session.created');
      const [session] = upstream.sessions.slice(-1);
      // Masked with zeros.
      tcpOf(client.socket).write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 255]));
      await expect.poll(() => session?.closed, { timeout: 5_000 }).toEqual({ code: 1001, reason: '' });
      client.socket.terminate();
    },
  );

  it('closes the upstream with its own close code, and at once when it vanishes', async () => {
    const { id, token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.socket.close(4321, 'mine');
    await client.closed;
    await sleep(200);
    expect(upstream.sessions.at(-1)?.closed).toEqual({ code: 4321, reason: 'mine' });
    const other = await openRealtime(relay.url, token);
    await other.next('session.created');
    other.socket.terminate();
    await sleep(700);
    expect(upstream.sessions.at(-1)?.closed?.code).toBe(1001);
    await rowsOf(relay, id, 2);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  });
});

describe('a frame', () => {
  it('of 15 MB passes both ways', async () => {
    const { token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    const audio = 'A'.repeat(15_000_000);
    client.say({
      type: 'conversation.item.create',
      item: { type: 'message', content: [{ type: 'input_audio', audio }] },
    });
    client.say({ type: 'session.update', session: { type: 'realtime' } });
    await client.next('session.updated', 20_000);
    const [session] = upstream.sessions.slice(-1);
    expect(session?.received[0]?.length).toBeGreaterThan(15_000_000);
    session?.say({ type: 'response.output_audio.delta', response_id: 'r', delta: audio });
    const event = await client.next('response.output_audio.delta', 20_000);
    expect(event.delta === audio).toBe(true);
    client.socket.close();
    await client.closed;
  });

  it.each(['client', 'upstream'] as const)(
    'above 32 MiB from the %s closes the session with 1009',
    async (from) => {
      const { token } = await relay.token();
      const client = await openRealtime(relay.url, token);
      await client.next('session.created');
      const sender = from === 'client' ? client.socket : upstream.sessions.at(-1)?.socket;
      sender?.send('x'.repeat(33 * 1024 * 1024));
      const { code } = await client.closed;
      expect(code).toBe(1009);
    },
  );
});
