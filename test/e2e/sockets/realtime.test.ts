// Tests realtime sessions over real sockets: frames, refusals, endings.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealtime, Refused } from '../../support/realtime-client.ts';
import { answering, type RealtimeUpstream, startRealtimeUpstream } from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, nano, rowsOf, sleep } from './scene.ts';

let relay: TestRelay;
let upstream: RealtimeUpstream;

const usage = { input: 100, output: 40, cached: 20, inputAudio: 30, cachedAudio: 10, outputAudio: 25 };
/** gpt-realtime in USD per million: text 4 and 16, audio 32 and 64, cached 0.40 both. */
const costNanoUsd = 60 * 4_000 + 20 * 32_000 + 20 * 400 + 15 * 16_000 + 25 * 64_000;

beforeAll(async () => {
  [relay, upstream] = await Promise.all([startRelay(), startRealtimeUpstream(answering(() => usage))]);
  await relay.channel({
    name: 'realtime',
    provider: 'openai',
    base_url: upstream.url,
    keys: ['key-of-the-operator'],
    models: ['gpt-realtime', 'gpt-realtime-mini', 'mapped'],
    model_map: { mapped: 'gpt-realtime-mini' },
  });
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});

describe('a session', () => {
  it('passes frames on unchanged, charges each response once, and logs a row for each response and for itself', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.say({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
    await client.next('session.updated');
    for (let index = 0; index < 2; index++) {
      client.say({ type: 'response.create' });
      await client.next('response.done');
    }
    client.socket.close(1000, 'enough');
    expect(await client.closed).toMatchObject({ code: 1000, reason: 'enough' });
    const [session] = upstream.sessions.slice(-1);
    expect(client.received).toEqual(session?.sent);
    expect(session?.request.url).toBe('/v1/realtime?model=gpt-realtime');
    expect(session?.request.headers.authorization).toBe('Bearer key-of-the-operator');
    const rows = await rowsOf(relay, id, 3);
    const charged = rows.filter(({ usage_source }) => usage_source === 'upstream');
    expect(charged.map(({ cost_usd }) => nano(cost_usd))).toEqual([costNanoUsd, costNanoUsd]);
    expect(rows.filter(({ usage_source }) => usage_source === null)).toMatchObject([
      { status: 101, error_code: null },
    ]);
    const balance = await balanceOf(relay, id);
    expect(balance).toMatchObject({ open_requests: 0, reserved_usd: 0 });
    expect(nano(balance.spent_usd)).toBe(2 * costNanoUsd);
    await sleep(200);
    expect(session?.closed).toEqual({ code: 1000, reason: 'enough' });
  });

  it('passes binary frames and answers pings', async () => {
    const { token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    const [session] = upstream.sessions.slice(-1);
    const received = new Promise((resolve) =>
      session?.socket.once('message', (data, isBinary) => resolve({ data, isBinary })),
    );
    client.socket.send(Buffer.from([0, 255, 7]));
    expect(await received).toEqual({ data: Buffer.from([0, 255, 7]), isBinary: true });
    session?.socket.send(Buffer.from([1, 2]));
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await pong;
    // The pong is the relay's own, and may arrive before the upstream's frames.
    await expect.poll(() => client.received.at(-1)).toBe('0102');
    client.socket.terminate();
  });

  it('counts with its responses as one request of the token’s concurrency', async () => {
    const { token } = await relay.token({ limits: { concurrency: 1 } });
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.say({ type: 'response.create' });
    await client.next('response.done');
    const second = await refusalOf(openRealtime(relay.url, token));
    expect(second).toMatchObject({ status: 429, error: { code: 'rate_limit_exceeded' } });
    client.socket.close();
    await client.closed;
    await sleep(300);
    const third = await openRealtime(relay.url, token);
    third.socket.close();
    await third.closed;
  });
});

const refusalOf = (opening: Promise<unknown>) =>
  opening.then(
    () => expect.fail('it was opened'),
    (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      return { status: error.status, error: error.body.error };
    },
  );

describe('the route', () => {
  it('accepts the token by subprotocol, echoing another one, and by query; neither reaches the upstream', async () => {
    const { token } = await relay.token();
    const protocols = ['realtime', `openai-insecure-api-key.${token}`, 'openai-beta.realtime-v1'];
    const one = await openRealtime(relay.url, null, { protocols });
    expect(one.socket.protocol).toBe('realtime');
    const other = await openRealtime(relay.url, null, {
      query: `?model=gpt-realtime&token=${token}&voice=a`,
    });
    await Promise.all([one.next('session.created'), other.next('session.created')]);
    const seen = upstream.sessions
      .slice(-2)
      .map(({ request: { url, headers } }) => JSON.stringify({ url, headers }));
    for (const text of seen) expect(text).not.toContain(token);
    expect(seen.join()).toContain('"openai-beta":"realtime=v1"');
    // The upstream's query is the relay's own.
    expect(seen.join()).not.toContain('voice=a');
    one.socket.close();
    other.socket.close();
    await Promise.all([one.closed, other.closed]);
  });

  it('refuses settings, responses and items that reference resources of the operator’s account', async () => {
    const { token } = await relay.token();
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    const frames = [
      { type: 'session.update', session: { type: 'realtime', prompt: { id: 'pmpt_1' } } },
      {
        type: 'session.update',
        session: { type: 'realtime', audio: { output: { voice: { id: 'voice_1' } } } },
      },
      { type: 'response.create', response: { conversation: 'none', prompt: { id: 'pmpt_1' } } },
      {
        type: 'conversation.item.create',
        item: { type: 'message', role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] },
      },
    ];
    for (const frame of frames) {
      client.say({ ...frame, event_id: 'mine' });
      expect(await client.next('error')).toMatchObject({ error: { code: 'not_found', event_id: 'mine' } });
    }
    expect(JSON.stringify(upstream.sessions.at(-1)?.received)).not.toMatch(/pmpt_1|voice_1|file-1/);
    client.socket.terminate();
  });

  it('echoes the API’s own subprotocol, and never a credential', async () => {
    const { token } = await relay.token();
    const all = ['openai-project.p', `openai-insecure-api-key.${token}`, 'realtime'];
    const one = await openRealtime(relay.url, null, { protocols: all });
    expect(one.socket.protocol).toBe('realtime');
    const other = await openRealtime(relay.url, null, {
      protocols: [`OpenAI-Insecure-API-Key.${token}`, 'mine'],
    });
    expect(other.socket.protocol).toBe('mine');
    for (const { socket } of [one, other]) socket.terminate();
  });

  it('logs a row for a refused request of a known token', async () => {
    const { id, token } = await relay.token();
    const headers = { authorization: `Bearer ${token}` };
    const plain = await fetch(`${relay.url}/v1/realtime?model=gpt-realtime`, { headers });
    expect(plain.status).toBe(400);
    const fallback = { headers: { ...headers, 'x-relay-fallback': 'a,b,c,d,e,f' } };
    expect(await refusalOf(openRealtime(relay.url, token, { socket: fallback }))).toMatchObject({
      status: 400,
    });
    const live = await fetch(
      `${relay.url}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent`,
      { headers },
    );
    expect(live.status).toBe(400);
    await relay.manage('PATCH', `/api/tokens/${id}`, { status: 'disabled' });
    expect((await fetch(`${relay.url}/v1/realtime`, { headers })).status).toBe(401);
    // Only equal reasons share a row.
    const rows = await rowsOf(relay, id, 4);
    const summaries = rows.map(({ status, error_code, count }) => `${status} ${error_code} ${count}`);
    expect(summaries.sort()).toEqual([
      '400 invalid_request 1',
      '400 invalid_request 1',
      '400 invalid_request 1',
      '401 token_disabled 1',
    ]);
  });

  it('refuses before the upgrade with OpenAI’s error', async () => {
    const { token } = await relay.token({ models: ['gpt-realtime-mini'] });
    const [any, spent] = [await relay.token(), await relay.token({ quota_usd: 0.000000001 })];
    const spender = await openRealtime(relay.url, spent.token);
    const cases = [
      [() => openRealtime(relay.url, null), 401, 'invalid_api_key'],
      [() => openRealtime(relay.url, 'sk-oo8-wrong'), 401, 'invalid_api_key'],
      [() => openRealtime(relay.url, token), 403, 'model_not_allowed'],
      [() => openRealtime(relay.url, any.token, { query: '?model=nobody-has-it' }), 404, 'model_not_found'],
      [() => openRealtime(relay.url, spent.token), 429, 'insufficient_quota'],
      [() => openRealtime(relay.url, token, { query: '?call_id=rtc_1' }), 400, null],
    ] as const;
    for (const [open, status, code] of cases)
      expect(await refusalOf(open())).toMatchObject({ status, error: { code } });
    const plain = await fetch(`${relay.url}/v1/realtime?model=gpt-realtime`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(plain.status).toBe(400);
    expect(await plain.text()).toContain('WebSocket');
    spender.socket.close();
  });

  it('waits for the model in the client’s first session.update', async () => {
    const { token } = await relay.token({ models: ['mapped'] });
    const client = await openRealtime(relay.url, token, { query: '' });
    client.say({ type: 'session.update', session: { type: 'realtime', model: 'mapped' } });
    const { session } = await client.next('session.updated');
    expect(session).toMatchObject({ model: 'gpt-realtime-mini' });
    expect(upstream.sessions.at(-1)?.request.url).toBe('/v1/realtime?model=gpt-realtime-mini');
    client.socket.close();
    const refused = await openRealtime(relay.url, token, { query: '' });
    refused.say({ type: 'session.update', session: { type: 'realtime', model: 'gpt-realtime' } });
    expect(await refused.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
    expect(await refused.closed).toMatchObject({ code: 1008, reason: 'model_not_allowed' });
    const silent = await openRealtime(relay.url, token, { query: '' });
    silent.say({ type: 'response.create' });
    expect(await silent.next('error')).toMatchObject({ error: { param: 'model' } });
    expect((await silent.closed).code).toBe(1008);
  });
});

describe('a model inside a frame', () => {
  it('is checked against the token: refused models never reach the upstream, allowed ones set the price', async () => {
    const { id, token } = await relay.token({ models: ['gpt-realtime', 'mapped'] });
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    client.say({
      type: 'session.update',
      event_id: 'mine',
      session: { type: 'realtime', model: 'gpt-realtime-mini' },
    });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'model_not_allowed', event_id: 'mine' },
    });
    expect(upstream.sessions.at(-1)?.received).toEqual([]);
    client.socket.send(
      '{"type":"session.update","session":{ "model" : "mapped","type":"realtime","n":12345678901234567890}}',
    );
    await client.next('session.updated');
    expect(upstream.sessions.at(-1)?.received).toEqual([
      '{"type":"session.update","session":{ "model" : "gpt-realtime-mini","type":"realtime","n":12345678901234567890}}',
    ]);
    client.say({ type: 'response.create' });
    await client.next('response.done');
    client.socket.close();
    await client.closed;
    const [row] = (await rowsOf(relay, id, 2)).filter(({ usage_source }) => usage_source === 'upstream');
    expect(nano(row?.cost_usd ?? 0)).toBe(
      60 * 600 + 20 * 10_000 + 10 * 60 + 10 * 300 + 15 * 2_400 + 25 * 20_000,
    );
  });

  it('ends the session if it went unnoticed and the upstream reports it', async () => {
    const { token } = await relay.token({ models: ['gpt-realtime'] });
    const client = await openRealtime(relay.url, token);
    await client.next('session.created');
    const [session] = upstream.sessions.slice(-1);
    session?.say({ type: 'session.updated', session: { type: 'realtime', model: 'gpt-realtime-mini' } });
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'model_not_allowed' });
  });
});
