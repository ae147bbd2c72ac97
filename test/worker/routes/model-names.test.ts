// A model name is the caller's text and becomes part of an upstream's URL: it must select only the model that was
// requested, allowed and priced.
import { beforeAll, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay } from './open-relay.ts';
import { jsonBody } from './routes.ts';

let relay: OpenRelay;
let token = '';

const keys = ['key-of-the-operator'];
const upstreams = [
  { prefix: 'gem-', provider: 'gemini', base_url: 'https://upstream.test/gateway/one' },
  {
    prefix: 'az-',
    provider: 'azure',
    base_url: 'https://upstream.test/gateway/one?api-version=2024-10-21',
  },
  { prefix: 'vx-', provider: 'vertex', base_url: 'https://upstream.test/gateway/one' },
  { prefix: 'compatible-', provider: 'openai-compatible', base_url: 'https://upstream.test/gateway/one' },
];

beforeAll(async () => {
  relay = openRelay();
  for (const { prefix, provider, base_url } of upstreams) {
    await relay.channel({ name: prefix, provider, base_url, keys, models: [`${prefix}*`, '.*'] });
  }
  token = (await relay.token({ models: [...upstreams.map(({ prefix }) => `${prefix}*`), '.*'] })).token;
});

function sendChat(model: string) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify(jsonBody(model));
  return relay.fetch('/v1/chat/completions', { method: 'POST', headers, body });
}

it.each([
  'gem-flash/../costly',
  'gem-flash/../../../../elsewhere',
  'gem-flash/./../costly',
  'vx-flash/../costly',
  'az-mini/..',
  'compatible-mini/../costly',
  '..',
  '.',
  '../x',
])('rejects the model name %s: no segment of a name may go up in a URL', async (model) => {
  const before = relay.received.length;
  const reply = await sendChat(model);
  expect([reply.status, reply.body.error.code]).toEqual([404, 'model_not_found']);
  expect(relay.received.length).toBe(before);
});

it('rejects a model name that goes up in the path of a Gemini request', async () => {
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': token };
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] });
  const before = relay.received.length;
  const path = '/v1beta/models/gem-flash%2F..%2Fcostly:generateContent';
  expect((await relay.fetch(path, { method: 'POST', headers, body })).status).toBe(404);
  expect(relay.received.length).toBe(before);
});

it('requests the whole name from Vertex, not the part after its last slash', async () => {
  await sendChat('vx-flash/costly');
  const { pathname } = new URL(relay.received.at(-1)?.url ?? '');
  expect(pathname).toMatch(/\/publishers\/google\/models\/vx-flash\/costly:generateContent$/);
});

it.each(['gem-a?key=1#x', 'gem-a%2F..%2Fcostly', 'gem-a\\..\\costly', 'gem-a:streamGenerateContent'])(
  'encodes other characters of a name within its path segment: %j',
  async (model) => {
    await sendChat(model);
    const { pathname, search, hash, host } = new URL(relay.received.at(-1)?.url ?? '');
    expect([host, search, hash]).toEqual(['upstream.test', '', '']);
    const name = encodeURIComponent(model).replaceAll('%2F', '/');
    expect(pathname).toBe(`/gateway/one/v1beta/models/${name}:generateContent`);
  },
);

it.each(['Model', 'MODEL', 'mo\\u0044el'])('rejects a body with the second model key `%s`', async (key) => {
  const before = relay.received.length;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = `{"model":"compatible-mini","${key}":"costly","messages":[{"role":"user","content":"hi"}]}`;
  const reply = await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body });
  expect([reply.status, reply.body.error.param]).toEqual([400, JSON.parse(`"${key}"`)]);
  expect(relay.received.length).toBe(before);
});

it.each([
  ['white space before it', ' compatible-mini'],
  ['white space after it', 'compatible-mini '],
  ['a line feed after it', 'compatible-mini\n'],
  ['a header in it', 'gem-a\r\nx: y'],
  ['a zero-width space in it', 'compatible\u200b-mini'],
  ['257 characters', `compatible-${'m'.repeat(246)}`],
])('rejects a name with %s', async (_, model) => {
  const before = relay.received.length;
  const reply = await sendChat(model);
  expect([reply.status, reply.body.error.code, reply.body.error.param]).toEqual([400, null, 'model']);
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': token };
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] });
  const path = `/v1beta/models/${encodeURIComponent(model)}:generateContent`;
  expect((await relay.fetch(path, { method: 'POST', headers, body })).status).toBe(400);
  expect(relay.received.length).toBe(before);
});

