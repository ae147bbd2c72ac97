// What the upstream learns of the caller and the caller of the upstream: no credential either way.
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { expectRefusal, expectRequestId } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { everyRoute, isList, jsonBody, ownHeader, type Refusal } from './routes.ts';

let relay: OpenRelay;
let token = '';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  token = (await relay.token()).token;
});

const gossip = {
  cookie: 'session=the-callers-cookie',
  'cf-connecting-ip': '192.0.2.77',
  'x-forwarded-for': '192.0.2.77',
  'x-real-ip': '192.0.2.77',
  'x-client-ip': '192.0.2.77',
  'x-original-forwarded-for': '192.0.2.77',
  origin: 'https://page.example',
  referer: 'https://page.example/secret-path',
  'openai-organization': 'org-of-the-caller',
};

const relaying = everyRoute.filter((route) => !route.path.includes('resp_strange') && !isList(route));

it.each(relaying.map((route) => [route.name, route] as const))(
  '%s reveals nothing of the caller, to the upstream or in the logs',
  async (_, route) => {
    const logged: unknown[][] = [];
    const spies = (['log', 'warn', 'error', 'info', 'debug'] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation((...words: unknown[]) => void logged.push(words)),
    );
    for (const query of ['', `?key=${token}&token=${token}`]) {
      const before = relay.received.length;
      const every = {
        ...ownHeader('openai', token),
        ...ownHeader('anthropic', token),
        ...ownHeader('gemini', token),
      };
      const reply = await relay.fetch(route.path + query, {
        method: route.method,
        headers: { ...route.headers, ...gossip, ...every, 'api-key': token },
        body: route.body(),
      });
      expect(reply.status, reply.text).toBe(200);
      expect(relay.received.length).toBe(before + 1);
      const { url, headers, body } = relay.received.at(-1) ?? { url: '', headers: new Headers(), body: '' };
      const everything = [url, JSON.stringify([...headers]), body].join('\n');
      for (const secret of [
        token,
        'the-callers-cookie',
        '192.0.2.77',
        'secret-path',
        'page.example',
        'org-of-the-caller',
      ]) {
        expect(everything).not.toContain(secret);
      }
      expect(new URL(url).search).not.toMatch(/key|token/);
      expect(everything).toContain('key-of-the-operator');
      expect(reply.text + JSON.stringify([...reply.headers])).not.toContain('key-of-the-operator');
    }
    for (const spy of spies) spy.mockRestore();
    expect(JSON.stringify(logged)).not.toContain(token);
  },
);

describe('Anthropic’s headers', () => {
  const send = async (headers: Record<string, string>) => {
    const body = JSON.stringify(jsonBody('claude-3-5-haiku-20241022'));
    const all = { 'content-type': 'application/json', 'x-api-key': token, ...headers };
    await relay.fetch('/v1/messages?beta=true', { method: 'POST', headers: all, body });
    return relay.received.at(-1);
  };
  it('sends a default version when the caller gave none, and the caller’s otherwise', async () => {
    expect((await send({}))?.headers.get('anthropic-version')).toBe('2023-06-01');
    expect((await send({ 'anthropic-version': '2099-01-01' }))?.headers.get('anthropic-version')).toBe(
      '2099-01-01',
    );
  });
  it('passes beta headers and the query on', async () => {
    const received = await send({
      'anthropic-beta': 'a-2025,b-2026',
      'anthropic-dangerous-direct-browser-access': 'true',
    });
    expect(received?.headers.get('anthropic-beta')).toBe('a-2025,b-2026');
    expect(new URL(received?.url ?? '').search).toBe('?beta=true');
  });
});

it('hides the operator’s limits and machines from the caller, and returns its own request id', async () => {
  relay.upstream = () =>
    Response.json(
      {},
      {
        headers: {
          'x-request-id': 'upstreams-own',
          'set-cookie': '__cf_bm=1',
          server: 'cloudflare',
          'x-ratelimit-remaining-tokens': '7',
          'anthropic-ratelimit-tokens-limit': '7',
          'openai-organization': 'org-of-the-operator',
          'openai-processing-ms': '12',
        },
      },
    );
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(jsonBody('gpt-4o')),
  });
  expectRequestId(reply, 'openai');
  const names = [...reply.headers.keys()].filter(
    (name) => !name.startsWith('x-relay-') && name !== 'x-request-id',
  );
  expect(names.sort()).toEqual(['content-type', 'openai-processing-ms']);
  expect(reply.headers.get('x-relay-upstream-request-id')).toBe('upstreams-own');
  relay.upstream = () => Response.json({});
});

const refusedRelay: Refusal = {
  status: 502,
  openai: ['upstream_error', 'upstream_error'],
  anthropic: 'api_error',
  gemini: ['UNAVAILABLE', 'UPSTREAM_ERROR'],
};

