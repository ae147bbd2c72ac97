// The request log as CSV (RFC 4180): a row's fields in order, one page of rows in memory at a time.
import type { LogPage, LogPosition } from '../../metering/filter-log.ts';
import { streamOf } from './export.ts';
import { type LogRowView, logRow, logRowView } from './log-fields.ts';

const columns = Object.keys(logRow.shape) as (keyof LogRowView)[];

/** Limits of one export. */
export const csvLimits = {
  /** Rows that are read together; no more of the log is in memory. */
  rowsAtATime: 2_000,
  /**
   * Rows of one call. More rows take several calls with different `from` and `to`. D1 allows 1,000 queries in
   * one call.
   */
  rows: 1_000_000,
} as const;

/** Writes the header line, then the rows that `readPage` returns, newest first. */
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

/** Writes one row. Lists and objects are JSON; null is empty. */
export function csvLine(row: LogRowView): string {
  return `${columns.map((column) => csvField(row[column])).join(',')}\r\n`;
}

/** Returns a value as one field. Lists and objects are JSON; null is empty. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? harmless(value) : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Names of models are callers' text, and spreadsheets take text that begins like this for a formula, also after
 * white space and in full width. https://owasp.org/www-community/attacks/CSV_Injection (2026-11) lists `=`, `+`,
 * `-`, `@`, tab, CR, LF, and the full-width four.
 */
function harmless(text: string): string {
  return /^(\p{White_Space}|\p{Cf}|\p{Cc})*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? `'${text}` : text;
}

interface Range {
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** Returns a file name that describes the content. */
export function csvFileName(what: string, { fromMs, toMs }: Range): string {
  const dayOf = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString().slice(0, 10));
  const parts = [what, dayOf(fromMs), dayOf(toMs)].filter((part) => part !== '');
  return `${parts.join('_')}.csv`;
}

/** Streams the pieces as a file. */
export function csvResponse(pieces: AsyncGenerator<string>, name: string): Response {
  const headers = {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}"`,
  };
  return new Response(streamOf(pieces), { headers });
}
