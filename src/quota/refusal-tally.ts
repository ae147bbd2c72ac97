// Refused requests have rows too, but a client that hammers must not write one each time: equal refusals
// within a minute are one row with a count. In memory only; no money depends on it.
import { errorStatus } from '../formats/api-errors.ts';
import type { LogRow } from '../metering/log-row.ts';
import { blankRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import type { AdmissionAsk, Refusal } from './quota.ts';

/** Bounds of what refusals leave behind: a caller pays nothing for them, and each row takes space in the database. */
export const tallyLimits = {
  /** Refusals of a token that are kept apart within a minute; the rest of that minute is counted without model names. */
  rowsPerMinute: 30,
  /** Rows that wait while D1 is away; beyond that the oldest are let go. */
  rows: 200,
} as const;

const minuteMs = 60_000;

interface Tallied {
  row: LogRow;
  minute: number;
  deliveredCount: number;
}

export class RefusalTally {
  private readonly tallied = new Map<string, Tallied>();

  /** Counts a refusal: into the row of its like within the minute, or into a new one. */
  add(row: LogRow, nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs);
    const key = [row.errorCode, row.endpoint, row.requestedModel, minute].join(' ');
    if (this.count(key)) return;
    const isFull = this.rowsOf(minute) >= tallyLimits.rowsPerMinute;
    if (isFull) this.addNameless(row, minute);
    else this.keep(key, row, minute);
  }

  /** The error codes are few, and so are the rows that have nothing but a code. */
  private addNameless(row: LogRow, minute: number): void {
    const key = [row.errorCode, '', '', minute].join(' ');
    if (!this.count(key)) this.keep(key, { ...row, requestedModel: null }, minute);
  }

  private keep(key: string, row: LogRow, minute: number): void {
    const oldest = this.tallied.keys().next().value;
    if (this.tallied.size >= tallyLimits.rows && oldest !== undefined) this.tallied.delete(oldest);
    this.tallied.set(key, { row, minute, deliveredCount: 0 });
  }

  private count(key: string): boolean {
    const like = this.tallied.get(key);
    if (like === undefined) return false;
    const count = like.row.count + 1;
    like.row = { ...like.row, count, revision: count };
    return true;
  }

  private rowsOf(minute: number): number {
    let rows = 0;
    for (const tallied of this.tallied.values()) if (tallied.minute === minute) rows += 1;
    return rows;
  }

  /** The rows that D1 does not have in their present form. */
  changed(): LogRow[] {
    return [...this.tallied.values()].flatMap(({ row, deliveredCount }) =>
      row.count > deliveredCount ? [row] : [],
    );
  }

  /** D1 has these rows now. Rows whose minute is over are let go. */
  delivered(rows: LogRow[], nowMs: number): void {
    const counts = new Map(rows.map(({ id, count }) => [id, count]));
    for (const [key, tallied] of this.tallied) {
      tallied.deliveredCount = counts.get(tallied.row.id) ?? tallied.deliveredCount;
      const over = tallied.row.createdAtMs < nowMs - 2 * minuteMs;
      if (over && tallied.row.count <= tallied.deliveredCount) this.tallied.delete(key);
    }
  }
}

/** The row of a refused request. */
export function refusalRow(
  { code }: Refusal,
  { tokenId, accountId }: TokenPolicy,
  ask: AdmissionAsk,
): LogRow {
  const { requestId: id, nowMs: createdAtMs, format, endpoint, model: requestedModel, stream } = ask;
  return {
    ...blankRow({ id, createdAtMs, tokenId, accountId, format, endpoint, requestedModel, stream }),
    status: errorStatus(format, code),
    errorCode: code,
    durationMs: 0,
  };
}
