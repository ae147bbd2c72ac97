// What a ledger has for D1: journal rows since the last delivery, and refusals. Delivered in batches, each
// row as often as it takes; D1 keeps a row once.
import { appendRows } from '../metering/log.ts';
import type { LedgerStore } from './ledger-store.ts';
import { type Audit, type LogRow, mostPending, type PendingRow } from './quota.ts';
import { RefusalTally } from './refusal-tally.ts';

/** When rows go to D1. */
export const outboxRhythm = {
  /** This long after the first of them. */
  flushMs: 1_000,
  /** … or this long, while rows keep coming. */
  busyFlushMs: 3_000,
  /** Longest pause between two tries while D1 does not answer. */
  backoffMs: 60_000,
  /** Journal entries handed over at a time; each holds up to some hundred rows. */
  entries: 50,
} as const;

export class Outbox {
  /** Journal entries up to here are in D1. */
  flushedSeq: number;
  private readonly refusals = new RefusalTally();
  private readonly store: LedgerStore;
  private readonly database: () => D1Database;
  private flushedAtMs = 0;
  private failures = 0;

  constructor(store: LedgerStore, database: () => D1Database, flushedSeq: number) {
    this.store = store;
    this.database = database;
    this.flushedSeq = flushedSeq;
  }

  /** Counts a refusal. */
  refused(row: LogRow, nowMs: number): void {
    this.refusals.add(row, nowMs);
  }

  /** Whether something waits, `seq` being the journal's newest entry. */
  isEmpty(seq: number): boolean {
    return this.flushedSeq >= seq && this.refusals.changed().length === 0;
  }

  /** The settled rows that D1 may not have, the newest revision of each. Refusals cost nothing and are left out. */
  pending(): Pick<Audit, 'pending' | 'pendingRows'> {
    const newest = new Map<string, PendingRow>();
    for (const { rows } of this.store.journalAfter(this.flushedSeq, Number.MAX_SAFE_INTEGER)) {
      for (const { id, revision, costNanoUsd } of rows) {
        newest.set(id, { id, revision, costNanoUsd: costNanoUsd ?? 0 });
      }
    }
    const pendingRows = newest.size;
    return { pending: pendingRows > mostPending ? null : [...newest.values()], pendingRows };
  }

  /** When to deliver what has just come in. */
  dueAtMs(nowMs: number): number {
    const busy = nowMs - this.flushedAtMs < outboxRhythm.busyFlushMs;
    return nowMs + (busy ? outboxRhythm.busyFlushMs : outboxRhythm.flushMs);
  }

  /** When to try again what could not be delivered. */
  retryAtMs(nowMs: number): number {
    const pauseMs = outboxRhythm.flushMs * 2 ** Math.min(this.failures, 6);
    return nowMs + Math.min(pauseMs, outboxRhythm.backoffMs);
  }

  /** Delivers all there is. Never throws: what D1 does not take stays. */
  async flush(tokenId: string | null, seq: () => number): Promise<void> {
    try {
      await this.flushRefusals();
      while (this.flushedSeq < seq()) await this.flushJournal(tokenId);
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      console.error(JSON.stringify({ event: 'ledger-flush-failed', error: String(error) }));
    }
  }

  private async flushRefusals(): Promise<void> {
    const rows = this.refusals.changed();
    if (rows.length === 0) return;
    await appendRows(this.database(), rows);
    this.refusals.delivered(rows, Date.now());
  }

  private async flushJournal(tokenId: string | null): Promise<void> {
    const entries = this.store.journalAfter(this.flushedSeq, outboxRhythm.entries);
    const last = entries.at(-1);
    if (last === undefined) throw new Error('the journal has a gap');
    const { spentNanoUsd, lastUsedAtMs } = last.totals;
    const reports = tokenId === null ? [] : [{ tokenId, spentNanoUsd, lastUsedAtMs }];
    await appendRows(
      this.database(),
      entries.flatMap(({ rows }) => rows),
      reports,
    );
    this.flushedSeq = last.seq;
    this.flushedAtMs = Date.now();
  }
}
