// Delivers journal rows and refusals to D1 in batches. A row may be delivered several times; D1 keeps it once.
import { withTimer } from '../lib/deadline-timer.ts';
import { logError } from '../lib/log.ts';
import { appendRows, probeLog, type SpentReport } from '../metering/log.ts';
import type { LogRow, PendingRow } from '../metering/log-row.ts';
import { schemaReadiness } from '../schema/readiness.ts';
import type { LedgerStore } from './ledger-store.ts';
import { type Audit, mostPending } from './quota.ts';
import { RefusalTally } from './refusal-tally.ts';

/** When rows are delivered to D1. */
export const outboxRhythm = {
  /** This long after the first row. A page of the log that needs it sooner asks for it (ledger.ts, `deliverLog`). */
  flushMs: 1_000,
  /**
   * A delivery writes two or three rows besides those of the log: a token in use delivers this rarely, so that even one
   * request in ten seconds costs less than two rows.
   */
  busyFlushMs: 20_000,
  /** The longest pause between two attempts while D1 does not answer. */
  backoffMs: 60_000,
  /** A delivery that takes longer has failed. It may be repeated safely. */
  timeoutMs: 30_000,
  /** Journal entries are delivered together up to this many rows: about 2 MB, and one second of work for D1. */
  rows: 2_000,
  /**
   * After this many failures in a row, a test write shows whether D1 accepts anything. If it does, the rows are
   * at fault.
   */
  failuresBeforeProbe: 3,
} as const;

export class Outbox {
  /** Journal entries up to here are in D1. */
  flushedSeq: number;
  private readonly refusals = new RefusalTally();
  private readonly store: LedgerStore;
  private readonly database: () => D1Database;
  private flushedAtMs = 0;
  private failures = 0;
  /** Since when D1 takes nothing. Null: it does. */
  failingSinceMs: number | null = null;
  /** The alarm and a page of the log may ask for a delivery at the same time. */
  private running: Promise<void> | null = null;
  /** D1 has failed. No delivery is attempted before this time. */
  private notBeforeMs = 0;

  constructor(store: LedgerStore, database: () => D1Database, flushedSeq: number) {
    this.store = store;
    this.database = database;
    this.flushedSeq = flushedSeq;
  }

  /** Counts a refusal. */
  recordRefusal(row: LogRow, nowMs: number): void {
    this.refusals.add(row, nowMs);
  }

  /** Whether nothing waits. `seq` is the newest journal entry. */
  isEmpty(seq: number): boolean {
    return this.flushedSeq >= seq && this.refusals.changed().length === 0;
  }

  /**
   * Returns the settled rows that D1 may lack, the newest revision of each. Refusals cost nothing and are left
   * out.
   */
  pending(): Pick<Audit, 'pending' | 'pendingRows'> {
    const newest = new Map<string, PendingRow>();
    for (const { rows } of this.store.journalAfter(this.flushedSeq, Number.MAX_SAFE_INTEGER)) {
      for (const { id, createdAtMs, revision, costNanoUsd } of rows) {
        newest.set(id, { id, createdAtMs, revision, costNanoUsd: costNanoUsd ?? 0 });
      }
    }
    const pendingRows = newest.size;
    return { pending: pendingRows > mostPending ? null : [...newest.values()], pendingRows };
  }

  /** Returns when to deliver new rows: soon, or, after a failure, at the next attempt. */
  dueAtMs(nowMs: number): number {
    const busy = nowMs - this.flushedAtMs < outboxRhythm.busyFlushMs;
    return Math.max(nowMs + (busy ? outboxRhythm.busyFlushMs : outboxRhythm.flushMs), this.notBeforeMs);
  }

  /**
   * Delivers everything unless it is not time yet. Never throws: rows that D1 does not accept stay and are
   * retried.
   */
  async flush(tokenId: string | null, seq: () => number): Promise<void> {
    this.running ??= this.flushNow(tokenId, seq).finally(() => {
      this.running = null;
    });
    await this.running;
  }

