// Base URLs in every spelling, errors for unknown paths and wrong methods, and CORS.
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, expectRequestId } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { jsonBody, type Refusal } from './routes.ts';

let relay: OpenRelay;
let token = '';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  token = (await relay.token()).token;
});

const json = { 'content-type': 'application/json' };

function post(path: string, body: object = jsonBody('gpt-4o')) {
  const headers = { ...json, authorization: `Bearer ${token}` };
  return relay.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

it.each([
  '/v1/chat/completions',
  '/chat/completions',
  '//v1//chat///completions//',
  '/v1/v1/chat/completions',
  '/v1beta/v1/chat/completions/',
  '/v1/v1beta/v1/chat/completions',
  '/v1/chat/completions?api-version=1',
])('serves %s as a chat completion', async (path) => {
  expect((await post(path)).status).toBe(200);
  expect(relay.received.at(-1)?.url.split('?')[0]).toBe('https://api.openai.com/v1/chat/completions');
});

it.each([
  '/v1beta/models/gemini-2.0-flash:generateContent',
  '/v1/models/gemini-2.0-flash:generateContent',
  '/models/gemini-2.0-flash:generateContent',
  '/v1/v1beta/models/gemini-2.0-flash:generateContent',
  '/v1beta/v1beta/models/gemini-2.0-flash%3AgenerateContent',
  '/v1beta/models/gemini-2.0-flash%3agenerateContent/',
  '//v1beta//models/gemini-2.0-flash:generateContent',
])('serves %s as generateContent', async (path) => {
  const reply = await post(path, { contents: [{ parts: [{ text: 'hi' }] }] });
  expect(reply.status, reply.text).toBe(200);
  expect(relay.received.at(-1)?.url).toMatch(/\/v1beta\/models\/gemini-2.0-flash:generateContent$/);
});

it.each(['/v1/messages', '/messages', '/v1/v1/messages', '/v1beta/messages'])(
  'serves %s as messages',
  async (path) => {
    const headers = { ...json, 'x-api-key': token };
    const body = JSON.stringify(jsonBody('claude-3-5-haiku-20241022'));
    expect((await relay.fetch(path, { method: 'POST', headers, body })).status).toBe(200);
  },
);

it('accepts model names with slashes, in paths and in bodies', async () => {
  const names = ['org/team/model:free', 'meta-llama/Llama-3.3-70B'];
  await relay.channel({
    name: 's',
    provider: 'openai-compatible',
    base_url: 'https://models.test/v1',
    keys: ['k'],
    models: names,
  });
  for (const name of names) {
    for (const path of [`/v1/models/${name}`, `/v1/models/${encodeURIComponent(name)}`]) {
      const reply = await relay.fetch(path, { headers: { authorization: `Bearer ${token}` } });
      expect(reply.body, path).toMatchObject({ id: name, object: 'model' });
    }
    expect((await post('/v1/chat/completions', jsonBody(name))).status).toBe(200);
  }
});

it('lists the names that a token is restricted to, where a wildcard serves them', async () => {
  const own = await relay.token({ models: ['gpt-of-tomorrow', 'nobody-serves-this'] });
  const reply = await relay.fetch('/v1/models', { headers: { authorization: `Bearer ${own.token}` } });
  expect(reply.body.data.map(({ id }: { id: string }) => id)).toEqual(['gpt-of-tomorrow']);
});

it('treats names of built-in properties as unknown models and methods', async () => {
  for (const name of ['constructor', '__proto__', 'toString']) {
    const reply = await post('/v1/chat/completions', jsonBody(name));
    expect(reply.status, reply.text).toBe(404);
    expect(reply.body.error.code).toBe('model_not_found');
    const method = await post(`/v1beta/models/gemini-2.0-flash:${name}`, { contents: [] });
    expect(method.status, method.text).toBe(404);
  }
});

describe('HEAD requests', () => {
  it.each([
    '/v1/models',
    '/v1beta/models',
    '/v1/models/gpt-4o',
    '/v1/responses/resp_1',
    '/api/hello',
    '/api/health',
  ])('answers HEAD as GET at %s, without a body', async (path) => {
    const headers = { authorization: `Bearer ${token}` };
    const [get, head] = [
      await relay.fetch(path, { headers }),
      await relay.fetch(path, { method: 'HEAD', headers }),
    ];
    expect(head.status).toBe(get.status);
    expect(head.text).toBe('');
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  });
});

const notFound: Refusal = {
  status: 404,
  openai: ['invalid_request_error', 'unknown_url'],
  anthropic: 'not_found_error',
  gemini: ['NOT_FOUND', 'UNKNOWN_URL'],
};
const notAllowed: Refusal = {
  status: 405,
  openai: ['invalid_request_error', 'method_not_allowed'],
  anthropic: 'not_found_error',
  gemini: ['NOT_FOUND', 'METHOD_NOT_ALLOWED'],
};

it('answers 404 for an unknown path, in the format that the caller reads', async () => {
  const message = expectRefusal(await post('/v1/chat/completion'), 'openai', notFound);
  expect(message).toBe('There is no endpoint POST /v1/chat/completion.');
  const anthropic = { method: 'POST', headers: { 'anthropic-version': '2023-06-01' } };
  expectRefusal(await relay.fetch('/v1/messages/batch', anthropic), 'anthropic', notFound);
  expectRefusal(await relay.fetch('/v1beta/tunedThings', { method: 'POST' }), 'gemini', notFound);
  expectRefusal(await relay.fetch('/v1beta', { method: 'POST' }), 'gemini', notFound);
  expectRefusal(await post('/chat/completion'), 'openai', notFound);
  const verb = await post('/v1beta/models/gemini-2.0-flash:sing');
  expect(expectRefusal(verb, 'gemini', notFound)).toMatch(/no method `sing`.*generateContent/);
});

it('answers 404 outside all APIs too, with an id', async () => {
  for (const method of ['GET', 'POST'])
    expectRefusal(await relay.fetch('/nothing/here', { method }), 'openai', notFound);
});

it('picks the error format by the API of the path, whichever header the token came in', async () => {
  const headers = { authorization: `Bearer ${token}` };
  expectRefusal(await relay.fetch('/v1/messages/batch', { method: 'POST', headers }), 'anthropic', notFound);
  expectRefusal(await relay.fetch('/v1beta/tunedThings', { headers }), 'gemini', notFound);
  expectRefusal(
    await relay.fetch('/v1beta/chat/completion', { method: 'POST', headers }),
    'openai',
    notFound,
  );
});

it.each([
  ['GET', '/v1/chat/completions', 'POST', 'openai'],
  ['PUT', '/v1/messages', 'POST', 'anthropic'],
  ['GET', '/v1/messages/count_tokens', 'POST', 'anthropic'],
  ['POST', '/v1/models', 'GET, HEAD', 'openai'],
  ['DELETE', '/v1/models/gpt-4o', 'GET, HEAD', 'openai'],
  ['GET', '/v1beta/models/gemini-2.0-flash:generateContent', 'POST', 'gemini'],
  ['PUT', '/v1/models/gemini-2.0-flash:countTokens', 'POST', 'gemini'],
  ['POST', '/v1/responses/resp_1', 'GET, HEAD, DELETE', 'openai'],
  ['GET', '/v1/responses/resp_1/cancel', 'POST', 'openai'],
  ['POST', '/v1/responses/resp_1/input_items', 'GET, HEAD', 'openai'],
] as const)(
  'answers 405 to %s %s, and lists the allowed methods: %s',
  async (method, path, allow, format) => {
    const reply = await relay.fetch(path, { method, headers: { authorization: `Bearer ${token}` } });
    expectRefusal(reply, format, notAllowed);
    expect(reply.headers.get('allow')).toBe(allow);
  },
);

it('answers Claude Code’s extra requests with 204, without a credential, and counts none', async () => {
  const before = { ...relay.traffic };
  for (const [method, path] of [
    ['HEAD', '/api/hello'],
    ['GET', '/api/hello'],
    ['POST', '/api/event_logging/batch'],
  ] as const) {
    const reply = await relay.fetch(path, { method, ...(method === 'POST' && { body: '{"events":[]}' }) });
    expect(reply.status).toBe(204);
    expectRequestId(reply, 'anthropic');
  }
  expect(relay.traffic).toEqual(before);
});

it('finds the management API behind repeated and trailing slashes', async () => {
  for (const path of ['/api/health/', '//api//health', '/api/tokens/?limit=1']) {
    const reply = await relay.fetch(path, { headers: { authorization: `Bearer ${env.ADMIN_KEY}` } });
    expect(reply.status, path).toBe(200);
    expect(reply.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
  }
});

describe('pages of other origins', () => {
  const origin = 'https://page.example';
  const preflight = (path: string, from = origin) =>
    relay.fetch(path, {
      method: 'OPTIONS',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os,anthropic-beta',
      },
    });

  it.each([
    '/v1/chat/completions',
    '/chat/completions',
    '/v1beta/models/gemini-2.0-flash:generateContent',
    '//v1//messages',
  ])('answers a preflight for %s without a credential', async (path) => {
    const reply = await preflight(path);
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');
    expect(reply.headers.get('access-control-allow-credentials')).toBeNull();
    expect(reply.headers.get('access-control-allow-headers')).toBe(
      'authorization,x-stainless-os,anthropic-beta',
    );
    expect(reply.headers.get('access-control-allow-methods')).toMatch(/POST/);
    expectRequestId(reply, 'openai');
  });

  it('lets other origins read responses and refusals, with the relevant headers', async () => {
    const body = JSON.stringify(jsonBody('gpt-4o'));
    for (const [credential, status] of [
      [`Bearer ${token}`, 200],
      ['Bearer wrong', 401],
    ] as const) {
      const headers = { ...json, origin, authorization: credential };
      const reply = await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body });
      expect(reply.status).toBe(status);
      expect(reply.headers.get('access-control-allow-origin')).toBe('*');
      const exposed = reply.headers.get('access-control-expose-headers')?.toLowerCase().split(/, */);
      expect(exposed).toEqual(expect.arrayContaining(['x-request-id', 'retry-after', 'x-relay-dropped']));
    }
  });

  it.each(['/api/tokens', '/api/health', '/', '/api/hello'])(
    'forbids other origins to call %s',
    async (path) => {
      expect((await preflight(path)).headers.get('access-control-allow-origin')).toBeNull();
      const reply = await relay.fetch(path, { headers: { origin } });
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('restricts other origins to those of CORS_ORIGINS', async () => {
    const restricted = openRelay({ CORS_ORIGINS: 'https://one.example, https://two.example' });
    const allowed = async (from: string) => {
      const reply = await restricted.fetch('/v1/chat/completions', {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-method': 'POST' },
      });
      return reply.headers.get('access-control-allow-origin');
    };
    expect(await allowed('https://two.example')).toBe('https://two.example');
    expect(await allowed('https://three.example')).toBeNull();
  });
});

it('lists models with their limits to Codex, which asks with its version', async () => {
  const { token } = await relay.token();
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await relay.fetch('/v1/models?client_version=0.171.0', { headers });
  const slugs = body.models.map(({ slug }: { slug: string }) => slug);
  expect(slugs).toContain('gpt-4o');
  expect(body.models.every((model: { context_window: number }) => model.context_window > 0)).toBe(true);
});
