// Streams that open with 200 and begin with an error, in each API's form: a failure, unless the caller caused it.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay } from './open-relay.ts';
import { ownHeader } from './routes.ts';

let relay: OpenRelay;
let token: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  ({ token } = await relay.token());
});

const sse = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const namedEvent = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const bare = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const ping = namedEvent('ping', { type: 'ping' });
const whole = bare({
  id: 'c',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'hi' } }],
});

interface Api {
  provider: string;
  path: string;
  fields: object;
}
const messages = [{ role: 'user', content: 'hi' }];
const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
const chat: Api = { provider: 'openai', path: '/v1/chat/completions', fields: { messages } };
const responses: Api = { provider: 'openai', path: '/v1/responses', fields: { input: 'hi' } };
const anthropic: Api = { provider: 'anthropic', path: '/v1/messages', fields: { messages, max_tokens: 9 } };
const gemini: Api = {
  provider: 'gemini',
  path: '/v1beta/models/the-model:streamGenerateContent?alt=sse',
  fields: { contents },
};
const images: Api = { provider: 'openai', path: '/v1/images/generations', fields: { prompt: 'a dot' } };

/** Returns the called hosts and the health of the first channel: of the channel, its key and its unhealthy models. */
async function send({ provider, path, fields }: Api, first: () => Response, headers = {}) {
  relay.received.length = 0;
  const made = { provider, models: ['the-model'], keys: ['key-of-the-operator'] };
  const [{ id }] = await Promise.all([
    relay.channel({ ...made, name: 'first', base_url: 'https://first.test/v1', priority: 1 }),
    relay.channel({ ...made, name: 'second', base_url: 'https://second.test/v1' }),
  ]);
  relay.upstream = ({ url }) => (url.includes('first') ? first() : sse(whole));
  const reply = await relay.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ownHeader('openai', token), ...headers },
    body: JSON.stringify({ model: 'the-model', stream: true, ...fields }),
  });
  const { body } = await relay.manage('GET', `/channels/${id}`);
  const models = body.model_health.map(
    ({ model, health }: { model: string; health: { state: string } }) => `${model} ${health.state}`,
  );
  const health = [body.health.state, body.keys[0].health.state, ...models];
  return { text: reply.text, hosts: hosts(), health };
}
const hosts = () => relay.received.map(({ url }) => new URL(url).hostname.replace('.test', ''));

const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
const failedResponse = (code: string) => ({
  type: 'response.failed',
  sequence_number: 0,
  response: { id: 'resp_1', status: 'failed', error: { code, message: 'It failed.' } },
});

describe('errors as the first event', () => {
  it.each<[string, Api, string, string, string, string?]>([
    ['Anthropic', anthropic, namedEvent('error', overloaded), 'cooling', 'ready'],
    [
      'Anthropic after comments and pings',
      anthropic,
      `: hi\n\n${ping}${ping}${namedEvent('error', overloaded)}`,
      'cooling',
      'ready',
    ],
    [
      'Anthropic for a rate limit',
      anthropic,
      namedEvent('error', { type: 'error', error: { type: 'rate_limit_error' } }),
      'ready',
      'ready',
      'the-model cooling',
    ],
    [
      'Anthropic for an invalid key',
      anthropic,
      namedEvent('error', { type: 'error', error: { type: 'permission_error' } }),
      'ready',
      'refused',
    ],
    [
      'Responses',
      responses,
      namedEvent('error', { type: 'error', code: 'server_error', message: 'x', sequence_number: 0 }),
      'cooling',
      'ready',
    ],
    [
      'Responses for a rate limit',
      responses,
      namedEvent('error', { type: 'error', code: 'rate_limit_exceeded', sequence_number: 0 }),
      'ready',
      'ready',
      'the-model cooling',
    ],
    [
      'Responses as a failed response',
      responses,
      namedEvent('response.failed', failedResponse('server_error')),
      'cooling',
      'ready',
    ],
    [
      'Gemini',
      gemini,
      bare({ error: { code: 503, status: 'UNAVAILABLE', message: 'x' } }),
      'cooling',
      'ready',
    ],
    [
      'Gemini without a data: prefix',
      gemini,
      `${JSON.stringify({ error: { code: 500, status: 'INTERNAL' } }, null, 2)}\n\n`,
      'cooling',
      'ready',
    ],
    [
      'Gemini for a rate limit',
      gemini,
      bare({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }),
      'ready',
      'ready',
      'the-model cooling',
    ],
    [
      'a chat',
      chat,
      bare({ error: { message: 'no room: not_found in cache', code: 502 } }),
      'cooling',
      'ready',
    ],
    ['an event of that name', chat, namedEvent('error', { message: 'worker died' }), 'cooling', 'ready'],
    ['nothing at all', chat, '', 'cooling', 'ready'],
  ])('fails over on a first error event of %s', async (_, api, stream, channel, key, ...model) => {
    const { hosts, text, health } = await send(api, () => sse(stream));
    expect(hosts).toEqual(['first', 'second']);
    expect(text).toContain('hi');
    expect(health).toEqual([channelState(channel, key), key, ...model]);
  });

  it.each<[string, Api, string]>([
    [
      'Anthropic',
      anthropic,
      namedEvent('error', { type: 'error', error: { type: 'invalid_request_error' } }),
    ],
    ['Responses', responses, namedEvent('response.failed', failedResponse('invalid_prompt'))],
    ['Gemini', gemini, bare({ error: { code: 400, status: 'INVALID_ARGUMENT' } })],
    ['vLLM', chat, bare({ error: { message: 'too long', type: 'BadRequestError', code: 400 } })],
    ['a nameless', chat, bare({ error: 'context_length exceeded' })],
  ])(
    'returns a first error event of %s to the caller if it is the caller’s fault',
    async (_, api, stream) => {
      const { hosts, text, health } = await send(api, () => sse(stream));
      expect([hosts, text, health]).toEqual([['first'], stream, ['ready', 'ready']]);
    },
  );
});

/** Returns the expected channel state: a channel shows its keys' state when all of them are unavailable. */
const channelState = (channel: string, key: string) => (channel === 'ready' ? key : channel);

describe('images that may have been generated', () => {
  const lost: [string, () => Response][] = [
    ['a stream that ends before it begins', () => sse('')],
    ['a gateway timeout', () => Response.json({ error: { message: 'x' } }, { status: 504 })],
    ['a bad gateway', () => Response.json({ error: { message: 'x' } }, { status: 502 })],
  ];
  it.each(lost)('does not retry an image: %s', async (_, first) => {
    expect((await send(images, first)).hosts).toEqual(['first']);
    await env.DB.prepare('DELETE FROM channels').run();
    expect((await send(chat, first)).hosts).toEqual(['first', 'second']);
    await env.DB.prepare('DELETE FROM channels').run();
  });

  it('retries an image when the caller allows it, and when the upstream reports a failure', async () => {
    const [, first] = lost[1] as (typeof lost)[1];
    expect((await send(images, first, { 'x-relay-repeat': '1' })).hosts).toEqual(['first', 'second']);
  });

  it('retries an image when the upstream reports that it generated none', async () => {
    const first = () => sse(bare({ error: { type: 'server_error', message: 'x' } }));
    expect((await send(images, first)).hosts).toEqual(['first', 'second']);
  });
});
