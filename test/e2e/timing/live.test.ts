// Tests sessions of Gemini's Live API over real sockets: the route, frames, the model in the setup, endings.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answeringLive,
  costOfTurn,
  liveChannel,
  liveModel,
  livePath,
  liveSession,
  openLive,
  turnOf,
} from '../../support/live.ts';
import { openRealtime, Refused } from '../../support/realtime-client.ts';
import {
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf, nano, rowsOf, sleep } from '../sockets/scene.ts';

let relay: TestRelay;
let upstream: RealtimeUpstream;
let script: Script;

const usage = { prompt: 1_000, response: 40, promptAudio: 30, responseAudio: 25, thoughts: 7 };

beforeAll(async () => {
  [relay, upstream] = await Promise.all([
    startRelay(),
    startRealtimeUpstream({
      refuse: (request) => script.refuse?.(request) ?? null,
      opened: (session) => script.opened?.(session),
      event: (session, event) => script.event?.(session, event),
    }),
  ]);
  await relay.channel(
    liveChannel(upstream, { models: [liveModel, 'mapped'], model_map: { mapped: liveModel } }),
  );
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});
beforeEach(() => {
  script = answeringLive(() => usage);
});

const last = () => upstream.sessions.at(-1);
const refusalOf = (opening: Promise<unknown>) =>
  opening.then(
    () => expect.fail('it was opened'),
    (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      const { code, status, details } = error.body.error as {
        code: number;
        status: string;
        details: { reason?: string }[];
      };
      return { http: error.status, code, status, reason: details?.[0]?.reason };
    },
  );

describe('a session', () => {
  it('passes text and binary frames on unchanged, charges each turn once, and logs a row for each turn and for itself', async () => {
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openLive(relay.url, { query: `?key=${token}` });
    const setup = `{ "setup": {"model":"models/${liveModel}", "generationConfig":{"responseModalities":["AUDIO"],"seed":12345678901234567890}}}`;
    client.socket.send(setup);
    await client.next('setupComplete');
    for (const text of ['one', 'two']) {
      client.say(turnOf(text));
      await client.next('turnComplete');
    }
    last()?.say({ goAway: { timeLeft: '60s' } });
    last()?.say({ sessionResumptionUpdate: { newHandle: 'h', resumable: true } });
    await client.next('goAway');
    client.socket.close(1000, 'enough');
    expect(await client.closed).toMatchObject({ code: 1000, reason: 'enough' });
    const session = last();
    expect(client.received).toEqual(session?.sent.slice(0, client.received.length));
    expect(client.isBinary.slice(0, 11)).toEqual(client.isBinary.slice(0, 11).map(() => true));
    expect(client.isBinary[11]).toBe(false);
    expect(session?.received).toEqual([setup, JSON.stringify(turnOf('one')), JSON.stringify(turnOf('two'))]);
    expect(session?.request.url).toBe(livePath);
    expect(session?.request.headers['x-goog-api-key']).toBe('key-of-the-operator');
    const rows = await rowsOf(relay, id, 3);
    const charged = rows.filter(({ usage_source }) => usage_source === 'upstream');
    expect(charged.map(({ cost_usd }) => nano(cost_usd))).toEqual([costOfTurn(usage), costOfTurn(usage)]);
    expect(charged.map(({ input_tokens, output_tokens }) => [input_tokens, output_tokens])).toEqual([
      [1_000, 47],
      [1_000, 47],
    ]);
    const sessions = rows.filter(({ usage_source }) => usage_source === null);
    expect(sessions).toMatchObject([
      { status: 101, error_code: null, endpoint: livePath, format: 'gemini', requested_model: liveModel },
    ]);
    // The last eight digits are the turn's time.
    expect(charged.map(({ id }) => id.slice(0, -8)).sort()).toEqual(
      [1, 2].map((turn) => `${sessions[0]?.id}_${turn}`),
    );
    await sleep(200);
    const balance = await balanceOf(relay, id);
    expect(balance).toMatchObject({ open_requests: 0, reserved_usd: 0 });
    expect(nano(balance.spent_usd)).toBe(2 * costOfTurn(usage));
    expect(session?.closed).toEqual({ code: 1000, reason: 'enough' });
  });

  it('counts with its turns as one request of the token’s concurrency', async () => {
    const { token } = await relay.token({ limits: { concurrency: 1 } });
    const client = await liveSession(relay.url, token);
    client.say(turnOf('one'));
    await client.next('turnComplete');
    expect(await refusalOf(openLive(relay.url, { query: `?key=${token}` }))).toEqual({
      http: 429,
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      reason: 'RATE_LIMIT_EXCEEDED',
    });
    client.socket.close();
    await client.closed;
    await sleep(300);
    const next = await liveSession(relay.url, token);
    next.socket.close();
    await next.closed;
  });
});

