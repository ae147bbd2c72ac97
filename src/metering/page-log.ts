// Reads pages of the request log in D1, newest first. Without filters besides time it reads the primary key; else the
// packed index (search-log.ts). Throws when D1 fails.
import {
  conditionsOf,
  type LogFilter,
  type LogPage,
  type LogPosition,
  rangeOf,
  type Where,
} from './filter-log.ts';
import { hasLegacyRowsSql, legacyPage } from './legacy-log.ts';
import type { LogRow } from './log-row.ts';
import { requestTimeMs } from './request-id.ts';
import { rowOfStored, type StoredRow } from './row-log.ts';
import { type FoundPage, searchRows } from './search-log.ts';

/** Returns a page of the log, newest first. */
export async function pageOfRows(
  db: D1Database,
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): Promise<LogPage> {
  const { hasEarlierRows, ...page } = await currentPage(db, filter, after, limit);
  if (!hasEarlierRows) return page;
  return merged(page, await legacyPage(db, filter, after, limit), limit);
}

async function currentPage(
  db: D1Database,
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): Promise<FoundPage> {
  const conditions = conditionsOf(filter);
  if (conditions.length > 0) return searchRows(db, filter, conditions, after, limit);
  const { sql, values } = scanQuery(rangeOf(filter, after), limit + 1);
  const [earlier, found] = await db.batch<StoredRow>([
    db.prepare(hasLegacyRowsSql),
    db.prepare(sql).bind(...values),
  ]);
  const page = cut((found?.results ?? []).map(rowOfStored), null, limit);
  return { ...page, hasEarlierRows: (earlier?.results.length ?? 0) > 0 };
}

/** Returns the statement that reads rows of a range of time, so that a test can check its query plan. */
export function scanQuery(range: readonly Where[], limit: number): Where {
  const where = range.length === 0 ? '' : `WHERE ${range.map(({ sql }) => sql).join(' AND ')}`;
  return {
    sql: `SELECT * FROM request_log ${where} ORDER BY created_at DESC, id DESC LIMIT ?`,
    values: [...range.flatMap(({ values }) => values), limit],
  };
}

/** Merges two pages. Below the end of a page that has a next one, its source may have more rows. */
function merged(one: LogPage, other: LogPage, limit: number): LogPage {
  const ends = [one.next, other.next].filter((next) => next !== null);
  const end = ends.sort(byTime).at(-1) ?? null;
  const newest = new Map<string, LogRow>();
  for (const row of [...one.rows, ...other.rows])
    if ((newest.get(row.id)?.revision ?? 0) < row.revision) newest.set(row.id, row);
  const rows = [...newest.values()].filter((row) => end === null || byTime(row, end) >= 0);
  return cut(
    rows.sort((first, second) => -byTime(first, second)),
    end,
    limit,
  );
}

/** Orders positions by time, then by id. */
function byTime(one: LogPosition, other: LogPosition): number {
  return one.createdAtMs - other.createdAtMs || (one.id < other.id ? -1 : Number(one.id > other.id));
}

function cut(rows: LogRow[], end: LogPosition | null, limit: number): LogPage {
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { rows, next: end };
  return { rows: rows.slice(0, limit), next: { createdAtMs: last.createdAtMs, id: last.id } };
}

/** Returns the row of a request, or null if the log does not have it yet. `accountId`: of that account only. */
export async function findRow(
  db: D1Database,
  id: string,
  accountId: string | undefined,
): Promise<LogRow | null> {
  const atMs = requestTimeMs(id);
  const statements = [
    atMs === null
      ? db.prepare(scanForIdSql).bind(id)
      : db.prepare('SELECT * FROM request_log WHERE created_at = ? AND id = ?').bind(atMs, id),
    db.prepare('SELECT * FROM logs WHERE id = ?').bind(id),
  ];
  const [current, earlier] = await db.batch<StoredRow>(statements);
  const stored = current?.results[0] ?? earlier?.results[0];
  if (stored === undefined || (accountId !== undefined && stored.account_id !== accountId)) return null;
  return rowOfStored(stored);
}

/** Ids from before 2026-12 do not say when: the newest such row is searched for, within bounds. */
const scanForIdSql = `SELECT * FROM request_log WHERE (created_at, id) = (
  SELECT created_at, id FROM (SELECT created_at, id FROM request_log ORDER BY created_at DESC LIMIT 1000000) WHERE id = ? LIMIT 1)`;

/**
 * Returns the row of a request of that token, or null. Reads primary keys only, because any holder of a token may ask
 * for any id: a request from before 2026-12 is found in the earlier log.
 */
export async function findRowOfToken(db: D1Database, id: string, tokenId: string): Promise<LogRow | null> {
  const atMs = requestTimeMs(id);
  const statement =
    atMs === null
      ? db.prepare('SELECT * FROM logs WHERE id = ? AND token_id = ?').bind(id, tokenId)
      : db
          .prepare('SELECT * FROM request_log WHERE created_at = ? AND id = ? AND token_id = ?')
          .bind(atMs, id, tokenId);
  const stored = await statement.first<StoredRow>();
  return stored && rowOfStored(stored);
}
