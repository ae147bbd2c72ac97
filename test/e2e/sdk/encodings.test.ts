// Tests compressed bodies over real sockets: requests in the form of the official SDKs, compression bombs, and
// answers of upstreams.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange, inParallel } from '../../support/raw-client.ts';
import { collect, type SdkWorld, startSdkWorld } from '../../support/sdk-world.ts';
import { wholeOrShort } from '../../support/test-length.ts';
import { workerdMemory } from '../sockets/memory.ts';

let world: SdkWorld;
const realFetch = globalThis.fetch;

beforeAll(async () => {
  world = await startSdkWorld();
});
beforeEach(() => {
  world.upstream.received.length = 0;
});
afterAll(async () => {
  globalThis.fetch = realFetch;
  await world?.stop();
});

const encoders: readonly [name: string, encode: (bytes: Uint8Array) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['br', zlib.brotliCompressSync],
  ['zstd', zlib.zstdCompressSync],
];

/** A request as an SDK sent it. */
interface SdkRequest {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * Returns a `fetch` that compresses what an SDK sends, as an agent's HTTP client would; `sent` gets each request
 * first.
 */
function compressing(
  encode: (bytes: Uint8Array) => Buffer,
  name: string,
  sent: SdkRequest[] = [],
): typeof fetch {
  return async (url, init) => {
    const headers = new Headers(init?.headers);
    // A form's content type comes from its body.
    const plain = new Response(init?.body as BodyInit);
    if (!headers.has('content-type')) headers.set('content-type', plain.headers.get('content-type') ?? '');
    headers.set('content-encoding', name);
    headers.delete('content-length');
    const body = Buffer.from(await plain.arrayBuffer());
    sent.push({ url: String(url), headers: Object.fromEntries(headers), body });
    return realFetch(url, { ...init, headers, body: new Uint8Array(encode(body)) });
  };
}

const messages = (content: string) => [{ role: 'user' as const, content }];

it('serves many gzip requests in parallel in the form that the official SDKs send', async () => {
  const { relay, token: apiKey } = world;
  const sent: SdkRequest[] = [];
  const fetch = compressing(zlib.gzipSync, 'gzip', sent);
  const openai = new OpenAI({ apiKey, baseURL: `${relay.url}/v1`, maxRetries: 0, fetch });
  const anthropic = new Anthropic({ apiKey, baseURL: relay.url, maxRetries: 0, fetch });
  const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: relay.url } }).models;
  const greeting = 'What the SDK says';
  const chat = { model: 'gpt-4o', messages: messages(greeting) };
  const claude = { model: 'claude-3-5-sonnet-20241022', max_tokens: 50, messages: messages(greeting) };
  const gemini = { model: 'gemini-2.0-flash', contents: greeting };
  // Google's SDK has no option for it.
  globalThis.fetch = fetch;
  const answers = [
    (await openai.chat.completions.create(chat)).choices[0]?.message.content,
    (await openai.chat.completions.stream(chat).finalChatCompletion()).choices[0]?.message.content,
    (await openai.responses.create({ model: 'gpt-4o', input: greeting })).output_text,
    (await openai.responses.stream({ model: 'gpt-4o', input: greeting }).finalResponse()).output_text,
    JSON.stringify((await anthropic.messages.create(claude)).content),
    await anthropic.messages.stream(claude).finalText(),
    (await google.generateContent(gemini)).text,
    (await collect(await google.generateContentStream(gemini))).map(({ text }) => text).join(''),
  ];
  globalThis.fetch = realFetch;
  for (const answer of answers) expect(answer).toContain(greeting);
  expect(sent.length).toBe(answers.length);
  const { upstream } = world;
  upstream.handler = (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"choices":[]}');
  };
  // The same for channels whose upstream echoes what it received.
  const own = (text: string) =>
    text
      .replace('gpt-4o', 'own-openai')
      .replace(claude.model, 'own-anthropic')
      .replace(gemini.model, 'own-gemini');
  const numbers = Array.from({ length: wholeOrShort(1_000, 250) }, (_, number) => number);
  await inParallel(numbers, 32, async (number) => {
    const { url, headers, body } = sent[number % sent.length] as SdkRequest;
    const text = own(body.toString()).replace(greeting, `number ${number}.`);
    const reply = await exchange({ method: 'POST', url: own(url), headers, body: zlib.gzipSync(text) });
    expect(reply.status).toBe(200);
  });
  const received = upstream.received.map(({ body }) => String(body));
  const got = numbers.filter((number) => received.some((text) => text.includes(`number ${number}.`)));
  expect([received.length, got.length]).toEqual([numbers.length, numbers.length]);
});

it.each(encoders)('accepts forms and large bodies of the OpenAI SDK in %s', async (name, encode) => {
  const { relay, token: apiKey, upstream } = world;
  upstream.handler = (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      '{"text":"words","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}',
    );
  };
  const fetch = compressing(encode, name);
  const openai = new OpenAI({ apiKey, baseURL: `${relay.url}/v1`, maxRetries: 0, fetch });
  const file = await toFile(Buffer.alloc(300_000, 'RIFF'), 'a.wav');
  expect((await openai.audio.transcriptions.create({ model: 'own-openai', file })).text).toBe('words');
  const content = 'word '.repeat(1_000_000);
  await openai.chat.completions.create({ model: 'own-openai', messages: messages(content) });
  const [form, json] = upstream.received;
  expect(form?.body.includes('RIFF'.repeat(1_000))).toBe(true);
  expect(JSON.parse(String(json?.body)).messages[0].content).toBe(content);
  for (const { headers, body } of upstream.received) {
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['content-length']).toBe(String(body.length));
  }
});

