// Refused requests have rows too, but a client that hammers must not write one each time: equal refusals
// within a minute are one row with a count. In memory only; no money depends on it.
import { errorStatus } from '../formats/error.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { blankRow } from './log-row.ts';
import type { AdmissionAsk, LogRow, Refusal } from './quota.ts';

/** How many different refusals are kept apart; beyond it the oldest is let go. */
export const tallyLimit = 200;

const minuteMs = 60_000;

interface Tallied {
  row: LogRow;
  deliveredCount: number;
}

export class RefusalTally {
  private readonly tallied = new Map<string, Tallied>();

  /** Counts a refusal: into the row of its like within the minute, or into a new one. */
  add(row: LogRow, nowMs: number): void {
    const key = [row.errorCode, row.endpoint, row.requestedModel, Math.floor(nowMs / minuteMs)].join(' ');
    const like = this.tallied.get(key);
    if (like !== undefined) {
      const count = like.row.count + 1;
      like.row = { ...like.row, count, revision: count };
      return;
    }
    const oldest = this.tallied.keys().next().value;
    if (this.tallied.size >= tallyLimit && oldest !== undefined) this.tallied.delete(oldest);
    this.tallied.set(key, { row, deliveredCount: 0 });
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
