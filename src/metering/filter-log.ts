// The filters of the log: as conditions on rows, and as what to look up in the packed index. Pure.
import type { ErrorClass, LogRow } from './log-row.ts';
import { type Dimension, dimensions } from './postings.ts';

/** Absent fields do not filter. A row needs one of several values. Times are milliseconds, `from` included, `to` excluded. */
export interface LogFilter {
  tokenId?: string | readonly string[] | undefined;
  accountId?: string | readonly string[] | undefined;
  /** As it was requested. */
  model?: string | readonly string[] | undefined;
  channelId?: string | readonly string[] | undefined;
  /** One status, or a range of them. */
  status?: number | StatusRange | undefined;
  errorCode?: string | undefined;
  errorClass?: ErrorClass | undefined;
  endUser?: string | undefined;
  session?: string | undefined;
  tag?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** Both included. */
export interface StatusRange {
  from: number;
  to: number;
}

/** The start of a page of the newest-first log: after this row. */
export interface LogPosition {
  createdAtMs: number;
  id: string;
}

/** `next`: the start of the next page, or null. A page may be short or empty and still have a next one. */
export interface LogPage {
  rows: LogRow[];
  next: LogPosition | null;
}

/** What a row must satisfy, and where the index has the rows that do. */
export interface Condition {
  dimension: Dimension;
  sql: string;
  values: unknown[];
  lookup: { values: readonly string[] } | StatusRange;
}

/** Returns the filters besides time. */
export function conditionsOf(filter: LogFilter): Condition[] {
  const { status } = filter;
  const range = typeof status === 'number' ? { from: status, to: status } : status;
  return [
    ...anyOf('token', filter.tokenId),
    ...anyOf('session', filter.session),
    ...anyOf('end_user', filter.endUser),
    ...anyOf('error_code', filter.errorCode),
    ...anyOf('error_class', filter.errorClass),
    ...anyOf('tag', filter.tag),
    ...anyOf('account', filter.accountId),
    ...anyOf('model', filter.model),
    ...anyOf('channel', filter.channelId),
    ...(range === undefined ? [] : [between(range)]),
  ];
}

function anyOf(dimension: Dimension, asked: string | readonly string[] | undefined): Condition[] {
  if (asked === undefined) return [];
  const values = typeof asked === 'string' ? [asked] : asked;
  const { column } = dimensions[dimension];
  const list = 'SELECT value FROM json_each(?)';
  const sql =
    dimension === 'tag'
      ? `EXISTS (SELECT 1 FROM json_each(${column}) AS tag WHERE tag.value IN (${list}))`
      : values.length === 1
        ? `${column} = ?`
        : `${column} IN (${list})`;
  const isSingle = dimension !== 'tag' && values.length === 1;
  return [{ dimension, sql, values: [isSingle ? values[0] : JSON.stringify(values)], lookup: { values } }];
}

function between(range: StatusRange): Condition {
  return {
    dimension: 'status',
    sql: 'status BETWEEN ? AND ?',
    values: [range.from, range.to],
    lookup: range,
  };
}

/** A condition as SQL. */
export interface Where {
  sql: string;
  values: unknown[];
}

/**
 * Returns the conditions on time. A cursor before the end replaces the end. Both would be correct, but SQLite uses the first
 * that it can, and would read everything between them.
 */
export function rangeOf({ fromMs, toMs: endMs }: LogFilter, after: LogPosition | null): Where[] {
  const toMs = after !== null && endMs !== undefined && after.createdAtMs < endMs ? undefined : endMs;
  return [
    ...(fromMs === undefined ? [] : [{ sql: 'created_at >= ?', values: [fromMs] }]),
    ...(toMs === undefined ? [] : [{ sql: 'created_at < ?', values: [toMs] }]),
    ...(after === null ? [] : [{ sql: '(created_at, id) < (?, ?)', values: [after.createdAtMs, after.id] }]),
  ];
}
