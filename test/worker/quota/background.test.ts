// Background responses: their reservation is held until their end is seen, whatever fails meanwhile.
import { abortAllDurableObjects } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { emptyUsage } from '../../../src/formats/usage.ts';
import { overrideRates } from '../../../src/metering/price.ts';
import type { BackgroundOrder } from '../../../src/quota/records.ts';
import { logRow } from '../stores/rows.ts';
import { hash, newLedger, type TestLedger } from './ledgers.ts';

interface UpstreamRequest {
  method: string;
  url: string;
  authorization: string | null;
}

let requests: UpstreamRequest[] = [];
let respond: () => Response | Promise<Response> = () => state('queued');
let startMs = 0;

const state = (status: string, rest: object = {}) =>
  Response.json({ id: 'resp_1', object: 'response', status, usage: null, output: [], ...rest });

beforeEach(async () => {
  requests = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    requests.push({
      method: init.method ?? '',
      url,
      authorization: new Headers(init.headers).get('authorization'),
    });
    return respond();
  });
  await env.DB.prepare(
    `INSERT INTO channels (id, name, provider, base_url, created_at, updated_at)
     VALUES ('ch_bg', 'bg', 'openai', 'https://upstream.test', 0, 0) ON CONFLICT (id) DO NOTHING`,
  ).run();
  startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Costs one nano-USD for each input token and ten for each output token. */
const rates = overrideRates({ input: 0.001, output: 0.01 });

async function startBackground(fields: Partial<BackgroundOrder> = {}) {
  const ledger = await newLedger({ quotaNanoUsd: 1_000 });
  const requestId = `${ledger.tokenId}-bg`;
  await ledger.admit(600, { requestId, inputNanoUsd: 5 });
  const row = logRow({
    id: requestId,
    tokenId: ledger.tokenId,
    createdAtMs: startMs,
    costNanoUsd: 0,
    usageSource: null,
  });
  const order: BackgroundOrder = {
    row: { ...row, inputTokens: 0, outputTokens: 0 },
    question: { hash, ip: null, model: 'gpt-4o' },
    responseId: 'resp_1',
    channelId: 'ch_bg',
    keyId: null,
    reservedNanoUsd: 600,
    typicalInput: { ...emptyUsage(), inputTokens: 9 },
    rates,
    multiplier: 1,
    ...fields,
  };
  const renewal = ledger.renewal({ requestId, reservedNanoUsd: 600, wantNanoUsd: 600, inputNanoUsd: 5 });
  await ledger.rpc().trackBackground(renewal, order);
  return { ledger, requestId, renewal, order };
}

async function alarmAt(ledger: TestLedger, ms: number): Promise<void> {
  vi.setSystemTime(startMs + ms);
  await ledger.alarm();
}

const rowOf = (id: string) =>
  env.DB.prepare(
    'SELECT error_code, usage_source, cost_nano_usd, input_tokens, output_tokens FROM request_log WHERE id = ?',
  )
    .bind(id)
    .first();

it('holds a background reservation far beyond a lease, polls ever less often, and charges the upstream’s figure', async () => {
  const { ledger, requestId } = await startBackground();
  respond = () => state('in_progress');
  await ledger.alarm();
  expect(requests).toHaveLength(0);
  for (let ms = 0; ms <= 300_000; ms += 1_000) await alarmAt(ledger, ms);
  expect(requests.length).toBeGreaterThan(10);
  expect(requests.length).toBeLessThan(25);
  expect(requests[0]).toMatchObject({ method: 'GET', url: 'https://upstream.test/v1/responses/resp_1' });
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 0, reservedNanoUsd: 600, open: 1 });
  respond = () => state('completed', { usage: { input_tokens: 20, output_tokens: 30, total_tokens: 50 } });
  await alarmAt(ledger, 340_000);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 320, reservedNanoUsd: 0, open: 0 });
  await alarmAt(ledger, 345_000);
  expect(await rowOf(requestId)).toEqual({
    error_code: null,
    usage_source: 'upstream',
    cost_nano_usd: 320,
    input_tokens: 20,
    output_tokens: 30,
  });
  const before = requests.length;
  await alarmAt(ledger, 400_000);
  expect(requests).toHaveLength(before);
});

it('continues to poll after a reset, with its alarm set again', async () => {
  const { ledger } = await startBackground();
  respond = () => state('in_progress');
  await alarmAt(ledger, 3_000);
  await abortAllDurableObjects();
  vi.setSystemTime(startMs + 120_000);
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 600, open: 1 });
  respond = () => state('completed', { usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } });
  expect(await ledger.alarm()).toBe(true);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 21, reservedNanoUsd: 0, open: 0 });
});

it('cancels a response whose token lost its access, and charges what was used', async () => {
  const { ledger, requestId } = await startBackground();
  await ledger.rpc().configure(ledger.policy({ version: 2, status: 'deleted' }));
  respond = () => state('cancelled', { output: [{ type: 'message', content: [{ text: 'x'.repeat(30) }] }] });
  await alarmAt(ledger, 10);
  expect(requests).toMatchObject([
    { method: 'POST', url: 'https://upstream.test/v1/responses/resp_1/cancel' },
  ]);
  // The upstream reported no usage: nine tokens of input, thirty characters of output.
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 109, open: 0 });
  await alarmAt(ledger, 5_000);
  expect(await rowOf(requestId)).toMatchObject({
    error_code: 'response_cancelled',
    usage_source: 'estimated',
  });
});

it('charges the reservation for a response that was deleted before its end was seen', async () => {
  const { ledger, requestId } = await startBackground();
  respond = () => Response.json({ error: {} }, { status: 404 });
  await alarmAt(ledger, 2_000);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 600, reservedNanoUsd: 0, open: 0 });
  await alarmAt(ledger, 6_000);
  expect(await rowOf(requestId)).toMatchObject({ error_code: 'background_gone', usage_source: 'estimated' });
});

it('tolerates an upstream that fails for a while, and gives up after an hour of failures', async () => {
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { ledger, requestId } = await startBackground();
  respond = () => new Response('no', { status: 503 });
  for (let ms = 0; ms < 3_600_000; ms += 20_000) await alarmAt(ledger, ms);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 0, reservedNanoUsd: 600 });
  await alarmAt(ledger, 3_660_000);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 600, reservedNanoUsd: 0 });
  await alarmAt(ledger, 3_670_000);
  expect(await rowOf(requestId)).toMatchObject({ error_code: 'background_unanswered' });
  expect(warnings.mock.calls.flat().join()).toContain('background-response-unanswered');
  warnings.mockRestore();
});

it('charges a background response once when its stream completes after all', async () => {
  const { ledger, requestId, renewal, order } = await startBackground();
  respond = () => state('in_progress');
  await ledger.rpc().renew([renewal]);
  await alarmAt(ledger, 20_000);
  expect(requests).toHaveLength(1);
  await ledger.rpc().settle([ledger.settlement(requestId, 320)]);
  await ledger.rpc().trackBackground(renewal, order);
  await alarmAt(ledger, 60_000);
  expect(requests).toHaveLength(1);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 320, reservedNanoUsd: 0, open: 0 });
});

it('charges a finished response although its abandoned stream still reports it as running', async () => {
  const { ledger, requestId, renewal } = await startBackground();
  respond = () => state('completed', { usage: { input_tokens: 20, output_tokens: 30, total_tokens: 50 } });
  await ledger.rpc().renew([renewal]);
  await alarmAt(ledger, 3_000);
  await ledger.rpc().renew([renewal]);
  await ledger.rpc().settle([ledger.settlement(requestId, 77)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 320, reservedNanoUsd: 0, open: 0 });
});
