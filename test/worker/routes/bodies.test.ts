// Which parts of a body are validated, and what the upstream receives: the caller's bytes with the necessary
// changes.
import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { everyRoute, jsonBody, ownHeader, type Refusal, type TestRoute } from './routes.ts';

let relay: OpenRelay;
let token = '';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  token = (await relay.token()).token;
});

const wrongBody: Refusal = {
  status: 400,
  openai: ['invalid_request_error', null],
  anthropic: 'invalid_request_error',
  gemini: ['INVALID_ARGUMENT', 'INVALID_REQUEST'],
};

function send(
  path: string,
  body: BodyInit | null,
  format: TestRoute['format'] = 'openai',
  type = 'application/json',
) {
  const headers = { 'content-type': type, ...ownHeader(format, token) };
  return relay.fetch(path, { method: 'POST', headers, body });
}

const jsonRoutes = everyRoute.filter(({ headers, method }) => method === 'POST' && 'content-type' in headers);

it.each(jsonRoutes.map((route) => [route.name, route] as const))(
  '%s requires a JSON object',
  async (_, { path, format }) => {
    const bodies = [
      '',
      '{',
      '{"model": "gpt-4o",}',
      'hello',
      '[]',
      '"gpt-4o"',
      '7',
      'null',
      '\u{feff}[]',
      new Uint8Array([0x7b, 0xff, 0x7d]),
    ];
    for (const body of bodies) expectRefusal(await send(path, body, format), format, wrongBody);
  },
);

it.each([
  ['/v1/chat/completions', { messages: [] }, 'model'],
  ['/v1/chat/completions', { model: '', messages: [] }, 'model'],
  ['/v1/chat/completions', { model: 7, messages: [] }, 'model'],
  ['/v1/chat/completions', { model: 'gpt-4o' }, 'messages'],
  ['/v1/chat/completions', { model: 'gpt-4o', messages: 'hi' }, 'messages'],
  ['/v1/chat/completions', { model: 'gpt-4o', messages: [], stream: 'yes' }, 'stream'],
  ['/v1/chat/completions', { model: 'gpt-4o', messages: [], stream_options: 1 }, 'stream_options'],
  ['/v1/responses', { input: 'hi' }, 'model'],
  ['/v1/embeddings', { model: 'text-embedding-3-small' }, 'input'],
  ['/v1/embeddings', { model: 'text-embedding-3-small', input: 7 }, 'input'],
  ['/v1/moderations', {}, 'input'],
  ['/v1/audio/speech', { model: 'tts-1' }, 'input'],
  ['/v1/rerank', { model: 'rerank-v3.5', query: 'q' }, 'documents'],
])('%s rejects %j and names the parameter `%s`', async (path, body, param) => {
  const reply = await send(path, JSON.stringify(body));
  expect(expectRefusal(reply, 'openai', wrongBody)).toContain(param);
  expect(reply.body.error.param).toBe(param);
});

it('names the invalid parameter in the other formats, too', async () => {
  const messages = await send(
    '/v1/messages',
    '{"model":"claude-3-5-haiku-20241022","messages":[]}',
    'anthropic',
  );
  expect(expectRefusal(messages, 'anthropic', wrongBody)).toContain('max_tokens');
  const contents = await send('/v1beta/models/gemini-2.0-flash:generateContent', '{}', 'gemini');
  expect(expectRefusal(contents, 'gemini', wrongBody)).toContain('contents');
  const form = new FormData();
  form.set('file', new File(['x'], 'a.wav'));
  const response = await relay.fetch('/v1/audio/transcriptions', {
    method: 'POST',
    headers: ownHeader('openai', token),
    body: form,
  });
  expectRefusal(response, 'openai', wrongBody);
  expect(response.body.error.param).toBe('model');
});

/** Returns what the upstream received for a body. */
async function relayed(path: string, body: string, format: TestRoute['format'] = 'openai'): Promise<string> {
  const reply = await send(path, body, format);
  expect(reply.status, reply.text).toBe(200);
  return relay.received.at(-1)?.body ?? '';
}