describe('a compression bomb of one gigabyte', () => {
  const mebibyte = Buffer.alloc(1024 * 1024, ' ');
  const compressors = {
    gzip: () => zlib.createGzip(),
    deflate: () => zlib.createDeflate(),
    br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
    zstd: () => zlib.createZstdCompress(),
  };

  async function bombIn(name: keyof typeof compressors): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const gigabyte = function* () {
      yield '{"model":"gpt-4o","messages":[]';
      for (let count = 0; count < 1024; count++) yield mebibyte;
      yield '}';
    };
    await pipeline(Readable.from(gigabyte()), compressors[name](), async (pieces) => {
      for await (const piece of pieces) chunks.push(piece as Buffer);
    });
    return Buffer.concat(chunks);
  }

  it('is refused in every encoding, as JSON and as a form, without growing memory', async () => {
    const { relay, token } = world;
    const names = Object.keys(compressors) as (keyof typeof compressors)[];
    const bombs = await Promise.all(names.map(async (name) => ({ name, body: await bombIn(name) })));
    const types = ['application/json', 'multipart/form-data; boundary=b'];
    const throwAll = async () => {
      const all = bombs.flatMap((bomb) => types.map((type) => ({ ...bomb, type })));
      await inParallel([...all, ...all], 8, async ({ name, body, type }) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': type, 'content-encoding': name };
        const url = `${relay.url}/v1/chat/completions`;
        const { status, bytes } = await exchange({ method: 'POST', url, headers, body });
        expect([status, JSON.parse(String(bytes)).error.code]).toEqual([413, 'request_too_large']);
      });
    };
    const coldBytes = workerdMemory();
    await throwAll();
    const warmBytes = workerdMemory();
    for (let round = 0; round < wholeOrShort(2, 1); round++) await throwAll();
    const grownBytes = workerdMemory() - warmBytes;
    console.log(
      `bombs of 1 GB: workerd grew by ${Math.round((warmBytes - coldBytes) / 1e6)} MB at the first 16, by ${Math.round(grownBytes / 1e6)} MB at the next`,
    );
    expect(warmBytes - coldBytes).toBeLessThan(150_000_000);
    expect(grownBytes).toBeLessThan(50_000_000);
  });
});

describe('an answer that the upstream compresses unasked', () => {
  const answer = JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
  });
  const events = `data: ${answer}\n\ndata: [DONE]\n\n`;

  it.each([
    ['gzip', zlib.gzipSync],
    ['GZIP', zlib.gzipSync],
    ['x-gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
  ])('is decoded from %s, counted, and sent without the header', async (name, encode) => {
    const { relay, upstream } = world;
    const { id, token } = await relay.token();
    for (const body of [{}, { stream: true }, { stream: true, stream_options: { include_usage: true } }]) {
      const isStream = 'stream' in body;
      upstream.handler = (_, response) => {
        const type = isStream ? 'text/event-stream' : 'application/json';
        response.writeHead(200, { 'content-type': type, 'content-encoding': name });
        response.end(encode(Buffer.from(isStream ? events : answer)));
      };
      const reply = await send(token, { ...body, model: 'own-openai' });
      expect(reply.headers['content-encoding']).toBeUndefined();
      expect(String(reply.bytes)).toContain('"content":"Hello"');
      if (isStream) expect(String(reply.bytes)).toMatch(/data: \[DONE\]\n\n$/);
    }
    const rows = async () => (await relay.manage<{ data: object[] }>('GET', `/api/logs?token=${id}`)).data;
    await expect.poll(async () => (await rows()).length, { timeout: 6_000 }).toBe(3);
    for (const row of await rows()) expect(row).toMatchObject({ usage_source: 'upstream', output_tokens: 5 });
  });

  it.each([
    ['zstd', zlib.zstdCompressSync],
    ['gzip, br', (bytes: Buffer) => zlib.brotliCompressSync(zlib.gzipSync(bytes))],
  ])('is passed on in %s with its bytes and its header', async (name, encode) => {
    const { token, upstream } = world;
    for (const isStream of [false, true]) {
      const encoded = encode(Buffer.from(isStream ? events : answer));
      upstream.handler = (_, response) => {
        const type = isStream ? 'text/event-stream' : 'application/json';
        response.writeHead(200, { 'content-type': type, 'content-encoding': name });
        response.end(encoded);
      };
      const options = isStream ? { stream: true, stream_options: { include_usage: true } } : {};
      const reply = await send(token, { ...options, model: 'own-openai' });
      expect(reply.headers['content-encoding']).toBe(name);
      expect(reply.bytes.equals(encoded)).toBe(true);
    }
  });

  const send = (token: string, body: object) =>
    exchange({
      method: 'POST',
      url: `${world.relay.url}/v1/chat/completions`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, messages: messages('Hello') }),
    });
});

it('ignores upgrades other than WebSocket, and answers a WebSocket upgrade on a plain route with a 426', async () => {
  const { relay, token } = world;
  const send = (method: string, path: string, upgrade: string) =>
    exchange({
      method,
      url: relay.url + path,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        connection: 'Upgrade, HTTP2-Settings',
        upgrade,
        'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      },
      ...(method === 'POST' && { body: JSON.stringify({ model: 'gpt-4o', messages: messages('Hello') }) }),
    });
  expect((await send('POST', '/v1/chat/completions', 'h2c')).status).toBe(200);
  expect((await send('GET', '/v1/models', 'h2c')).status).toBe(200);
  // As Codex requests its socket.
  const socket = await send('GET', '/v1/responses', 'websocket');
  expect([socket.status, JSON.parse(String(socket.bytes)).error.code]).toEqual([426, 'upgrade_required']);
});
