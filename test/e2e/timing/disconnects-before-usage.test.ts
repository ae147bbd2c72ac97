// Tests clients that disconnect from a stream whose cost is not visible yet: the upstream is read on for its
// usage, and the concurrency is freed.
import { request, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rowsOf, type Scene, sleep, startScene } from '../sockets/scene.ts';

let scene: Scene;
let closedAtMs: number | null = null;

beforeAll(async () => {
  scene = await startScene();
  const channel = (fields: object) =>
    scene.relay.channel({ provider: 'openai', base_url: scene.upstream.url, keys: ['k'], ...fields });
  await Promise.all([
    channel({ name: 'reasoning', models: ['gpt-5', 'gpt-image-1', 'gpt-4o-mini-tts'] }),
    channel({ name: 'aborting', models: ['o3'], settings: { on_disconnect: 'abort' } }),
    channel({ name: 'draining', models: ['gpt-4.1'], settings: { on_disconnect: 'drain' } }),
  ]);
});
afterAll(() => scene?.stop());

const usage = { prompt_tokens: 100, completion_tokens: 20_060, total_tokens: 20_160 };
const chunk = (content: string) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
const last = `data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;

/** Sends pieces 50 ms apart, and `end` after another `afterMs`. */
async function play(response: ServerResponse, pieces: string[], end: string, afterMs: number): Promise<void> {
  response.on('close', () => {
    closedAtMs = Date.now();
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) {
    response.write(piece);
    await sleep(50);
  }
  // The local runtime notices a disconnect from a silent stream only when it writes.
  for (let waitedMs = 0; waitedMs < afterMs && !response.destroyed; waitedMs += 200) {
    response.write(': still there\n\n');
    await sleep(200);
  }
  if (!response.destroyed) response.end(end);
}

/**
 * Sends a request, reads that many events, and disconnects. Returns the token's one row, and when the client
 * disconnected.
 */
async function leaveAfter(events: number, path: string, body: object, tokenFields: object = {}) {
  closedAtMs = null;
  const { id, token } = await scene.relay.token({ quota_usd: 5, ...tokenFields });
  const leave = new AbortController();
  const send = (signal?: AbortSignal) =>
    fetch(scene.relay.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  const response = await send(leave.signal);
  const reader = response.body?.getReader();
  for (let seen = 0; seen < events; ) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) break;
    seen += Buffer.from(value).toString().split('\n\n').length - 1;
  }
  leave.abort();
  return { id, send, leftAtMs: Date.now() };
}

/** Sends a request and resets the connection (RST) when the head of the response arrives. */
function resetAtResponse(path: string, token: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(scene.relay.url + path, { method: 'POST', headers }, ({ socket }) => {
      socket.resetAndDestroy();
      resolve();
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

const chat = (model: string) => ({
  model,
  stream: true,
  messages: [{ role: 'user', content: 'Think hard.' }],
});
const words = Array.from({ length: 60 }, (_, index) => `word${index} `).map(chunk);
const toUsd = (row: { cost_usd: number | null } | undefined) => row?.cost_usd ?? 0;

it('charges hidden reasoning by the usage that arrives within five seconds', async () => {
  scene.upstream.handler = (_, response) => play(response, words, last, 1_000);
  for (const include_usage of [true, undefined]) {
    const body = { ...chat('gpt-5'), ...(include_usage && { stream_options: { include_usage } }) };
    const { id } = await leaveAfter(58, '/v1/chat/completions', body);
    const [row] = await rowsOf(scene.relay, id, 1, 10_000);
    // gpt-5: $1.25 and $10 per million.
    expect(row).toMatchObject({ error_code: 'client_left', usage_source: 'upstream', cost_usd: 0.200725 });
  }
});

it('frees the concurrency at once while the reservation remains', async () => {
  scene.upstream.handler = (_, response) => play(response, words.slice(0, 5), last, 3_000);
  const left = await leaveAfter(3, '/v1/chat/completions', chat('gpt-5'), { limits: { concurrency: 1 } });
  await sleep(700);
  const next = await left.send();
  expect(next.status).toBe(200);
  const held = await scene.relay.manage<{ reserved_usd: number }>('GET', `/api/tokens/${left.id}`);
  expect(held.reserved_usd).toBeGreaterThan(0);
  await next.body?.cancel();
  const rows = await rowsOf(scene.relay, left.id, 2, 15_000);
  expect(rows.map(toUsd)).toEqual([0.200725, 0.200725]);
});

it('reads on for at most five seconds, then charges thoughts by their duration', async () => {
  scene.upstream.handler = (_, response) => play(response, words.slice(0, 5), last, 20_000);
  const { id, leftAtMs } = await leaveAfter(3, '/v1/chat/completions', chat('gpt-5'));
  const [row] = await rowsOf(scene.relay, id, 1, 15_000);
  expect(row).toMatchObject({ error_code: 'client_left', usage_source: 'estimated' });
  expect((closedAtMs ?? 0) - leftAtMs).toBeGreaterThan(3_500);
  expect((closedAtMs ?? 0) - leftAtMs).toBeLessThan(7_500);
  // About five seconds at 130 tokens a second.
  expect(row?.output_tokens).toBeGreaterThan(500);
});

it('aborts the upstream at once if no output is unseen, or if the channel is configured so', async () => {
  scene.upstream.handler = (_, response) => play(response, words, last, 3_000);
  for (const model of ['gpt-4o', 'o3']) {
    const { id, leftAtMs } = await leaveAfter(3, '/v1/chat/completions', chat(model));
    const [row] = await rowsOf(scene.relay, id, 1, 10_000);
    expect(row).toMatchObject({ error_code: 'client_left', usage_source: 'estimated' });
    expect((closedAtMs ?? 0) - leftAtMs, model).toBeLessThan(1_000);
  }
});

it('reads on if the channel is configured so', async () => {
  scene.upstream.handler = (_, response) => play(response, words, last, 500);
  const { id } = await leaveAfter(3, '/v1/chat/completions', chat('gpt-4.1'));
  const [row] = await rowsOf(scene.relay, id, 1, 10_000);
  expect(row).toMatchObject({ error_code: 'client_left', usage_source: 'upstream', output_tokens: 20_060 });
});

it('charges all requested images, seen or not', async () => {
  const partial = (index: number) =>
    `data: ${JSON.stringify({ type: 'image_generation.partial_image', partial_image_index: index, quality: 'high', size: '1024x1536', b64_json: 'A'.repeat(1_000) })}\n\n`;
  const body = {
    model: 'gpt-image-1',
    prompt: 'a dot',
    stream: true,
    partial_images: 3,
    quality: 'high',
    size: '1024x1536',
  };
  const done = `data: ${JSON.stringify({ type: 'image_generation.completed', usage: { input_tokens: 10, output_tokens: 6_540, total_tokens: 6_550 } })}\n\n`;
  for (const [afterMs, source, tokens] of [
    [1_000, 'upstream', 6_540],
    [20_000, 'estimated', 6_540],
  ] as const) {
    scene.upstream.handler = (_, response) => play(response, [0, 1, 2].map(partial), done, afterMs);
    const { id } = await leaveAfter(3, '/v1/images/generations', body);
    const [row] = await rowsOf(scene.relay, id, 1, 15_000);
    expect(row).toMatchObject({ error_code: 'client_left', usage_source: source, output_tokens: tokens });
  }
});

it('charges speech in full', async () => {
  scene.upstream.handler = async (_, response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' });
    response.write(Buffer.alloc(48_000));
    await sleep(20_000);
  };
  const body = {
    model: 'gpt-4o-mini-tts',
    voice: 'alloy',
    response_format: 'pcm',
    input: 'hello '.repeat(100),
  };
  const { id, token } = await scene.relay.token({ quota_usd: 5 });
  await resetAtResponse('/v1/audio/speech', token, body);
  const [row] = await rowsOf(scene.relay, id, 1, 15_000);
  // 600 characters at 14 a second, 1,250 tokens a minute.
  expect(row).toMatchObject({ usage_source: 'estimated', output_tokens: Math.ceil((600 / 14 / 60) * 1_250) });
});