it('accepts a name of 256 characters', async () => {
  expect((await sendChat(`compatible-${'m'.repeat(245)}`)).status).toBe(200);
});

it('rejects such names in x-relay-fallback', async () => {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    'x-relay-fallback': `gem-flash, ${'m'.repeat(257)}`,
  };
  const body = JSON.stringify(jsonBody('compatible-mini'));
  expect((await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body })).status).toBe(400);
});

describe('multipart forms', () => {
  const part = (disposition: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  const cheap = part('name="model"', 'compatible-mini');
  const file = part('name="file"; filename="a.wav"', 'RIFF');
  const send = (body: string | ReadableStream, type = 'multipart/form-data; boundary=b') =>
    relay.fetch('/v1/audio/transcriptions', {
      method: 'POST',
      headers: { 'content-type': type, authorization: `Bearer ${token}` },
      body,
    });

  const smuggled = [
    ['again', part('name="model"', 'costly')],
    ['as a file', part('name="model"; filename="m"', 'costly')],
    ['in an encoded name', part("name*=utf-8''mod%65l", 'costly')],
    ['in a name with a backslash', part('name="mo\\del"', 'costly')],
    ['in the second name of a part', part('name="x"; name="model"', 'costly')],
    [
      'in the second header of a part',
      part('name="x"\r\ncontent-disposition: form-data; name="model"', 'costly'),
    ],
    ['in a folded header', part('\r\n name="model"', 'costly')],
    ['with other line breaks', '--b\ncontent-disposition: form-data; name="model"\n\ncostly\n--b\n'],
  ] as const;
  const places: [string, (second: string) => string][] = [
    ['before', (second) => `${second}${cheap}${file}--b--\r\n`],
    ['after', (second) => `${cheap}${file}${second}--b--\r\n`],
    ['long after', (second) => `${cheap}${file}${part('name="x"', 'x'.repeat(200_000))}${second}--b--\r\n`],
  ];
  const cases = smuggled.flatMap(([how, second]) =>
    places.map(([where, bodyOf]) => [how, where, bodyOf(second)] as const),
  );

  it.each(cases)('rejects a form that names a model %s, %s', async (_how, _where, body) => {
    const reply = await send(body);
    expect([reply.status, reply.body?.error?.param]).toEqual([400, 'model']);
    expect(relay.received.at(-1)?.body ?? '').not.toContain('costly');
  });

  it.each(['models', 'fallback_model', 'models[]'])(
    'rejects a form that names another model in `%s`',
    async (name) => {
      for (const body of [
        `${part(`name="${name}"`, 'costly')}${cheap}${file}--b--\r\n`,
        `${cheap}${file}${part(`name="${name}"`, 'costly')}--b--\r\n`,
      ]) {
        const reply = await send(body);
        expect([reply.status, reply.body?.error?.param]).toEqual([400, name]);
      }
    },
  );

  it('forwards a form under the one boundary that was read', async () => {
    const body = `${cheap}${file}--b--\r\n`;
    for (const type of [
      'multipart/form-data; boundary=b; boundary=other',
      'multipart/form-data; x-boundary=other; boundary=b',
      'multipart/form-data; boundary="b"; charset=utf-8',
    ]) {
      expect((await send(body, type)).status).toBe(200);
      expect(relay.received.at(-1)?.headers.get('content-type')).toBe('multipart/form-data; boundary=b');
    }
  });

  it('accepts a file that looks like a form', async () => {
    const inside = `RIFF\r\n--bb\r\ncontent-disposition: form-data; name="model"\r\n\r\ncostly`;
    const body = `${cheap}${part('name="file"; filename="model.wav"', inside)}${part('name="modes"', 'x')}--b--\r\n`;
    expect((await send(body)).status).toBe(200);
    expect(relay.received.at(-1)?.body).toBe(body);
  });
});
