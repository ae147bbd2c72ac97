// Compressed request bodies: the decoded body is read, checked and forwarded.
import * as zlib from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { relayLimits } from '../../../src/relay/limits.ts';
import { expectRefusal } from './expect-refusal.ts';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';
import { everyRoute, type Refusal } from './routes.ts';

let relay: OpenRelay;
let token = '';

beforeAll(async () => {
  relay = openRelay();
  await addChannels(relay);
  token = (await relay.token()).token;
});
beforeEach(() => {
  relay.received.length = 0;
});

type Bytes = Uint8Array<ArrayBuffer>;
type Encode = (bytes: Bytes) => Bytes;

const encodings: readonly [header: string, encode: Encode][] = [
  ['gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['br', (bytes) => zlib.brotliCompressSync(bytes)],
  ['zstd', (bytes) => zlib.zstdCompressSync(bytes)],
];
const spellings: typeof encodings = [
  ...encodings,
  ['x-gzip', zlib.gzipSync],
  ['GZIP', zlib.gzipSync],
  ['identity, gzip', zlib.gzipSync],
  ['deflate', zlib.deflateRawSync],
];
const gzip = zlib.gzipSync;

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

interface Encoded {
  encoding: string;
  body: Bytes | ReadableStream;
  type?: string;
}

function send(path: string, { encoding, body, type = 'application/json' }: Encoded, bearer = token) {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': type, 'content-encoding': encoding };
  return relay.fetch(path, { method: 'POST', headers, body });
}

const jsonRoutes = everyRoute.filter(({ headers, method }) => method === 'POST' && 'content-type' in headers);

it.each(encodings)(
  'accepts %s at every JSON endpoint, and forwards the decoded body',
  async (encoding, encode) => {
    for (const { name, path, body } of jsonRoutes) {
      const text = String(body());
      const reply = await send(path, { encoding, body: encode(bytesOf(text)) });
      expect(reply.status, `${name}: ${reply.text}`).toBe(200);
      const received = relay.received.at(-1);
      // Cohere's rerank has its own body; every other endpoint forwards the caller's.
      if (path !== '/v1/rerank') expect(received?.body, name).toBe(text);
      expect(received?.headers.get('content-encoding'), name).toBeNull();
      expect(received?.headers.get('content-type'), name).toBe('application/json');
    }
  },
);

const form = (size: number) =>
  `--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n${'x'.repeat(size)}\r\n` +
  '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--b--\r\n';
const formType = 'multipart/form-data; boundary=b';

it.each(spellings)('accepts a form in %s', async (encoding, encode) => {
  const body = encode(bytesOf(form(1_000)));
  const reply = await send('/v1/audio/transcriptions', { encoding, body, type: formType });
  expect(reply.status, reply.text).toBe(200);
  const [received] = relay.received;
  expect(received?.body).toBe(form(1_000));
  expect(received?.headers.get('content-encoding')).toBeNull();
});

it('accepts a compressed body without a length, and `identity` for a plain one', async () => {
  const text = String(jsonRoutes[0]?.body());
  const streamed = new Response(gzip(bytesOf(text))).body as ReadableStream;
  for (const encoded of [
    { encoding: 'gzip', body: streamed },
    { encoding: 'identity', body: bytesOf(text) },
    { encoding: '', body: bytesOf(text) },
  ]) {
    expect((await send('/v1/chat/completions', encoded)).status).toBe(200);
    expect(relay.received.at(-1)?.body).toBe(text);
  }
});

const unsupported: Refusal = {
  status: 415,
  openai: ['invalid_request_error', 'unsupported_encoding'],
  anthropic: 'invalid_request_error',
  gemini: ['INVALID_ARGUMENT', 'UNSUPPORTED_ENCODING'],
};

it.each(['compress', 'lz4', 'gzip, gzip', 'br, zstd'])(
  'rejects %s with a 415 that lists the accepted encodings',
  async (encoding) => {
    for (const { path, format, body } of jsonRoutes) {
      const reply = await send(path, { encoding, body: bytesOf(String(body())) });
      expectRefusal(reply, format, unsupported);
      expect(reply.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd');
    }
    expect(relay.received).toEqual([]);
  },
);

const wrongBody: Refusal = {
  status: 400,
  openai: ['invalid_request_error', null],
  anthropic: 'invalid_request_error',
  gemini: ['INVALID_ARGUMENT', 'INVALID_REQUEST'],
};

it.each(spellings)('rejects a damaged body in %s and explains why', async (encoding, encode) => {
  const whole = encode(bytesOf(JSON.stringify({ model: 'gpt-4o', messages: [], x: crypto.randomUUID() })));
  for (const body of [whole.slice(0, -20), bytesOf('{"model":"gpt-4o","messages":[]}')]) {
    const reply = await send('/v1/chat/completions', { encoding, body });
    const name = encoding.replace(/^x-|identity, /, '').toLowerCase();
    expect(expectRefusal(reply, 'openai', wrongBody)).toContain(`not valid ${name}`);
  }
  const reply = await send('/v1/chat/completions', { encoding, body: encode(bytesOf('hello')) });
  expect(expectRefusal(reply, 'openai', wrongBody)).toContain('not valid JSON');
});

const tooLarge: Refusal = {
  status: 413,
  openai: ['invalid_request_error', 'request_too_large'],
  anthropic: 'request_too_large',
  gemini: ['INVALID_ARGUMENT', 'REQUEST_TOO_LARGE'],
};

describe('limit of the decoded size', () => {
  const { heldFormBytes } = relayLimits;
  const jsonOf = (size: number) => {
    const [start, end] = ['{"model":"gpt-4o","messages":[]', '}'];
    return bytesOf(start + ' '.repeat(size - start.length - end.length) + end);
  };

  it.each(encodings)('limits the decoded size of JSON in %s', async (encoding, encode) => {
    const path = '/v1/chat/completions';
    const most = await send(path, { encoding, body: encode(jsonOf(heldFormBytes)) });
    expect(most.status, most.text).toBe(200);
    const more = await send(path, { encoding, body: encode(jsonOf(heldFormBytes + 1)) });
    expectRefusal(more, 'openai', tooLarge);
  });

  it('limits the decoded size of a form', async () => {
    const path = '/v1/audio/transcriptions';
    const frame = form(0).length;
    const most = await send(path, {
      encoding: 'gzip',
      body: gzip(bytesOf(form(heldFormBytes - frame))),
      type: formType,
    });
    expect(most.status, most.text).toBe(200);
    const larger = gzip(bytesOf(form(heldFormBytes - frame + 1)));
    const more = await send(path, { encoding: 'gzip', body: larger, type: formType });
    expectRefusal(more, 'openai', tooLarge);
  });

  it('refuses an invalid token before the decoded size matters', async () => {
    const { id, token: disabled } = await relay.token();
    await relay.manage('PATCH', `/tokens/${id}`, { status: 'disabled' });
    const body = gzip(jsonOf(heldFormBytes + 1));
    const reply = await send('/v1/chat/completions', { encoding: 'gzip', body }, disabled);
    expect([reply.status, reply.body.error.code]).toEqual([401, 'token_disabled']);
  });
});

it('accepts compressed settings of an ephemeral secret', async () => {
  const body = bytesOf('{"session":{"type":"realtime","model":"gpt-realtime"}}');
  const path = '/v1/realtime/client_secrets';
  const taken = await send(path, { encoding: 'gzip', body: gzip(body) });
  expect(taken.status, taken.text).toBe(200);
  expectRefusal(await send(path, { encoding: 'lz4', body }), 'openai', unsupported);
});

describe('bodies that clients often get wrong', () => {
  it('accepts a byte order mark, and does not forward it', async () => {
    for (const { name, path, body } of jsonRoutes) {
      const text = String(body());
      const reply = await send(path, { encoding: 'identity', body: bytesOf(`\u{feff}${text}`) });
      expect(reply.status, `${name}: ${reply.text}`).toBe(200);
      if (path !== '/v1/rerank') expect(relay.received.at(-1)?.body, name).toBe(text);
    }
  });

  it.each(['multipart/form-data', 'Multipart/Form-Data; charset=utf-8', 'multipart/form-data; boundary='])(
    'rejects a form with the content type `%s`, which names no boundary',
    async (type) => {
      for (const path of ['/v1/audio/transcriptions', '/v1/images/edits', '/v1/chat/completions']) {
        const reply = await send(path, { encoding: 'identity', body: bytesOf(form(10)), type });
        expect(expectRefusal(reply, 'openai', wrongBody)).toContain('boundary');
      }
    },
  );
});
