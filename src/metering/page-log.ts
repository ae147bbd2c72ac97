// Reads pages of the request log in D1, newest first, always along an index. Throws when D1 fails.
import type { LogRow } from './log-row.ts';

/** Absent fields do not filter. Times are milliseconds, `from` included, `to` excluded. */
export interface LogFilter {
  tokenId?: string | undefined;
  accountId?: string | undefined;
  model?: string | undefined;
  channelId?: string | undefined;
  status?: number | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
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

/** Rows that a page examines when several filters are combined, of which an index serves only one. */
export const mostRowsExamined = 10_000;

/** Returns a page of the log, newest first. */
export async function pageOfRows(
  db: D1Database,
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): Promise<LogPage> {
  const query = pageQuery(filter, after, limit + 1);
  const asked = query.isCombined ? [query.page, query.edge] : [query.page];
  const [page, edge] = await db.batch<StoredRow>(
    asked.map(({ sql, values }) => db.prepare(sql).bind(...values)),
  );
  const rows = (page?.results ?? []).map(rowOfStored);
  const last = rows[limit - 1];
  if (rows.length > limit && last !== undefined)
    return { rows: rows.slice(0, limit), next: positionOf(last) };
  const examined = edge?.results[0];
  if (examined === undefined) return { rows, next: null };
  return { rows, next: { createdAtMs: Number(examined.created_at), id: String(examined.id) } };
}

/** Returns the row of a request, or null if there is none yet. `accountId`: of that account only. */
export async function findRow(
  db: D1Database,
  id: string,
  accountId: string | undefined,
): Promise<LogRow | null> {
  const row = await db
    .prepare('SELECT * FROM logs WHERE id = ?1 AND (?2 IS NULL OR account_id = ?2)')
    .bind(id, accountId ?? null)
    .first<StoredRow>();
  return row && rowOfStored(row);
}

function positionOf({ createdAtMs, id }: LogRow): LogPosition {
  return { createdAtMs, id };
}

interface Statement {
  sql: string;
  values: unknown[];
}

/**
 * Returns the statements behind `pageOfRows`, so that a test can check their query plans. `edge` finds the last
 * row that `page` may examine; it is needed only for combined filters.
 */
export function pageQuery(
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): { page: Statement; edge: Statement; isCombined: boolean } {
  const [lead, ...others] = equalities(filter);
  const range = [...(lead === undefined ? [] : [lead]), ...rangeOf(filter, after)];
  const where = range.length === 0 ? '' : `WHERE ${range.map(({ sql }) => sql).join(' AND ')}`;
  const source = `FROM logs INDEXED BY ${lead?.index ?? 'logs_by_time'} ${where} ORDER BY created_at DESC, id DESC`;
  const values = range.flatMap((condition) => condition.values);
  const edge = {
    sql: `SELECT created_at, id ${source} LIMIT 1 OFFSET ?`,
    values: [...values, mostRowsExamined - 1],
  };
  if (others.length === 0) {
    return {
      page: { sql: `SELECT * ${source} LIMIT ?`, values: [...values, limit] },
      edge,
      isCombined: false,
    };
  }
  const sql = `SELECT * FROM (SELECT * ${source} LIMIT ?)
    WHERE ${others.map((condition) => condition.sql).join(' AND ')} LIMIT ?`;
  const rest = others.flatMap((condition) => condition.values);
  return { page: { sql, values: [...values, mostRowsExamined, ...rest, limit] }, edge, isCombined: true };
}

interface Condition extends Statement {
  index?: string;
}

/** Returns the filters that name one value, the most selective first: its index is used. */
function equalities({ tokenId, accountId, model, channelId, status }: LogFilter): Condition[] {
  const failed = status !== undefined && status >= 400;
  const all: [string, string, unknown][] = [
    ['token_id', 'logs_by_token', tokenId],
    ['status', 'logs_by_status', failed ? status : undefined],
    ['channel_id', 'logs_by_channel', channelId],
    ['requested_model', 'logs_by_model', model],
    ['account_id', 'logs_by_account', accountId],
    ['status', 'logs_by_status', failed ? undefined : status],
  ];
  return all
    .filter(([, , value]) => value !== undefined)
    .map(([column, index, value]) => ({ sql: `${column} = ?`, values: [value], index }));
}

/**
 * A cursor before the end replaces the end. Both conditions would be correct, but SQLite uses the first that it
 * can, and would read everything between them.
 */
function rangeOf({ fromMs, toMs: endMs }: LogFilter, after: LogPosition | null): Condition[] {
  const toMs = after !== null && endMs !== undefined && after.createdAtMs < endMs ? undefined : endMs;
  return [
    ...(fromMs === undefined ? [] : [{ sql: 'created_at >= ?', values: [fromMs] }]),
    ...(toMs === undefined ? [] : [{ sql: 'created_at < ?', values: [toMs] }]),
    ...(after === null ? [] : [{ sql: '(created_at, id) < (?, ?)', values: [after.createdAtMs, after.id] }]),
  ];
}

type StoredRow = Record<string, string | number | null>;

/** Column names are the row's own in snake case, except for three units. */
function rowOfStored(stored: StoredRow): LogRow {
  const text = (name: string) => stored[name] as string;
  const textOrNull = (name: string) => stored[name] as string | null;
  const number = (name: string) => stored[name] as number;
  const numberOrNull = (name: string) => stored[name] as number | null;
  return {
    id: text('id'),
    createdAtMs: number('created_at'),
    tokenId: text('token_id'),
    accountId: text('account_id'),
    format: text('format'),
    endpoint: text('endpoint'),
    requestedModel: textOrNull('requested_model'),
    upstreamModel: textOrNull('upstream_model'),
    channelId: textOrNull('channel_id'),
    attempts: JSON.parse(text('attempts')),
    status: number('status'),
    errorCode: textOrNull('error_code'),
    stream: number('stream') === 1,
    inputTokens: number('input_tokens'),
    cachedTokens: number('cached_tokens'),
    cacheWriteTokens: number('cache_write_tokens'),
    outputTokens: number('output_tokens'),
    reasoningTokens: number('reasoning_tokens'),
    usageSource: textOrNull('usage_source') as LogRow['usageSource'],
    costNanoUsd: numberOrNull('cost_nano_usd'),
    charge: JSON.parse(textOrNull('charge') ?? 'null'),
    ttfbMs: numberOrNull('ttfb_ms'),
    durationMs: numberOrNull('duration_ms'),
    dropped: JSON.parse(text('dropped')),
    count: number('count'),
    revision: number('revision'),
  };
}
