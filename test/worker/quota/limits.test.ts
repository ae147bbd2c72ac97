// Limits of requests and tokens a minute and of concurrent requests, and the log rows of refusals.
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { ledgerOf, newLedger, type TestLedger } from './ledgers.ts';

afterEach(() => void vi.useRealTimers());

const minuteStart = Date.parse('2030-05-01T10:00:00Z');

function at(ms: number): void {
  if (vi.isFakeTimers()) vi.setSystemTime(minuteStart + ms);
  else vi.useFakeTimers({ toFake: ['Date'], now: minuteStart + ms });
}

async function refusal(ledger: TestLedger, fields: object = {}) {
  const admission = await ledger.rpc().admit(ledger.admissionRequest(fields), []);
  if (admission?.outcome !== 'refused') throw new Error(`not refused: ${JSON.stringify(admission)}`);
  return admission;
}

it('allows rpm requests in any sixty seconds, and reports how long to wait', async () => {
  at(0);
  const ledger = await newLedger({ limits: { rpm: 3 } });
  for (const ms of [0, 30_000, 59_000]) {
    at(ms);
    expect(await ledger.admit(0)).toBe('admitted');
  }
  const { code, retryAfterMs, left } = await refusal(ledger);
  expect(code).toBe('rate_limit_exceeded');
  expect(left).toMatchObject({ rpm: { limit: 3, remaining: 0 } });
  at(59_000 + (retryAfterMs ?? 0) - 1);
  expect((await refusal(ledger)).code).toBe('rate_limit_exceeded');
  at(59_000 + (retryAfterMs ?? 0));
  expect(await ledger.admit(0)).toBe('admitted');
});

it('never allows more than rpm in any window of sixty seconds', async () => {
  at(0);
  const ledger = await newLedger({ limits: { rpm: 10 } });
  const admitted: number[] = [];
  for (let ms = 0; ms < 150_000; ms += 1_700) {
    at(ms);
    if ((await ledger.admit(0)) === 'admitted') admitted.push(ms);
  }
  for (const from of admitted)
    expect(admitted.filter((ms) => ms >= from && ms < from + 60_000).length).toBeLessThanOrEqual(10);
  expect(admitted.length).toBeGreaterThanOrEqual(20);
});

it('allows tpm tokens a minute, by the estimate and then by the actual figure', async () => {
  at(0);
  const ledger = await newLedger({ limits: { tpm: 1_000 } });
  expect(await ledger.admit(0, { requestId: 'one', tokens: 800 })).toBe('admitted');
  const { message, retryAfterMs } = await refusal(ledger, { tokens: 201 });
  expect(message).toContain('201');
  expect(retryAfterMs).toBeGreaterThan(59_000);
  expect(await ledger.admit(0, { requestId: 'two', tokens: 200 })).toBe('admitted');
  // Only 10 tokens were really used, which the settlement reports half a minute later.
  at(30_000);
  await ledger.rpc().settle([ledger.settlement('one', 0)]);
  expect(await ledger.admit(0, { tokens: 790 })).toBe('admitted');
  expect((await refusal(ledger, { tokens: 1 })).code).toBe('rate_limit_exceeded');
});

it('allows a number of concurrent requests until one ends', async () => {
  const ledger = await newLedger({ limits: { concurrency: 2 } });
  expect(await ledger.admit(0, { requestId: 'one' })).toBe('admitted');
  expect(await ledger.admit(0)).toBe('admitted');
  expect(await refusal(ledger)).toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 1_000 });
  await ledger.rpc().settle([ledger.settlement('one', 0)]);
  expect(await ledger.admit(0)).toBe('admitted');
});

it('does not count a refused request', async () => {
  const ledger = await newLedger({ limits: { rpm: 2 }, quotaNanoUsd: 10 });
  for (let times = 0; times < 5; times++) expect(await ledger.admit(11)).toBe('insufficient_quota');
  expect(await ledger.admit(1)).toBe('admitted');
  expect(await ledger.admit(1)).toBe('admitted');
  expect((await refusal(ledger)).code).toBe('rate_limit_exceeded');
});

