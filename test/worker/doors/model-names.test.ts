// A model's name is the caller's text, and becomes part of an upstream's address: it names one model there, the one
// that was asked for, allowed and priced.
import { beforeAll, expect, it } from 'vitest';
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

function ask(model: string) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify(jsonBody(model));
  return relay.fetch('/v1/chat/completions', { method: 'POST', headers, body });
}

it.each([
  'gem-flash/../dear',
  'gem-flash/../../../../elsewhere',
  'gem-flash/./../dear',
  'vx-flash/../dear',
  'az-mini/..',
  'compatible-mini/../dear',
  '..',
  '.',
  '../x',
])('does not take %s for a model: no segment of a name goes up in an address', async (model) => {
  const before = relay.received.length;
  const reply = await ask(model);
  expect([reply.status, reply.body.error.code]).toEqual([404, 'model_not_found']);
  expect(relay.received.length).toBe(before);
});

it('nor in the path of a request of Gemini’s', async () => {
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': token };
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] });
  const before = relay.received.length;
  const path = '/v1beta/models/gem-flash%2F..%2Fdear:generateContent';
  expect((await relay.fetch(path, { method: 'POST', headers, body })).status).toBe(404);
  expect(relay.received.length).toBe(before);
});

it('asks Vertex for the whole of a name, not for what follows its last slash', async () => {
  await ask('vx-flash/dear');
  const { pathname } = new URL(relay.received.at(-1)?.url ?? '');
  expect(pathname).toMatch(/\/publishers\/google\/models\/vx-flash\/dear:generateContent$/);
});

it.each([
  'gem-a?key=1#x',
  'gem-a%2F..%2Fdear',
  'gem-a\\..\\dear',
  'gem-a\r\nx: y',
  'gem-a:streamGenerateContent',
])('keeps what else may be in a name within its place: %j', async (model) => {
  await ask(model);
  const { pathname, search, hash, host } = new URL(relay.received.at(-1)?.url ?? '');
  expect([host, search, hash]).toEqual(['upstream.test', '', '']);
  const name = encodeURIComponent(model).replaceAll('%2F', '/');
  expect(pathname).toBe(`/gateway/one/v1beta/models/${name}:generateContent`);
});
