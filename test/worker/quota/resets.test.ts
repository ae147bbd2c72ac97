// What a ledger restores after an eviction, a move or a kill, and how its rows reach D1.
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { newRequestId } from '../../../src/metering/request-id.ts';
import { newLedger, type TestLedger } from './ledgers.ts';

afterEach(() => void vi.useRealTimers());

/** Waits until the ledger has persisted so many holds, at most 5 s. */
async function waitForCheckpoint(ledger: TestLedger, holds = 1): Promise<void> {
  const persisted = () =>
    runInDurableObject(ledger.stub, (_, { storage }) => {
      const [row] = storage.sql.exec("SELECT value FROM state WHERE key = 'checkpoint'").toArray();
      return row === undefined ? 0 : JSON.parse(String(row.value)).holds.length;
    });
  await expect.poll(persisted, { timeout: 5_000 }).toBe(holds);
}

it('keeps spend and settled request ids over a reset', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'one' });
  await ledger.rpc().settle([ledger.settlement('one', 42)]);
  await evictDurableObject(ledger.stub);
  await ledger.rpc().settle([ledger.settlement('one', 42)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 42, open: 0 });
  await abortAllDurableObjects();
  await ledger.rpc().settle([ledger.settlement('one', 42)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 42, open: 0 });
});

it('keeps the policy over a reset: a deleted token stays deleted', async () => {
  const ledger = await newLedger();
  await ledger.rpc().configure(ledger.policy({ status: 'deleted', version: 2 }));
  await abortAllDurableObjects();
  expect(await ledger.admit(1, { policyVersion: 2 })).toBe('invalid_api_key');
});

it('restores live reservations after a reset, settles them once, and lets the rest expire', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 1_000 });
  await ledger.admit(10, { requestId: 'one', inputNanoUsd: 3 });
  await ledger.admit(20, { requestId: 'two', inputNanoUsd: 4 });
  await waitForCheckpoint(ledger, 2);
  await abortAllDurableObjects();
  expect(await ledger.rpc().balance()).toMatchObject({ open: 2 });
  await ledger.rpc().settle([ledger.settlement('one', 9)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 9, open: 1 });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
  await ledger.alarm();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 13, reservedNanoUsd: 0, open: 0 });
});

it('settles an orphan once though its ledger is evicted again and again', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'orphan', inputNanoUsd: 9 });
  await waitForCheckpoint(ledger);
  const startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  for (const seconds of [10, 20, 29, 31]) {
    await evictDurableObject(ledger.stub).catch(() => abortAllDurableObjects());
    vi.setSystemTime(startMs + seconds * 1_000);
    expect(await ledger.alarm()).toBe(true);
  }
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 9, open: 0 });
});

it('does not mark the same money as unaccounted again at each wake-up during one long request', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 1_000 });
  await ledger.admit(10, { requestId: 'long' });
  await waitForCheckpoint(ledger);
  const startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  for (let seconds = 8; seconds <= 48; seconds += 8) {
    vi.setSystemTime(startMs + seconds * 1_000);
    await abortAllDurableObjects();
    await ledger.rpc().renew([ledger.renewal({ requestId: 'long', reservedNanoUsd: 10, wantNanoUsd: 10 })]);
    await ledger.alarm();
  }
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 10, open: 1 });
  expect(await ledger.admit(990)).toBe('admitted');
});

/** Creates a ledger with one tiny persisted hold and one of 60 that is not persisted yet, then kills it. */
async function resetWithYoungHold() {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(2);
  await waitForCheckpoint(ledger);
  expect(await ledger.admit(60, { requestId: 'young' })).toBe('admitted');
  await abortAllDurableObjects();
  expect(await ledger.rpc().balance()).toMatchObject({ open: 1 });
  return ledger;
}

it('holds unaccounted money for one lease after a reset, and never overspends', async () => {
  const ledger = await resetWithYoungHold();
  expect(await ledger.admit(60)).toBe('insufficient_quota');
  expect((await ledger.rpc().balance()).reservedNanoUsd).toBeGreaterThanOrEqual(62);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30_001 });
  expect(await ledger.admit(60)).toBe('admitted');
});

it('charges a request from before the reset, though its hold was lost', async () => {
  const ledger = await resetWithYoungHold();
  await ledger.rpc().settle([ledger.settlement('young', 55)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 55, open: 1 });
  expect(await ledger.admit(44)).toBe('insufficient_quota');
});