it.each([
  [401, { error: { message: 'Incorrect API key provided: key-of-the-operator' } }],
  [403, { error: { message: 'Country not supported' } }],
  [402, { error: { message: 'Pay' } }],
  [429, { error: { type: 'insufficient_quota', code: 'insufficient_quota' } }],
  [400, { error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } }],
])(
  'hides an upstream’s %s for the relay’s own key, which is not the caller’s fault',
  async (status, body) => {
    relay.upstream = () => Response.json(body, { status });
    for (const format of ['openai', 'anthropic', 'gemini'] as const) {
      const route = relaying.find((candidate) => candidate.format === format);
      if (route === undefined) throw new Error(format);
      const headers = { ...route.headers, ...ownHeader(format, token) };
      const reply = await relay.fetch(route.path, { method: 'POST', headers, body: route.body() });
      expectRefusal(reply, format, refusedRelay);
      expect(reply.headers.get('x-should-retry')).toBe('false');
      expect(reply.text).not.toContain('key-of-the-operator');
    }
    relay.upstream = () => Response.json({});
  },
);

it('passes an upstream’s other errors on, byte for byte', async () => {
  const text = '{ "error" : {"message":"max_tokens is too large","type":"invalid_request_error"} }';
  relay.upstream = () => new Response(text, { status: 400, headers: { 'content-type': 'application/json' } });
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(jsonBody('gpt-4o')),
  });
  expect([reply.status, reply.text]).toEqual([400, text]);
  relay.upstream = () => Response.json({});
});

it('writes the text of an upstream’s first event to the log without the key and the prompt', async () => {
  const channel = { provider: 'openai-compatible', base_url: 'https://twice.test/v1', models: ['twice'] };
  const secret = 'what a secret that nobody may read';
  for (const name of ['one', 'two'])
    await relay.channel({ ...channel, name, keys: [`key-of-the-operator-${name}`] });
  relay.upstream = ({ headers: sent }) => {
    const key = sent.get('authorization')?.replace('Bearer ', '');
    const error = { type: 'overloaded_error', code: 'x y', message: `no ${key} for "${secret}"` };
    const headers = { 'content-type': 'text/event-stream' };
    return new Response(`data: ${JSON.stringify({ error })}\n\n`, { headers });
  };
  await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      ...jsonBody('twice'),
      messages: [{ role: 'user', content: secret }],
      stream: true,
    }),
  });
  relay.upstream = () => Response.json({});
  const rows = async () => (await relay.manage('GET', '/logs?model=twice')).body.data;
  await expect.poll(rows, { timeout: 20_000 }).toHaveLength(1);
  const [logged] = await rows();
  expect(logged.attempts[0].error).toBe('an error as the first event: overloaded_error');
  const health = (await relay.manage('GET', '/channels')).text;
  expect(health).toContain('overloaded_error');
  expect(logged.attempts.map(({ message }: { message: string }) => message).join()).toBe(
    'no … for …,no … for …',
  );
  for (const text of [JSON.stringify(logged), health])
    expect(text).not.toMatch(/key-of-the-operator|a secret|nobody may read/);
}, 30_000);

it('shows no key and no address of the operator’s, whatever an upstream reveals of itself', async () => {
  await relay.channel({
    name: 'private',
    provider: 'openai-compatible',
    base_url: 'https://inner.example:8443/v1',
    keys: ['key-of-the-operator'],
    models: ['inner-model'],
  });
  const message =
    'POST https://inner.example:8443/v1/chat/completions with key-of-the-operator: out of memory';
  for (const status of [400, 500]) {
    relay.upstream = () => Response.json({ error: { message } }, { status });
    for (const format of ['openai', 'anthropic', 'gemini'] as const) {
      const path = { openai: '/v1/chat/completions', anthropic: '/v1/messages', gemini: '' }[format];
      const reply = await relay.fetch(path || '/v1beta/models/inner-model:generateContent', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...ownHeader(format, token) },
        body: JSON.stringify({ ...jsonBody('inner-model'), contents: [{ parts: [{ text: 'hi' }] }] }),
      });
      expect(reply.status, reply.text).toBe(status);
      expect(reply.body.error.message).toContain('out of memory');
      expect(reply.text).not.toMatch(/inner\.example|key-of-the-operator/);
    }
  }
  relay.upstream = () => Response.json({});
});

it('follows no redirect, and passes none on', async () => {
  relay.upstream = () =>
    new Response('moved', { status: 308, headers: { location: 'https://else.example/' } });
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(jsonBody('gpt-4o')),
  });
  expect([reply.status, reply.body.error.code]).toEqual([502, 'upstream_error']);
  expect(reply.text).not.toContain('else.example');
  relay.upstream = () => Response.json({});
});
