// What a request costs in rows written (D1's own figure, which bills each row of a table and of an index), when ledgers
// deliver in the outbox's rhythm. Prints the table of DECISIONS.md.
import { env } from 'cloudflare:workers';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import type { LogRow } from '../../../src/metering/log-row.ts';
import { newRequestId } from '../../../src/metering/request-id.ts';
import { outboxRhythm } from '../../../src/quota/outbox.ts';
import { emptyDatabase } from '../api/relay.ts';
import { logRow } from './rows.ts';

const startMs = Date.parse('2026-11-03T10:00:00Z');
const seconds = 60;

/** Cloudflare's price of a million rows written beyond the included ones: https://developers.cloudflare.com/d1/platform/pricing/ (2026-12). */
const usdPerMillionRows = 1;

beforeEach(emptyDatabase);

/** Delivers the arrivals (milliseconds) of one token as its ledger does, and returns the rows written. */
async function deliver(
  tokenId: string,
  arrivals: readonly number[],
  more: (index: number) => Partial<LogRow> = () => ({}),
): Promise<number> {
  let written = 0;
  let flushedAtMs = Number.NEGATIVE_INFINITY;
  for (let next = 0; next < arrivals.length; ) {
    const first = arrivals[next] ?? 0;
    const isBusy = first - flushedAtMs < outboxRhythm.busyFlushMs;
    const dueMs = first + (isBusy ? outboxRhythm.busyFlushMs : outboxRhythm.flushMs);
    const rows: LogRow[] = [];
    for (; next < arrivals.length && (arrivals[next] ?? 0) <= dueMs; next++) {
      const createdAtMs = startMs + (arrivals[next] ?? 0);
      rows.push(logRow({ id: newRequestId(createdAtMs), createdAtMs, tokenId, ...more(next) }));
    }
    const report = { tokenId, spentNanoUsd: dueMs, lastUsedAtMs: dueMs };
    written += await rowsWrittenBy((db) => appendRows(db, rows, [report]));
    flushedAtMs = dueMs;
  }
  return written;
}

async function rowsWrittenBy(work: (db: D1Database) => Promise<unknown>): Promise<number> {
  let written = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    const results = await env.DB.batch(statements);
    for (const { meta } of results) written += meta.rows_written;
    return results;
  };
  await work({ prepare: (sql: string) => env.DB.prepare(sql), batch } as unknown as D1Database);
  return written;
}

const table: Record<string, { requests: number; 'rows per request': number; 'USD per million': number }> = {};

function record(name: string, requests: number, written: number): number {
  const each = written / requests;
  table[name] = {
    requests,
    'rows per request': Number(each.toFixed(2)),
    'USD per million': Number((each * usdPerMillionRows).toFixed(2)),
  };
  return each;
}

afterAll(() => console.table(table));

it('writes few rows for a lone request', async () => {
  await token('tok_1');
  await deliver('tok_1', [0]);
  const again = await deliver('tok_1', [600_000]);
  expect(record('a lone request', 1, again)).toBeLessThanOrEqual(8);
  const inNewHour = await deliver('tok_1', [4_000_000]);
  expect(record('the first of an hour', 1, inNewHour)).toBeLessThanOrEqual(8);
});

it('writes hardly more than one row for each request of a busy token', async () => {
  await token('tok_1');
  const everySecond = Array.from({ length: seconds }, (_, index) => index * 1_000);
  const slow = record('1/s on one token', seconds, await deliver('tok_1', everySecond));
  const often = Array.from({ length: seconds * 100 }, (_, index) => index * 10);
  const fast = record('100/s on one token', seconds * 100, await deliver('tok_1', often));
  expect([slow, fast].map(Math.ceil)).toEqual([2, 2]);
  const oneEach = (index: number) => ({
    endUser: `user ${index}`,
    session: `s ${index}`,
    tags: [`id=${index}`],
  });
  await token('tok_2');
  const attributed = record(
    'the same with an end user each',
    often.length,
    await deliver('tok_2', often, oneEach),
  );
  // What callers name is in the row alone.
  expect(Math.abs(attributed - fast)).toBeLessThan(0.01);
});

it('writes at most two rows for each request of a thousand tokens', async () => {
  // 25 of the 1,000: tokens do not share rows. Arrivals are random, one in ten seconds for each token.
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 4_294_967_296;
  };
  let requests = 0;
  let written = 0;
  for (let index = 0; index < 25; index++) {
    const arrivals = Array.from({ length: 30 }, () => Math.floor(random() * 300_000)).sort(
      (one, other) => one - other,
    );
    await token(`tok_${index}`);
    requests += arrivals.length;
    written += await deliver(`tok_${index}`, arrivals);
  }
  expect(record('100/s over 1,000 tokens', requests, written)).toBeLessThanOrEqual(2);
});

async function token(id: string): Promise<void> {
  const sql = `INSERT INTO tokens (id, account_id, name, hint, created_at) VALUES (?, 'acc_admin', 'n', 'h', 1)`;
  await env.DB.prepare(sql).bind(id).run();
}