  private async flushNow(tokenId: string | null, seq: () => number): Promise<void> {
    if (Date.now() < this.notBeforeMs) return;
    try {
      // Without this check, a database that lacks a column would look like one that rejects each row.
      const readiness = await schemaReadiness(this.database());
      if (readiness.state === 'failed') throw new Error(readiness.reason);
      if (this.failures >= outboxRhythm.failuresBeforeProbe) await this.probe();
      // Charges come first: a refusal that cannot be delivered must not delay them.
      while (this.flushedSeq < seq()) await this.flushJournal(tokenId);
      await this.flushRefusals();
      this.failures = 0;
      this.failingSinceMs = null;
    } catch (error) {
      this.failingSinceMs ??= Date.now();
      const pauseMs = Math.min(outboxRhythm.flushMs * 2 ** this.failures, outboxRhythm.backoffMs);
      this.failures = Math.min(this.failures + 1, 10);
      this.notBeforeMs = Date.now() + pauseMs;
      logError('ledger-flush-failed', { pauseMs, error });
    }
  }

  private async flushRefusals(): Promise<void> {
    const rows = this.refusals.changed();
    if (rows.length === 0) return;
    await this.deliver(rows, []);
    this.refusals.delivered(rows, Date.now());
  }

  private async flushJournal(tokenId: string | null): Promise<void> {
    const entries = this.store.journalAfter(this.flushedSeq, outboxRhythm.rows);
    const last = entries.at(-1);
    if (last === undefined) throw new Error('the journal has a gap');
    const { spentNanoUsd, lastUsedAtMs } = last.totals;
    const reports = tokenId === null ? [] : [{ tokenId, spentNanoUsd, lastUsedAtMs }];
    await this.deliver(
      entries.flatMap(({ rows }) => rows),
      reports,
    );
    this.flushedSeq = last.seq;
    this.flushedAtMs = Date.now();
  }

  /**
   * Throws when D1 fails or does not answer in time. A row that D1 rejects while it accepts others is delivered
   * without its texts. If that fails too, it is reported and left out: the rows behind it and the token's total
   * must arrive.
   */
  private async deliver(rows: LogRow[], reports: SpentReport[]): Promise<void> {
    try {
      await this.append(rows, reports);
    } catch (error) {
      const [row] = rows;
      if (row === undefined || !this.isOfRows(error)) throw error;
      if (rows.length === 1) return this.deliverBare(row, reports);
      const half = Math.ceil(rows.length / 2);
      await this.deliver(rows.slice(0, half), []);
      await this.deliver(rows.slice(half), reports);
    }
  }

  private async deliverBare(row: LogRow, reports: SpentReport[]): Promise<void> {
    try {
      await this.append([bareRow(row)], reports);
    } catch (error) {
      await this.probe();
      logError('log-row-rejected', { id: row.id, error });
      await this.append([], reports);
    }
  }

  /** Returns whether D1 rejects the rows: it says so, or it accepts other writes. */
  private isOfRows(error: unknown): boolean {
    const saysSo = /SQLITE_(TOOBIG|CONSTRAINT|MISMATCH)|too (big|large)/i.test(String(error));
    return saysSo || this.failures >= outboxRhythm.failuresBeforeProbe;
  }

  private async append(rows: LogRow[], reports: SpentReport[]): Promise<void> {
    const delivery = appendRows(this.database(), rows, reports).then(() => 'delivered' as const);
    if ((await withTimer(delivery, outboxRhythm.timeoutMs)) === null) throw new Error('D1 does not answer');
  }

  /** Throws unless D1 accepts a write. */
  private async probe(): Promise<void> {
    const probe = probeLog(this.database()).then(() => 'taken' as const);
    if ((await withTimer(probe, outboxRhythm.timeoutMs)) === null) throw new Error('D1 does not answer');
  }
}

/** Keeps only the columns that a row needs: token, time, and cost. */
function bareRow(row: LogRow): LogRow {
  return {
    ...row,
    requestedModel: null,
    upstreamModel: null,
    servedModel: null,
    errorCode: null,
    errorClass: null,
    errorMessage: null,
    endUser: null,
    session: null,
    tags: null,
    attempts: [],
    dropped: [],
    charge: null,
  };
}
