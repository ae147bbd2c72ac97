// Background responses end to end: the cost that the upstream reports is charged, though the client left and the
// relay was killed meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';

const price = { input: 1, output: 4 };
const usage = { input_tokens: 100, output_tokens: 50, total_tokens: 150 };
const costUsd = (100 * 1 + 50 * 4) / 1e6;

let state: string;
let relay: TestRelay;
let upstream: TestUpstream;
let status = 'in_progress';
let cancelled = 0;

const response = () => ({
  id: 'resp_background',
  object: 'response',
  status,
  background: true,
  output: [],
  usage: status === 'completed' ? usage : null,
});

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'relay-background-'));
  upstream = await startUpstream(({ method, path, body }, answer) => {
    if (path.endsWith('/cancel')) {
      cancelled += 1;
      status = 'cancelled';
    }
    if (method === 'POST' && JSON.parse(String(body) || '{}').stream === true) {
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      const event = { type: 'response.created', sequence_number: 0, response: response() };
      answer.write(`event: response.created\ndata: ${JSON.stringify(event)}\n\n`);
      return;
    }
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(response()));
  });
  relay = await startRelay({}, state);
  const keys = ['the-key'];
  await relay.channel({ name: 'o', provider: 'openai', base_url: upstream.url, keys, models: ['bg'] });
  await relay.manage('PUT', '/api/prices/bg', price);
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
  rmSync(state, { recursive: true, force: true });
});
beforeEach(() => {
  status = 'in_progress';
  upstream.received.length = 0;
});

function create(token: string, fields: object = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${relay.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bg', input: 'Think long.', background: true, ...fields }),
    ...(signal && { signal }),
  });
}

interface Balance {
  spent_usd: number;
  reserved_usd: number;
  open_requests: number;
}

const balanceOf = (id: string) => relay.manage<Balance>('GET', `/api/tokens/${id}`);

async function atRest(id: string): Promise<Balance> {
  const deadlineMs = Date.now() + 40_000;
  for (;;) {
    const balance = await balanceOf(id);
    if (balance.open_requests === 0) return balance;
    if (Date.now() > deadlineMs) throw new Error(`still open: ${JSON.stringify(balance)}`);
    await delay(200);
  }
}

it('charges a background response by the upstream’s figure after the relay was killed', async () => {
  const { id, token } = await relay.token({ quota_usd: 1 });
  const answer = await create(token);
  expect(await answer.json()).toMatchObject({ id: 'resp_background', status: 'in_progress' });
  await delay(500);
  const held = await balanceOf(id);
  expect(held).toMatchObject({ spent_usd: 0, open_requests: 1 });
  expect(held.reserved_usd).toBeGreaterThan(0.016);
  await relay.kill();
  relay = await startRelay({}, state);
  status = 'completed';
  expect((await atRest(id)).spent_usd).toBe(costUsd);
  const polls = upstream.received.filter(({ method }) => method === 'GET');
  expect(polls.length).toBeGreaterThan(0);
  expect(polls[0]?.path).toBe('/v1/responses/resp_background');
  expect(polls[0]?.headers.authorization).toBe('Bearer the-key');
  await delay(4_500);
  const { data } = await relay.manage<{ data: object[] }>('GET', `/api/logs?token=${id}`);
  expect(data).toMatchObject([
    { status: 200, usage_source: 'upstream', input_tokens: 100, output_tokens: 50, cost_usd: costUsd },
  ]);
});

it('tracks a background response to its end when the client leaves the stream', async () => {
  const { id, token } = await relay.token({ quota_usd: 1 });
  const leave = new AbortController();
  const answer = await create(token, { stream: true }, leave.signal);
  await answer.body?.getReader().read();
  await delay(200);
  leave.abort();
  await delay(1_000);
  expect(await balanceOf(id)).toMatchObject({ spent_usd: 0, open_requests: 1 });
  status = 'completed';
  expect((await atRest(id)).spent_usd).toBe(costUsd);
});

it('cancels a background response upstream when its token is deleted', async () => {
  const { id, token } = await relay.token({ quota_usd: 1 });
  await create(token);
  await delay(300);
  await relay.manage('DELETE', `/api/tokens/${id}`);
  const deadlineMs = Date.now() + 3_000;
  while (cancelled === 0 && Date.now() < deadlineMs) await delay(50);
  expect(cancelled).toBe(1);
});