describe('the route', () => {
  const constrained =
    '/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained';

  it.each([
    ['?key=', (token: string) => ({ query: `?key=${token}` })],
    ['x-goog-api-key', (token: string) => ({ headers: { 'x-goog-api-key': token } })],
    ['?access_token=', (token: string) => ({ query: `?access_token=${token}` })],
    ['Authorization: Bearer', (token: string) => ({ headers: { authorization: `Bearer ${token}` } })],
    ['Authorization: Token', (token: string) => ({ headers: { authorization: `Token ${token}` } })],
    [
      'a stale key beside a good Bearer',
      (token: string) => ({ query: '?key=old', headers: { authorization: `Bearer ${token}` } }),
    ],
  ])('accepts the token by %s, which never reaches the upstream', async (_, address) => {
    const { token } = await relay.token();
    const client = await openLive(relay.url, address(token), constrained);
    client.say({ setup: { model: `models/${liveModel}` } });
    await client.next('setupComplete');
    const { url, headers } = last()?.request ?? {};
    expect(JSON.stringify({ url, headers })).not.toContain(token);
    expect(url).toBe('/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContent');
    client.socket.close();
    await client.closed;
  });

  it.each([
    livePath.replace('v1beta', 'v1'),
    `/${livePath}`,
    `/v1beta${livePath}`,
    `/v1/v1beta/${livePath}/`,
    `//v1beta/${livePath}`,
  ])('is available at %s', async (path) => {
    const { token } = await relay.token();
    const client = await openLive(relay.url, { query: `?key=${token}` }, path);
    client.say({ setup: { model: `models/${liveModel}` } });
    await client.next('setupComplete');
    client.socket.close();
    await client.closed;
  });

  it('refuses before the upgrade with Gemini’s error', async () => {
    const [any, away, spent] = await Promise.all([
      relay.token(),
      relay.token({ allowed_ips: ['203.0.113.7'] }),
      relay.token({ quota_usd: 0.000000001 }),
    ]);
    const disabled = await relay.token();
    await relay.manage('PATCH', `/api/tokens/${disabled.id}`, { status: 'disabled' });
    const spender = await openLive(relay.url, { query: `?key=${spent.token}` });
    const cases = [
      [{}, 401, 'UNAUTHENTICATED', 'API_KEY_INVALID'],
      [{ query: '?key=sk-oo8-wrong' }, 401, 'UNAUTHENTICATED', 'API_KEY_INVALID'],
      [{ headers: { 'x-api-key': any.token } }, 401, 'UNAUTHENTICATED', 'API_KEY_INVALID'],
      [{ query: `?key=${disabled.token}` }, 401, 'UNAUTHENTICATED', 'TOKEN_DISABLED'],
      [{ query: `?key=${away.token}` }, 403, 'PERMISSION_DENIED', 'IP_NOT_ALLOWED'],
      [{ query: `?key=${spent.token}` }, 429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'],
    ] as const;
    for (const [address, code, status, reason] of cases)
      expect(await refusalOf(openLive(relay.url, address))).toEqual({ http: code, code, status, reason });
    spender.socket.close();
    const plain = await fetch(`${relay.url}${livePath}?key=${any.token}`);
    expect([plain.status, await plain.text()]).toEqual([400, expect.stringContaining('WebSocket')]);
    const posted = await fetch(`${relay.url}${livePath}?key=${any.token}`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
    const other = await fetch(`${relay.url}${livePath}Backwards?key=${any.token}`);
    expect([other.status, (await other.json()) as object]).toMatchObject([
      404,
      { error: { status: 'NOT_FOUND' } },
    ]);
  });

  it('refuses an ephemeral secret of OpenAI’s kind', async () => {
    const refused = await refusalOf(openLive(relay.url, { query: '?key=ek_abc' }));
    expect(refused).toMatchObject({ http: 401, reason: 'API_KEY_INVALID' });
    await expect(
      openRealtime(relay.url, null, { query: `?model=${liveModel}&access_token=x` }),
    ).rejects.toThrow('401');
  });
});

describe('the model of the setup', () => {
  const closingOf = async (token: string, first: unknown) => {
    const client = await openLive(relay.url, { query: `?key=${token}` });
    client.socket.send(typeof first === 'string' ? first : JSON.stringify(first));
    return client.closed;
  };

  it('is checked against the token and the channels', async () => {
    const { id, token } = await relay.token({ models: ['mapped'] });
    const before = upstream.sessions.length;
    expect(await closingOf(token, { setup: { model: `models/${liveModel}` } })).toMatchObject({
      code: 1008,
      reason: 'model_not_allowed',
    });
    const any = await relay.token();
    expect(await closingOf(any.token, { setup: { model: 'models/nobody-has-it' } })).toMatchObject({
      code: 1008,
      reason: 'model_not_found',
    });
    for (const first of ['{}', 'no JSON', { clientContent: {} }, { setup: {} }])
      expect(await closingOf(any.token, first)).toMatchObject({ code: 1008, reason: 'invalid_request' });
    expect(upstream.sessions).toHaveLength(before);
    expect(await rowsOf(relay, id, 1)).toMatchObject([{ status: 101, error_code: 'model_not_allowed' }]);
  });

  it.each([false, true])(
    'is mapped to the upstream’s name without any other change to the frame (binary: %s)',
    async (isBinary) => {
      const { id, token } = await relay.token({ models: ['mapped'] });
      const client = await openLive(relay.url, { query: `?key=${token}` });
      const arrived = new Promise<[string, boolean]>((resolve) => {
        script = {
          opened: ({ socket }) =>
            socket.once('message', (data, binary) => {
              resolve([String(data), binary]);
              socket.send('{"setupComplete":{}}');
            }),
        };
      });
      const setup = (model: string) =>
        `{"setup" : { "a":1e400, "model":"models/${model}" ,"n":9007199254740993}}`;
      client.socket.send(setup('mapped'), { binary: isBinary });
      await client.next('setupComplete');
      expect(await arrived).toEqual([setup(liveModel), isBinary]);
      client.socket.close();
      expect(await rowsOf(relay, id, 1)).toMatchObject([
        { requested_model: 'mapped', upstream_model: liveModel },
      ]);
    },
  );

  it('may be an alias, which falls back to the next model before the first frame', async () => {
    const broken = await startRealtimeUpstream({ event: ({ socket }) => socket.close(1011, 'internal') });
    await relay.channel(liveChannel(broken, { name: 'broken', models: ['gemini-live-2.5-flash-preview'] }));
    await relay.manage('PUT', '/api/aliases/talker', { models: ['gemini-live-2.5-flash-preview', 'mapped'] });
    const { id, token } = await relay.token({ quota_usd: 1 });
    const client = await openLive(relay.url, { query: `?key=${token}` });
    client.say({ setup: { model: 'models/talker' } });
    client.say(turnOf('early'));
    await client.next('turnComplete');
    expect(JSON.parse(broken.sessions[0]?.received[0] ?? '')).toEqual({
      setup: { model: 'models/gemini-live-2.5-flash-preview' },
    });
    expect(last()?.received).toEqual([
      JSON.stringify({ setup: { model: `models/${liveModel}` } }),
      JSON.stringify(turnOf('early')),
    ]);
    client.socket.close();
    const rows = await rowsOf(relay, id, 2);
    for (const row of rows)
      expect(row).toMatchObject({ requested_model: 'talker', upstream_model: liveModel });
    expect(nano(rows.find(({ usage_source }) => usage_source !== null)?.cost_usd ?? 0)).toBe(
      costOfTurn(usage),
    );
    const narrow = await relay.token({ models: ['mapped', 'talker'] });
    expect(await closingOf(narrow.token, { setup: { model: 'models/talker' } })).toMatchObject({
      code: 1008,
      reason: 'model_not_allowed',
    });
    await broken.stop();
  });

  it('is set only once', async () => {
    const { token } = await relay.token();
    const client = await liveSession(relay.url, token);
    client.say({ setup: { model: 'models/gemini-3-pro' } });
    expect(await client.closed).toMatchObject({ code: 1008, reason: 'invalid_request' });
    expect(last()?.received).toHaveLength(1);
  });
});

describe('the end of a session', () => {
  it.each([
    ['deleted', 'invalid_api_key', (id: string) => relay.manage('DELETE', `/api/tokens/${id}`)],
    [
      'disabled',
      'token_disabled',
      (id: string) => relay.manage('PATCH', `/api/tokens/${id}`, { status: 'disabled' }),
    ],
  ] as const)(
    'follows within a second for twenty sessions when their token is %s',
    async (_, reason, end) => {
      const { id, token } = await relay.token();
      const clients = await Promise.all(Array.from({ length: 20 }, () => liveSession(relay.url, token)));
      const unnamed = await openLive(relay.url, { query: `?key=${token}` });
      await end(id);
      const answeredAtMs = Date.now();
      const endings = await Promise.all([...clients, unnamed].map(({ closed }) => closed));
      const lastMs = Math.max(...endings.map(({ atMs }) => atMs)) - answeredAtMs;
      console.log(
        `twenty-one Live sessions closed ${lastMs} ms after the answer to the call that ended their token`,
      );
      expect(lastMs).toBeLessThan(1_000);
      expect(endings.map((ending) => `${ending.code} ${ending.reason}`)).toEqual(
        endings.map(() => `1008 ${reason}`),
      );
      await sleep(300);
      expect(upstream.sessions.slice(-20).filter(({ closed }) => closed?.code !== 1001)).toEqual([]);
    },
  );

  it('follows at once when the token no longer allows the model', async () => {
    const { id, token } = await relay.token();
    const client = await liveSession(relay.url, token);
    await sleep(1_500);
    await relay.manage('PATCH', `/api/tokens/${id}`, { models: ['another'] });
    // The ledger is called again every 10 s in any case.
    const closed = await Promise.race([client.closed, sleep(6_000)]);
    expect(closed).toMatchObject({ code: 1008, reason: 'model_not_allowed' });
  });

  it('follows at the moment of the token’s expiry', async () => {
    const expiresAtMs = Date.now() + 2_000;
    const { token } = await relay.token({ expires_at: new Date(expiresAtMs).toISOString() });
    const client = await liveSession(relay.url, token);
    const { code, reason, atMs } = await client.closed;
    expect({ code, reason }).toEqual({ code: 1008, reason: 'token_expired' });
    expect(Math.abs(atMs - expiresAtMs)).toBeLessThan(500);
  });

  it.each([
    [1000, 'done'],
    [1007, 'Request contains an invalid argument.'],
    [4321, ''],
  ])('by the upstream with %i is passed to the client', async (code, reason) => {
    const { token } = await relay.token();
    const client = await liveSession(relay.url, token);
    last()?.socket.close(code, reason);
    expect(await client.closed).toMatchObject({ code, reason });
  });

  it.each([
    [1007, 'API key not valid. Please pass a valid API key.'],
    [1011, 'You exceeded your current quota, please check your plan and billing details.'],
  ])('by an upstream that refuses the relay itself (%i, %s) reveals nothing more', async (code, reason) => {
    const refusing = await startRealtimeUpstream({ event: ({ socket }) => socket.close(code, reason) });
    await relay.channel(liveChannel(refusing, { name: `refusing ${code}`, models: [`refused-${code}`] }));
    const { id, token } = await relay.token();
    const client = await openLive(relay.url, { query: `?key=${token}` });
    client.say({ setup: { model: `models/refused-${code}` } });
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'upstream_refused_relay' });
    expect(await rowsOf(relay, id, 1)).toMatchObject([
      { status: 101, error_code: 'upstream_refused_relay', attempts: [{ error: `closed with ${code}` }] },
    ]);
    await refusing.stop();
  });

  it('follows with a close frame when the upstream cannot be opened', async () => {
    script = { refuse: () => 404 };
    const { id, token } = await relay.token();
    const client = await openLive(relay.url, { query: `?key=${token}` });
    client.say({ setup: { model: `models/${liveModel}` } });
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'upstream_error' });
    await rowsOf(relay, id, 1);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  });
});
