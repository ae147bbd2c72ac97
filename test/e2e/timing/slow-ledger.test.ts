// Admissions at a ledger that is 20 ms away in each direction: how many share a call, how long they take beside calls of their own, and what
// happens to them when clients leave, or when the shared call fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { percentile, requestBytes, run } from '../../load/bench/client.ts';
import { relayWorker } from '../../load/bench/workers.ts';
import { bundleWorker } from '../../support/bundle.ts';
import type { FarCounts, FarMode } from '../../support/far-ledger-worker.ts';
import { adminKey, freePort } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';

const folder = mkdtempSync(join(tmpdir(), 'relay-far-'));
const entry = new URL('../../support/far-ledger-worker.ts', import.meta.url).pathname;
let port: number;
let runtime: Miniflare;
let upstream: TestUpstream;

beforeAll(async () => {
  port = await freePort();
  upstream = await startUpstream((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 10 } }));
  });
  const { modules } = await bundleWorker(entry);
  const workers = [relayWorker(modules, adminKey, port)];
  runtime = new Miniflare(convertV4MiniflareOptions({ defaultPersistRoot: join(folder, 'state'), workers }));
  await runtime.ready;
  const provider = { provider: 'openai', base_url: `${upstream.url}/v1`, keys: ['k'], models: ['gpt-4o'] };
  await manage('POST', '/api/channels', { name: 'c', ...provider });
});
afterAll(async () => {
  await runtime?.dispose();
  await upstream?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function manage<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Sets how admissions are sent, and returns what was counted since the last time. */
const setMode = (mode: Partial<FarMode> = {}) =>
  manage<FarCounts>('POST', '/far', { isShared: true, failure: null, ...mode });

const newToken = () =>
  manage<{ id: string; token: string }>('POST', '/api/tokens', { name: 'far', quota_usd: 1_000 });

const balanceOf = (id: string) =>
  manage<{ open_requests: number; reserved_usd: number; spent_usd: number }>('GET', `/api/tokens/${id}`);

const messages = [{ role: 'user', content: 'hi' }];
const bytesFor = (token: string, path = '/v1/chat/completions') =>
  requestBytes(path, { authorization: `Bearer ${token}` }, JSON.stringify({ model: 'gpt-4o', messages }));

/** The best round counts, because the machine has other work: there are more rounds while the bound is not kept. */
const rounds = { least: 2, most: 8 };

interface Measured {
  p50: number;
  p99: number;
  callsPerRequest: number;
}

/** Measures requests that the relay answers itself, so that little but the admission takes time. */
async function measure(bytes: Buffer, concurrency: number, isShared: boolean): Promise<Measured> {
  await setMode({ isShared });
  const { latencies, requests } = await run(port, concurrency, concurrency * 4, () => bytes);
  const { calls } = await setMode({ isShared });
  return {
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    callsPerRequest: calls / requests,
  };
}

const best = (all: Measured[], figure: keyof Measured) => Math.min(...all.map((one) => one[figure]));

/** At each number of requests at a time: the most calls per request, and the most that p50 may be, beside calls of their own. */
const bounds = [
  { concurrency: 1, mostCalls: 1, mostTime: 1.25 },
  { concurrency: 4, mostCalls: 1, mostTime: 1.25 },
  // 8 ms more than 44 ms are 1.18; the rest is for a machine with other work.
  { concurrency: 32, mostCalls: 0.35, mostTime: 1.35 },
  { concurrency: 256, mostCalls: 0.15, mostTime: 1.1 },
] as const;

it('shares calls among many requests, without making them slower', async () => {
  const { token } = await newToken();
  const bytes = bytesFor(token, '/v1/messages/count_tokens');
  const table: object[] = [];
  for (const { concurrency, mostCalls, mostTime } of bounds) {
    await setMode();
    await run(port, concurrency, concurrency * 2, () => bytes);
    const separate: Measured[] = [];
    const shared: Measured[] = [];
    const ratio = () => best(shared, 'p50') / best(separate, 'p50');
    for (let round = 0; round < rounds.least || (round < rounds.most && ratio() >= mostTime); round++) {
      separate.push(await measure(bytes, concurrency, false));
      shared.push(await measure(bytes, concurrency, true));
    }
    for (const [calls, all] of [
      ['their own', separate],
      ['shared', shared],
    ] as const) {
      const [p50, p99] = [best(all, 'p50').toFixed(1), best(all, 'p99').toFixed(1)];
      table.push({ concurrency, calls, p50, p99, 'calls/request': best(all, 'callsPerRequest').toFixed(2) });
    }
    expect(best(separate, 'callsPerRequest')).toBe(1);
    expect(Math.max(...shared.map(({ callsPerRequest }) => callsPerRequest))).toBeLessThanOrEqual(mostCalls);
    expect(ratio()).toBeLessThan(mostTime);
  }
  console.table(table);
});

/** Sends a request on a connection of its own. */
async function sendBytes(bytes: Buffer): Promise<{ socket: Socket; status: Promise<number> }> {
  const socket = connect(port, '127.0.0.1');
  const status = new Promise<number>((resolve) => {
    socket.once('data', (data) => resolve(Number(data.toString('latin1', 9, 12))));
    socket.on('error', () => resolve(0));
    socket.on('close', () => resolve(0));
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write(bytes);
  return { socket, status };
}

/** Makes a token whose ledger is known as slow. */
async function slowToken() {
  const { id, token } = await newToken();
  const bytes = bytesFor(token);
  await setMode();
  await run(port, 8, 40, () => bytes);
  await expect.poll(async () => (await balanceOf(id)).open_requests, { timeout: 5_000 }).toBe(0);
  await setMode();
  return { id, bytes };
}

it('releases what was admitted for clients that left meanwhile, and serves the others of their calls', async () => {
  const { id, bytes } = await slowToken();
  const { spent_usd: before } = await balanceOf(id);
  const sent = await Promise.all(Array.from({ length: 32 }, () => sendBytes(bytes)));
  // Some leave while they wait, some whose call is under way, those that opened it among them.
  for (const [index, { socket }] of sent.entries())
    if (index % 2 === 0) setTimeout(() => socket.resetAndDestroy(), index * 1.5);
  const stayed = await Promise.all(sent.filter((_, index) => index % 2 === 1).map(({ status }) => status));
  expect(stayed).toEqual(Array(16).fill(200));
  // Long before a lease expires, which would charge the input of what nobody had sent.
  await expect.poll(async () => (await balanceOf(id)).open_requests, { timeout: 5_000 }).toBe(0);
  expect((await balanceOf(id)).reserved_usd).toBe(0);
  expect((await balanceOf(id)).spent_usd).toBeGreaterThan(before);
  for (const { socket } of sent) socket.destroy();
});

it('releases a lone request whose client left while the ledger decided', async () => {
  const { id, token } = await newToken();
  const bytes = bytesFor(token);
  await setMode();
  await run(port, 1, 1, () => bytes);
  await expect.poll(async () => (await balanceOf(id)).open_requests, { timeout: 5_000 }).toBe(0);
  const [{ spent_usd: before }, received] = [await balanceOf(id), upstream.received.length];
  const { socket } = await sendBytes(bytes);
  setTimeout(() => socket.resetAndDestroy(), 30);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await balanceOf(id)).toMatchObject({ open_requests: 0, reserved_usd: 0, spent_usd: before });
  expect(upstream.received.length).toBe(received);
});

it.each(['retryable', 'overloaded'] as const)(
  'answers every request of a shared call that fails as %s, and charges each once',
  async (failure) => {
    const { id, bytes } = await slowToken();
    const received = upstream.received.length;
    await setMode({ failure });
    const sent = await Promise.all(Array.from({ length: 24 }, () => sendBytes(bytes)));
    const statuses = await Promise.all(sent.map(({ status }) => status));
    const { sharedRequests } = await setMode();
    expect(sharedRequests).toBeGreaterThan(0);
    const served = statuses.filter((status) => status === 200).length;
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    if (failure === 'retryable') expect(served).toBe(24);
    else expect(served).toBeLessThanOrEqual(24 - sharedRequests);
    expect(upstream.received.length - received).toBe(served);
    for (const { socket } of sent) socket.destroy();
    if (failure === 'retryable')
      await expect.poll(async () => (await balanceOf(id)).open_requests, { timeout: 5_000 }).toBe(0);
  },
);
