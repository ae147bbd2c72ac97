// Tests translated streams over real sockets: 300 MB of text within bounded memory, a client that reads slowly or
// disconnects, an upstream that breaks off, a deleted token.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { wholeOrShort } from '../../support/test-length.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { workerdMemory } from '../sockets/memory.ts';

let relay: TestRelay;
let upstream: TestUpstream;
let token: string;

const word = 'word '.repeat(60);
const event = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: { content: word }, finish_reason: null }] })}\n\n`;
const end = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
const head = { 'content-type': 'text/event-stream' };

beforeAll(async () => {
  upstream = await startUpstream((_request, response) => void response.writeHead(500).end());
  relay = await startRelay();
  await relay.channel({
    name: 'x',
    provider: 'openai-compatible',
    base_url: upstream.url,
    models: ['some-model'],
  });
  ({ token } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), upstream?.stop()]);
});

function send(secret = token, signal?: AbortSignal): Promise<Response> {
  return fetch(`${relay.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': secret, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'some-model',
      max_tokens: 9_000,
      stream: true,
      messages: [{ role: 'user', content: 'Go' }],
    }),
    ...(signal && { signal }),
  });
}

it('translates a stream of any length within bounded memory, also for a slow client', async () => {
  const sentBytes = wholeOrShort(300_000_000, 120_000_000);
  const times = Math.ceil(sentBytes / event.length);
  upstream.handler = async (_request, response) => {
    response.writeHead(200, head);
    for (let count = 0; count < times; count++) {
      if (!response.write(event)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end(end);
  };
  // Heap growth before the first collection is no leak: the first half is the reference.
  let early = 0;
  let late = 0;
  let text = 0;
  const watch = setInterval(() => {
    const held = workerdMemory();
    if (text < 0.4 * sentBytes) early = Math.max(early, held);
    else late = Math.max(late, held);
  }, 50);
  const response = await send();
  let tail = '';
  let reads = 0;
  for await (const chunk of response.body ?? []) {
    text += chunk.byteLength;
    tail = (tail + new TextDecoder().decode(chunk)).slice(-200);
    // A client that pauses now and then.
    if (reads++ % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  clearInterval(watch);
  expect(tail).toContain('message_stop');
  expect(text).toBeGreaterThan(0.66 * sentBytes);
  const grownMb = (late - early) / 1024 / 1024;
  console.log(
    `translated stream of ${Math.round((times * event.length) / 1e6)} MB: workerd grew by ${grownMb.toFixed(0)} MB after the first half`,
  );
  expect(grownMb).toBeLessThan(32);
}, 120_000);

describe('a translated stream', () => {
  const endless = (onClose: () => void) => {
    upstream.handler = (_request, response) => {
      response.writeHead(200, head);
      const timer = setInterval(() => response.write(event), 20);
      response.on('close', () => {
        clearInterval(timer);
        onClose();
      });
    };
  };

  it('ends with the caller’s error event within a second of its token’s deletion', async () => {
    endless(() => undefined);
    const made = await relay.token();
    const response = await send(made.token);
    const reader = response.body?.getReader();
    await reader?.read();
    await relay.manage('DELETE', `/api/tokens/${made.id}`);
    const deletedAt = performance.now();
    let text = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      text += new TextDecoder().decode(part.value);
    expect(performance.now() - deletedAt).toBeLessThan(1_500);
    expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"authentication_error"/);
    expect(text).not.toContain('message_stop');
  });

  it('aborts the upstream when its client disconnects', async () => {
    let closedAt = 0;
    endless(() => {
      closedAt = performance.now();
    });
    const leave = new AbortController();
    const response = await send(token, leave.signal);
    await response.body?.getReader().read();
    leave.abort();
    const leftAt = performance.now();
    while (closedAt === 0 && performance.now() - leftAt < 3_000)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closedAt - leftAt).toBeLessThan(1_000);
    expect(closedAt).toBeGreaterThan(0);
  });

  it.each([
    ['breaks off', (response: import('node:http').ServerResponse) => void response.socket?.resetAndDestroy()],
    ['just ends', (response: import('node:http').ServerResponse) => void response.end()],
  ])('reports an upstream that %s as an error, never as a complete answer', async (_what, stop) => {
    upstream.handler = (_request, response) => {
      response.writeHead(200, head);
      response.write(event, () => setTimeout(() => stop(response), 100));
    };
    const text = await (await send()).text();
    expect(text).toContain(word);
    expect(text).toContain('event: error\ndata: {"type":"error","error":{"type":"api_error"');
    expect(text).not.toContain('message_stop');
  });
});