it('restores a running request from before the reset without holding its money twice', async () => {
  const ledger = await resetWithYoungHold();
  const before = await ledger.rpc().balance();
  const renew = (wantNanoUsd: number) =>
    ledger.rpc().renew([ledger.renewal({ requestId: 'young', reservedNanoUsd: 60, wantNanoUsd })]);
  expect(await renew(60)).toEqual([{ outcome: 'go-on', reservedNanoUsd: 60 }]);
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: before.reservedNanoUsd, open: 2 });
  expect(await renew(90)).toEqual([{ outcome: 'go-on', reservedNanoUsd: 90 }]);
});

it('replaces an orphan’s estimate once, also after an eviction in between', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'orphan', inputNanoUsd: 9 });
  await waitForCheckpoint(ledger);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
  await ledger.alarm();
  await abortAllDurableObjects();
  await ledger.rpc().settle([ledger.settlement('orphan', 25)]);
  await abortAllDurableObjects();
  await ledger.rpc().settle([ledger.settlement('orphan', 77)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 25, open: 0 });
});

it('keeps the request count of a minute over a reset', async () => {
  const ledger = await newLedger({ limits: { rpm: 2 } });
  await ledger.admit(0);
  await ledger.admit(0);
  await waitForCheckpoint(ledger, 2);
  await abortAllDurableObjects();
  expect(await ledger.admit(0)).toBe('rate_limit_exceeded');
});

it('stays exact and within the quota under any order of operations', async () => {
  const quotaNanoUsd = 10_000;
  const ledger = await newLedger({ quotaNanoUsd });
  const random = seededNumbers(7);
  const running = new Map<string, number>();
  const charged = new Map<string, number>();
  const sum = (figures: Map<string, number>) =>
    [...figures.values()].reduce((total, figure) => total + figure, 0);
  for (let step = 0; step < 240; step++) {
    const dice = random();
    const [first] = running;
    if (dice < 0.5) {
      const reserve = Math.ceil(random() * 400);
      if ((await ledger.admit(reserve, { requestId: `r${step}` })) === 'admitted')
        running.set(`r${step}`, reserve);
    } else if (dice < 0.9 && first !== undefined) {
      const [id, reserve] = first;
      const cost = Math.floor(random() * (reserve + 1));
      await ledger.rpc().settle([ledger.settlement(id, cost)]);
      if (dice < 0.6) await ledger.rpc().settle([ledger.settlement(id, cost)]);
      running.delete(id);
      charged.set(id, cost);
    } else if (dice < 0.93) {
      await abortAllDurableObjects();
    } else if (dice < 0.96) {
      await evictDurableObject(ledger.stub).catch(() => undefined);
    } else {
      await ledger.alarm();
    }
    expect(sum(charged) + sum(running)).toBeLessThanOrEqual(quotaNanoUsd);
  }
  for (const [id, reserve] of running) {
    await ledger.rpc().settle([ledger.settlement(id, reserve)]);
    charged.set(id, reserve);
  }
  await ledger.alarm();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: sum(charged), open: 0 });
  expect(await loggedOf(ledger)).toEqual({ rows: charged.size, cost: sum(charged) });
});

it('delivers rows to the log, the roll-ups and the token, each once', async () => {
  const ledger = await newLedger();
  await insertToken(ledger.tokenId);
  for (const [id, cost] of [
    ['one', 5],
    ['two', 6],
    ['three', null],
  ] as const) {
    await ledger.rpc().settle([ledger.settlement(`${ledger.tokenId}${id}`, cost)]);
  }
  await ledger.alarm();
  await ledger.alarm();
  expect(await loggedOf(ledger)).toEqual({ rows: 3, cost: 11 });
  const hourly = await env.DB.prepare(
    'SELECT SUM(requests) AS requests, SUM(cost_nano_usd) AS cost FROM usage_hourly WHERE token_id = ?',
  )
    .bind(ledger.tokenId)
    .first();
  expect(hourly).toEqual({ requests: 3, cost: 11 });
  expect(await spentOf(ledger)).toBe(11);
  const free = await env.DB.prepare('SELECT cost_nano_usd FROM request_log WHERE id = ?')
    .bind(`${ledger.tokenId}three`)
    .first();
  expect(free).toEqual({ cost_nano_usd: null });
});

