// Tests large bodies: what is streamed, buffered or refused, and how much memory it takes.
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workerdMemory } from './memory.ts';
import { type Scene, sleep, startScene } from './scene.ts';

let scene: Scene;
let token = '';
/** Size of the upload at the upstream, with its beginning and end. */
let received = { size: 0, head: '', tail: '', length: '' };

beforeAll(async () => {
  scene = await startScene();
  await scene.upstream.stop();
  const { startUpstream } = await import('../../support/upstream.ts');
  const upstream = await startUpstream(swallow, { unread: true });
  scene.upstream = upstream;
  const common = { base_url: upstream.url, keys: ['k'], priority: 9, provider: 'openai' };
  await scene.relay.channel({
    ...common,
    name: 'u',
    models: ['whisper-1', 'gpt-4o'],
    model_map: { mapped: 'whisper-1' },
  });
  token = (await scene.relay.token()).token;
});
afterAll(() => scene?.stop());

/** Reads everything and answers. */
async function swallow(_: unknown, response: ServerResponse, raw: IncomingMessage) {
  const mine = { size: 0, head: '', tail: '', length: raw.headers['content-length'] ?? '' };
  try {
    for await (const chunk of raw as AsyncIterable<Buffer>) {
      if (mine.head.length < 2_000) mine.head += chunk.toString('latin1', 0, 2_000);
      mine.tail = (mine.tail + chunk.toString('latin1', Math.max(0, chunk.length - 500))).slice(-500);
      mine.size += chunk.length;
    }
  } catch {
    return;
  }
  received = mine;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"text":"hello"}');
}

const boundary = 'a-boundary-of-the-tests';
const field = (name: string, value: string) =>
  `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const fileHead = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n`;
const end = `--${boundary}--\r\n`;
const megabyte = Buffer.alloc(1_048_576, 'a');

interface Upload {
  before: string;
  megabytes: number;
  after: string;
  chunked?: boolean;
  path?: string;
  type?: string;
}

interface Answer {
  status: number;
  text: string;
  /** The most memory that workerd used beyond its initial amount. */
  grownBytes: number;
}

function upload({ before, megabytes, after, chunked, path, type }: Upload): Promise<Answer> {
  const memoryBefore = workerdMemory();
  let grownBytes = 0;
  const watch = setInterval(() => {
    grownBytes = Math.max(grownBytes, workerdMemory() - memoryBefore);
  }, 100);
  return new Promise<Answer>((resolve, reject) => {
    const length = before.length + megabytes * megabyte.length + after.length;
    const outgoing = request(scene.relay.url + (path ?? '/v1/audio/transcriptions'), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': type ?? `multipart/form-data; boundary=${boundary}`,
        ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }),
      },
    });
    let answered = false;
    outgoing.on('response', async (response) => {
      answered = true;
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, text, grownBytes });
      outgoing.destroy();
    });
    // A refusal may arrive, and the connection end, before everything is sent.
    outgoing.on('error', (error) => setTimeout(() => answered || reject(error), 500));
    void sendAll(outgoing, before, megabytes, after);
  }).finally(() => clearInterval(watch));
}

async function sendAll(
  outgoing: ClientRequest,
  before: string,
  megabytes: number,
  after: string,
): Promise<void> {
  outgoing.write(before);
  for (let sent = 0; sent < megabytes && !outgoing.destroyed; sent++) {
    if (!outgoing.write(megabyte)) {
      await Promise.race([new Promise((resolve) => outgoing.once('drain', resolve)), sleep(5_000)]);
    }
  }
  if (!outgoing.destroyed) outgoing.end(after);
}

it('streams ninety megabytes with flat memory when `model` comes first', async () => {
  const before = field('model', 'whisper-1') + fileHead;
  const answer = await upload({ before, megabytes: 90, after: `\r\n${end}` });
  expect(answer).toMatchObject({ status: 200, text: '{"text":"hello"}' });
  expect(received.size).toBe(before.length + 90 * megabyte.length + 2 + end.length);
  expect(received.length).toBe(String(received.size));
  expect(answer.grownBytes).toBeLessThan(60_000_000);
});

it('writes a mapped model’s name into the form wherever the field is', async () => {
  for (const [before, after] of [
    [field('language', 'de') + field('model', 'mapped') + fileHead, `\r\n${end}`],
    [fileHead, `\r\n${field('model', 'mapped')}${end}`],
  ] as const) {
    expect((await upload({ before, megabytes: 1, after })).status).toBe(200);
    const text = received.head + received.tail;
    expect(text).toContain('name="model"\r\n\r\nwhisper-1\r\n');
    expect(text).not.toContain('mapped');
    const grown = 'whisper-1'.length - 'mapped'.length;
    expect(received.size).toBe(before.length + megabyte.length + after.length + grown);
  }
});

it('buffers twenty megabytes while it searches for `model`', async () => {
  const answer = await upload({
    before: fileHead,
    megabytes: 20,
    after: `\r\n${field('model', 'whisper-1')}${end}`,
  });
  expect(answer.status, answer.text).toBe(200);
  expect(received.size).toBeGreaterThan(20 * megabyte.length);
});

it('asks to put `model` first if it does not arrive within 25 MB', async () => {
  const answer = await upload({
    before: fileHead,
    megabytes: 90,
    after: `\r\n${field('model', 'whisper-1')}${end}`,
  });
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text).error).toMatchObject({ type: 'invalid_request_error', param: 'model' });
  expect(answer.text).toContain('Put `model` before the file');
});

it.each([
  ['a form with its length', { before: field('model', 'whisper-1') + fileHead, after: `\r\n${end}` }],
  [
    'a form in chunks',
    { before: field('model', 'whisper-1') + fileHead, after: `\r\n${end}`, chunked: true },
  ],
])('refuses two hundred megabytes: %s', async (_, given) => {
  const answer = await upload({ ...given, megabytes: 200 });
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text).error).toMatchObject({
    type: 'invalid_request_error',
    code: 'request_too_large',
  });
});

it.each([false, true])('refuses JSON above a hundred megabytes (chunked: %s)', async (chunked) => {
  const before = '{"model":"gpt-4o","messages":[{"role":"user","content":"';
  const path = '/v1/chat/completions';
  const answer = await upload({
    before,
    megabytes: 101,
    after: '"}]}',
    chunked,
    path,
    type: 'application/json',
  });
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text).error.code).toBe('request_too_large');
});

it.each([
  [60, false],
  [60, true],
  [99, false],
  [99, true],
])('passes JSON of %d megabytes on (chunked: %s)', async (megabytes, chunked) => {
  const before = '{"model":"gpt-4o","messages":[{"role":"user","content":"';
  const after = '"}]}';
  const path = '/v1/chat/completions';
  const answer = await upload({ before, megabytes, after, chunked, path, type: 'application/json' });
  expect([answer.status, answer.text]).toEqual([200, '{"text":"hello"}']);
  expect(received.size).toBe(before.length + megabytes * megabyte.length + after.length);
});