describe('bodies that the upstream receives', () => {
  const odd = [
    '{"model":"gpt-4o","messages":[],"seed":12345678901234567890,"n":1.0,"temperature":1e0}',
    '\n\t{ "messages" : [ ] ,\r\n "model" : "gpt-4o" , "z":1, "a":2 }  ',
    '{"model":"gpt-4o","messages":[],"a":1,"a":2,"messages":[]}',
    '{"model":"gpt-4o","messages":[{"role":"user","content":"\\u00e9\\ud83d\\ude00 é😀 \\/"}]}',
    '{"mod\\u0065l":"gpt-4o","messages":[],"future_field":{"deep":[null,true]}}',
    '{"model":"gpt-4o","messages":[],"__proto__":{"x":1},"constructor":2}',
    '{"model":"gpt-4o","messages":[],"stream":false,"stream_options":{"include_usage":false}}',
  ];
  it.each(odd)('passes the caller’s bytes through: %s', async (body) => {
    expect(await relayed('/v1/chat/completions', body)).toBe(body);
  });

  it('passes the caller’s bytes through in the other formats', async () => {
    const messages = '{"max_tokens":1e1, "model":"claude-3-5-haiku-20241022","messages":[],"stream":true}';
    expect(await relayed('/v1/messages', messages, 'anthropic')).toBe(messages);
    const contents = '{ "contents":[],"model":"models/something-else","seed":9007199254740993 }';
    expect(await relayed('/v1beta/models/gemini-2.0-flash:generateContent', contents, 'gemini')).toBe(
      contents,
    );
  });

  it('sends one model where the caller named two: the one that was allowed and priced', async () => {
    const body = '{"model":"gpt-4.5","messages":[],"mod\\u0065l":"gpt-4o"}';
    const received = await relayed('/v1/chat/completions', body);
    expect(received).toBe('{"model":"gpt-4o","messages":[],"mod\\u0065l":"gpt-4o"}');
  });

  it('replaces a mapped model’s name in place and nothing else', async () => {
    const body = '{ "seed": 12345678901234567890, "model" : "mapped", "messages":[ ] , "b":1 }';
    expect(await relayed('/v1/chat/completions', body)).toBe(body.replace('"mapped"', '"gpt-4o"'));
  });

  it.each([
    ['{"model":"gpt-4o","stream":true,"messages":[]}', undefined],
    ['{"model":"gpt-4o","stream":true,"stream_options":null,"messages":[]}', { include_usage: true }],
    ['{"model":"gpt-4o","stream":true,"stream_options":{},"messages":[]}', { include_usage: true }],
    [
      '{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false},"messages":[]}',
      { include_usage: true, include_obfuscation: false },
    ],
  ])('requests usage from a chat stream, in place: %s', async (body, options) => {
    const received = await relayed('/v1/chat/completions', body);
    const { stream_options, ...rest } = JSON.parse(received);
    const { stream_options: _before, ...restBefore } = JSON.parse(body);
    expect(rest).toEqual(restBefore);
    expect(stream_options).toEqual(options ?? { include_usage: true });
    const untouched = body.slice(0, body.indexOf('"stream":true'));
    expect(received.startsWith(untouched)).toBe(true);
  });

  it('leaves a body alone that requests usage already', async () => {
    const body = '{"model":"gpt-4o","stream":true, "stream_options":{"include_usage": true },"messages":[]}';
    expect(await relayed('/v1/chat/completions', body)).toBe(body);
  });
});

it('lists the served models when no channel serves the name, and names the endpoint that does', async () => {
  const unknown = await send('/v1/chat/completions', JSON.stringify(jsonBody('gtp-4o')));
  expect(unknown.status).toBe(404);
  expect(unknown.body.error).toMatchObject({ type: 'invalid_request_error', code: 'model_not_found' });
  const speech = { model: 'claude-3-5-haiku-20241022', input: 'Hello', voice: 'alloy' };
  const elsewhere = await send('/v1/audio/speech', JSON.stringify(speech));
  expect(elsewhere.status).toBe(404);
  expect(elsewhere.body.error.message).toContain('/v1/messages');
});

it.each(['client_secrets', 'sessions'])(
  'rejects an oversized body without a length at /v1/realtime/%s',
  async (name) => {
    const large = new Blob(['{"session":{},"x":"', 'x'.repeat(300_000), '"}']);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const body = large.stream();
    const reply = await relay.fetch(`/v1/realtime/${name}`, { method: 'POST', headers, body });
    expect([reply.status, reply.body.error.code]).toEqual([413, 'request_too_large']);
  },
);
