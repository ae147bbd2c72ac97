// The request log in D1: rows as the ledgers hand them over, pages of them for people, and the hourly
// roll-ups that the schema's triggers keep. D1 failing is thrown; every write may be repeated.

import { chunksOfJson } from '../lib/json-chunks.ts';
import type { LogRow } from '../quota/quota.ts';

/** What a token's ledger reports of it. */
export interface SpentReport {
  tokenId: string;
  spentNanoUsd: number;
  lastUsedAtMs: number | null;
}

/** What is absent does not narrow. Times are milliseconds, `from` included, `to` not. */
export interface LogFilter {
  tokenId?: string | undefined;
  accountId?: string | undefined;
  model?: string | undefined;
  channelId?: string | undefined;
  status?: number | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** Where a page of the newest-first log begins: after this row. */
export interface LogPosition {
  createdAtMs: number;
  id: string;
}

/** How the values of a LogRow, as JSON, become columns. The order is that of the INSERT. */
const columns: Record<string, string> = {
  id: `value ->> '$.id'`,
  created_at: `value ->> '$.createdAtMs'`,
  token_id: `value ->> '$.tokenId'`,
  account_id: `value ->> '$.accountId'`,
  format: `value ->> '$.format'`,
  endpoint: `value ->> '$.endpoint'`,
  requested_model: `value ->> '$.requestedModel'`,
  upstream_model: `value ->> '$.upstreamModel'`,
  channel_id: `value ->> '$.channelId'`,
  attempts: `value -> '$.attempts'`,
  status: `value ->> '$.status'`,
  error_code: `value ->> '$.errorCode'`,
  stream: `value ->> '$.stream'`,
  input_tokens: `value ->> '$.inputTokens'`,
  cached_tokens: `value ->> '$.cachedTokens'`,
  cache_write_tokens: `value ->> '$.cacheWriteTokens'`,
  output_tokens: `value ->> '$.outputTokens'`,
  reasoning_tokens: `value ->> '$.reasoningTokens'`,
  usage_source: `value ->> '$.usageSource'`,
  cost_nano_usd: `value ->> '$.costNanoUsd'`,
  charge: `NULLIF(value -> '$.charge', 'null')`,
  ttfb_ms: `value ->> '$.ttfbMs'`,
  duration_ms: `value ->> '$.durationMs'`,
  dropped: `value -> '$.dropped'`,
  count: `value ->> '$.count'`,
  revision: `value ->> '$.revision'`,
};

const names = Object.keys(columns);

const appendSql = `INSERT INTO logs (${names.join(', ')})
  SELECT ${Object.values(columns).join(', ')} FROM json_each(?) WHERE true
  ON CONFLICT (id) DO UPDATE SET ${names
    .filter((name) => name !== 'id')
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}
  WHERE excluded.revision > logs.revision`;

/**
 * Writes rows, each once; a row that is there already is replaced only by a higher revision. `reports` of
 * what ledgers have spent go with them; a ledger's figure is the truth, so it simply replaces. All or none.
 */
export async function appendRows(db: D1Database, rows: LogRow[], reports: SpentReport[] = []): Promise<void> {
  const statements = chunksOfJson(rows).map((chunk) => db.prepare(appendSql).bind(chunk));
  if (reports.length > 0) statements.push(db.prepare(spentSql).bind(JSON.stringify(reports)));
  if (statements.length > 0) await db.batch(statements);
}

const spentSql = `UPDATE tokens SET spent_nano_usd = report.value ->> '$.spentNanoUsd',
    last_used_at = COALESCE(report.value ->> '$.lastUsedAtMs', last_used_at)
  FROM json_each(?) AS report WHERE tokens.id = report.value ->> '$.tokenId'`;

/** A page of the log, newest first. */
export async function pageOfRows(
  db: D1Database,
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): Promise<LogRow[]> {
  const { sql, values } = pageQuery(filter, after, limit);
  const { results } = await db
    .prepare(sql)
    .bind(...values)
    .all<StoredRow>();
  return results.map(rowOfStored);
}

/** The statement behind `pageOfRows`; apart, so that a test can ask for its plan. */
export function pageQuery(filter: LogFilter, after: LogPosition | null, limit: number) {
  const conditions: [string, unknown[]][] = [];
  const equals = (column: string, value: unknown) => {
    if (value !== undefined) conditions.push([`${column} = ?`, [value]]);
  };
  equals('token_id', filter.tokenId);
  equals('account_id', filter.accountId);
  equals('requested_model', filter.model);
  equals('channel_id', filter.channelId);
  equals('status', filter.status);
  if (filter.fromMs !== undefined) conditions.push(['created_at >= ?', [filter.fromMs]]);
  if (filter.toMs !== undefined) conditions.push(['created_at < ?', [filter.toMs]]);
  if (after !== null) conditions.push(['(created_at, id) < (?, ?)', [after.createdAtMs, after.id]]);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  const sql = `SELECT * FROM logs ${where} ORDER BY created_at DESC, id DESC LIMIT ?`;
  return { sql, values: [...conditions.flatMap(([, bound]) => bound), limit] };
}

type StoredRow = Record<string, string | number | null>;

/** Column names are the row's own in snake case, but for the three units. */
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