it('replaces an orphan’s row and its roll-up by the actual ones', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  // The id has the time of the request, by which its row is found again.
  const id = newRequestId();
  await ledger.admit(60, { requestId: id, inputNanoUsd: 9 });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
  await ledger.alarm();
  const row = () =>
    env.DB.prepare('SELECT error_code, usage_source, cost_nano_usd FROM request_log WHERE id = ?')
      .bind(id)
      .first();
  expect(await row()).toEqual({ error_code: 'worker_lost', usage_source: 'estimated', cost_nano_usd: 9 });
  await ledger.rpc().settle([ledger.settlement(id, 25)]);
  await ledger.alarm();
  expect(await row()).toEqual({ error_code: null, usage_source: 'upstream', cost_nano_usd: 25 });
  const hourly = await env.DB.prepare(
    'SELECT SUM(requests) AS requests, SUM(cost_nano_usd) AS cost FROM usage_hourly WHERE token_id = ?',
  )
    .bind(ledger.tokenId)
    .first();
  expect(hourly).toEqual({ requests: 1, cost: 25 });
});

it('keeps undelivered rows during a D1 outage and a reset, and delivers them afterwards', async () => {
  const ledger = await newLedger();
  await insertToken(ledger.tokenId);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await withoutDatabase(ledger);
  await ledger.rpc().settle([ledger.settlement(`${ledger.tokenId}one`, 5)]);
  await ledger.alarm();
  expect(await loggedOf(ledger)).toEqual({ rows: 0, cost: null });
  expect(errors.mock.calls.flat().join()).toContain('ledger-flush-failed');
  await abortAllDurableObjects();
  await withoutDatabase(ledger);
  await ledger.rpc().settle([ledger.settlement(`${ledger.tokenId}two`, 6)]);
  await ledger.alarm();
  await abortAllDurableObjects();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 11 });
  expect(await ledger.alarm()).toBe(true);
  expect(await loggedOf(ledger)).toEqual({ rows: 2, cost: 11 });
  expect(await spentOf(ledger)).toBe(11);
  errors.mockRestore();
});

it('loses nothing in an hour of D1 outage under load, and limits its retries', async () => {
  const ledger = await newLedger();
  await insertToken(ledger.tokenId);
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs });
  let tries = 0;
  await withoutDatabase(ledger, () => {
    tries += 1;
  });
  let settled = 0;
  for (let second = 0; second < 3_600; second += 5) {
    vi.setSystemTime(startMs + second * 1_000);
    await ledger.rpc().settle([ledger.settlement(`${ledger.tokenId}-${second}`, 7)]);
    settled += 1;
    if (second % 15 === 0) await ledger.alarm();
  }
  // After six failures it retries once a minute.
  expect(tries).toBeGreaterThan(40);
  expect(tries).toBeLessThan(75);
  // A reset in the middle, with more undelivered rows than memory holds.
  await abortAllDurableObjects();
  await ledger.rpc().settle([ledger.settlement(`${ledger.tokenId}-3595`, 7)]);
  vi.setSystemTime(startMs + 3_700_000);
  for (let alarms = 0; alarms < 3; alarms++) await ledger.alarm();
  expect(await loggedOf(ledger)).toEqual({ rows: settled, cost: 7 * settled });
  expect(await spentOf(ledger)).toBe(7 * settled);
  errors.mockRestore();
});

/** Makes every batch of the ledger's database fail until the ledger's next reset. */
async function withoutDatabase(ledger: TestLedger, onTry: () => void = () => {}): Promise<void> {
  await runInDurableObject(ledger.stub, (instance) => {
    const DB = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: () => {
        onTry();
        return Promise.reject(new Error('D1 is away'));
      },
    };
    Object.defineProperty(instance, 'env', { value: { ...env, DB } });
  });
}

async function insertToken(id: string): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO tokens (id, account_id, name, hint, created_at) VALUES (?, 'acc_admin', 'x', 'x', 0)`,
  )
    .bind(id)
    .run();
}

const loggedOf = (ledger: TestLedger) =>
  env.DB.prepare(
    'SELECT COUNT(*) AS rows, SUM(cost_nano_usd) AS cost FROM request_log WHERE token_id = ? AND status = 200',
  )
    .bind(ledger.tokenId)
    .first();

const spentOf = (ledger: TestLedger) =>
  env.DB.prepare('SELECT spent_nano_usd FROM tokens WHERE id = ?')
    .bind(ledger.tokenId)
    .first('spent_nano_usd');

/** Mulberry32: returns the same numbers in every run. */
function seededNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