it('writes equal refusals of one minute as one row with a count', async () => {
  at(5_000);
  const ledger = await newLedger({ status: 'disabled' });
  for (let times = 0; times < 4; times++) await refusal(ledger);
  await refusal(ledger, { model: 'gpt-4o-mini' });
  await ledger.alarm();
  for (let times = 0; times < 3; times++) await refusal(ledger);
  at(65_000);
  await refusal(ledger);
  await ledger.alarm();
  expect(await rowsOf(ledger)).toEqual([
    {
      created_at: minuteStart + 5_000,
      requested_model: 'gpt-4o',
      status: 401,
      error_code: 'token_disabled',
      count: 7,
    },
    {
      created_at: minuteStart + 5_000,
      requested_model: 'gpt-4o-mini',
      status: 401,
      error_code: 'token_disabled',
      count: 1,
    },
    {
      created_at: minuteStart + 65_000,
      requested_model: 'gpt-4o',
      status: 401,
      error_code: 'token_disabled',
      count: 1,
    },
  ]);
  const { results } = await env.DB.prepare(
    'SELECT SUM(requests) AS requests, SUM(errors) AS errors FROM usage_hourly WHERE token_id = ?',
  )
    .bind(ledger.tokenId)
    .all();
  expect(results).toEqual([{ requests: 9, errors: 9 }]);
});

it('logs the status that the caller received, which for a spent quota differs by format', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 1 });
  for (const format of ['openai', 'anthropic', 'gemini'])
    await refusal(ledger, { reserveNanoUsd: 2, format, endpoint: format });
  await ledger.alarm();
  const rows = await rowsOf(ledger);
  expect(rows.map(({ status }) => status).sort()).toEqual([402, 429, 429]);
});

it('reports nothing about an unknown token', async () => {
  const stranger = ledgerOf('tok_that_never_was');
  expect(await stranger.admit(1)).toBe('no policy');
  expect(await stranger.rpc().inspect({ hash: 'x', ip: null, model: null })).toBeNull();
});

async function rowsOf(ledger: TestLedger) {
  const { results } = await env.DB.prepare(
    'SELECT created_at, requested_model, status, error_code, count FROM request_log WHERE token_id = ? ORDER BY created_at, requested_model',
  )
    .bind(ledger.tokenId)
    .all<{ status: number }>();
  return results;
}

it('counts the output of a running stream against tpm, and returns cached input at its end', async () => {
  at(0);
  const ledger = await newLedger({ limits: { tpm: 1_000 } });
  expect(await ledger.admit(0, { requestId: 'stream', tokens: 100 })).toBe('admitted');
  expect(await ledger.admit(0, { requestId: 'two', tokens: 100 })).toBe('admitted');
  const [answer] = await ledger.rpc().renew([ledger.renewal({ requestId: 'stream', runningTokens: 800 })]);
  expect(answer?.outcome).toBe('go-on');
  // 100 and 700 more for the stream and 100 for the other request leave 100.
  expect((await refusal(ledger, { tokens: 101 })).left).toMatchObject({ tpm: { remaining: 100 } });
  expect(await ledger.admit(0, { requestId: 'three', tokens: 100 })).toBe('admitted');
  await ledger.rpc().settle([{ ...ledger.settlement('two', 0), tokens: 1 }]);
  expect(await ledger.admit(0, { tokens: 99 })).toBe('admitted');
});

it('refuses input beyond tpm permanently, and a full minute temporarily', async () => {
  at(0);
  const ledger = await newLedger({ limits: { tpm: 1_000 } });
  expect(await refusal(ledger, { tokens: 1_001 })).toMatchObject({ isFinal: true });
  expect(await ledger.admit(0, { requestId: 'one', tokens: 1_000 })).toBe('admitted');
  const full = await refusal(ledger, { tokens: 0 });
  expect(full.isFinal).toBeUndefined();
  expect(full.retryAfterMs).toBeGreaterThan(59_000);
});
