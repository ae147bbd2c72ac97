// The request log as CSV (RFC 4180): the fields of a row in their order, a page of rows in memory at a time.
import type { LogFilter, LogPage, LogPosition } from '../../metering/page-log.ts';
import { type LogRowView, logRow, logRowView } from './log-fields.ts';

const columns = Object.keys(logRow.shape) as (keyof LogRowView)[];

/** Bounds of one export. */
export const csvLimits = {
  /** Rows that are read together, and all of the log that is in memory. */
  rowsAtATime: 2_000,
  /** Of one call: more takes several, cut by `from` and `to`. D1 answers 1,000 queries of one call at most. */
  rows: 1_000_000,
} as const;

/** The header line, then the rows that `readPage` gives, newest first. */
export async function* csvPieces(
  readPage: (after: LogPosition | null, limit: number) => Promise<LogPage>,
): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`;
  let after: LogPosition | null = null;
  for (let written = 0; written < csvLimits.rows; ) {
    const { rows, next }: LogPage = await readPage(after, csvLimits.rowsAtATime);
    if (rows.length > 0) yield rows.map((row) => csvLine(logRowView(row))).join('');
    written += rows.length;
    if (next === null) return;
    after = next;
  }
}

/** One row; lists and objects are JSON, what is null is empty. */
export function csvLine(row: LogRowView): string {
  return `${columns.map((column) => csvField(row[column])).join(',')}\r\n`;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? harmless(value) : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Names of models are callers' text, and a spreadsheet takes what begins so for a formula: after white space, too, and in full width.
 * https://owasp.org/www-community/attacks/CSV_Injection (2026-11) lists `=`, `+`, `-`, `@`, tab, CR, LF, and the full-width four.
 */
function harmless(text: string): string {
  return /^(\p{White_Space}|\p{Cf}|\p{Cc})*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? `'${text}` : text;
}

/** A name for the file that says what is in it. */
export function csvFileName({ fromMs, toMs }: LogFilter): string {
  const dayOf = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString().slice(0, 10));
  const parts = ['relay-log', dayOf(fromMs), dayOf(toMs)].filter((part) => part !== '');
  return `${parts.join('_')}.csv`;
}
