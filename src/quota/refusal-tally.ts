// Refused requests have log rows too, but a client that sends many must not write one each time: equal refusals
// within a minute share one row with a count. In memory only; no money depends on it.
import { errorStatus } from '../formats/api-errors.ts';
import { classOfRelayError } from '../metering/error-class.ts';
import { errorMessage } from '../metering/error-message.ts';
import type { LogRow } from '../metering/log-row.ts';
import { blankRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import type { AdmissionRequest, Refusal } from './quota.ts';

/** Limits of what refusals store: a caller pays nothing for them, and each row takes space in the database. */
export const tallyLimits = {
  /**
   * How many different refusals of a token get their own row within a minute. The rest of that minute is counted
   * without model names.
   */
  rowsPerMinute: 30,
  /** Rows that wait while D1 is unavailable. Beyond that, the oldest are dropped. */
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

  /** Counts a refusal: in the row of equal refusals of that minute, or in a new row. */
  add(row: LogRow, nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs);
    const key = [row.errorCode, row.endpoint, row.requestedModel, minute, wrongField(row)].join(' ');
    if (this.count(key)) return;
    const isFull = this.rowsOf(minute) >= tallyLimits.rowsPerMinute;
    if (isFull) this.addNameless(row, minute);
    else this.insert(key, row, minute);
  }

  /** Counts a refusal without its model. There are few error codes, so these rows are few. */
  private addNameless(row: LogRow, minute: number): void {
    const key = [row.errorCode, '', '', minute].join(' ');
    if (!this.count(key)) this.insert(key, { ...row, requestedModel: null, errorMessage: null }, minute);
  }

  private insert(key: string, row: LogRow, minute: number): void {
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

  /** Returns the rows that D1 does not have in their present form. */
  changed(): LogRow[] {
    return [...this.tallied.values()].flatMap(({ row, deliveredCount }) =>
      row.count > deliveredCount ? [row] : [],
    );
  }

  /** Records that D1 has these rows. Rows of past minutes are removed. */
  delivered(rows: LogRow[], nowMs: number): void {
    const counts = new Map(rows.map(({ id, count }) => [id, count]));
    for (const [key, tallied] of this.tallied) {
      tallied.deliveredCount = counts.get(tallied.row.id) ?? tallied.deliveredCount;
      const over = tallied.row.createdAtMs < nowMs - 2 * minuteMs;
      if (over && tallied.row.count <= tallied.deliveredCount) this.tallied.delete(key);
    }
  }
}

/** Different faults of requests are different refusals. The figures in other messages change with every request. */
function wrongField({ errorCode, errorMessage }: LogRow): string {
  return errorCode === 'invalid_request' ? (errorMessage ?? '') : '';
}

/** Returns the log row of a refused request. */
export function refusalRow(
  { code, message }: Refusal,
  { tokenId, accountId }: TokenPolicy,
  request: AdmissionRequest,
): LogRow {
  const { requestId: id, nowMs: createdAtMs, format, endpoint, model: requestedModel, stream } = request;
  return {
    ...blankRow({ id, createdAtMs, tokenId, accountId, format, endpoint, requestedModel, stream }),
    status: errorStatus(format, code),
    errorCode: code,
    errorClass: classOfRelayError({ code, details: {} }),
    errorMessage: errorMessage(message, { models: [requestedModel] }),
    durationMs: 0,
  };
}
