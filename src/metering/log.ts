// Writes the request log in D1: the rows that ledgers deliver, counted into the roll-ups (roll-up-log.ts) in the
// same transaction. page-log.ts reads it. Throws when D1 fails; every write may be repeated.

import { chunksOfJson } from '../lib/json.ts';
import type { LogRow } from './log-row.ts';
import { rollUpStatements } from './roll-up-log.ts';

/** What a token's ledger reports about it. */
export interface SpentReport {
  tokenId: string;
  spentNanoUsd: number;
  lastUsedAtMs: number | null;
}

/** Maps the values of a LogRow, as JSON, to columns, in the order of the INSERT. */
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
 * Writes rows, each once. An existing row is replaced only by a higher revision. `reports` of what ledgers have
 * spent go with them; a ledger's figure is the truth, so it replaces the stored one. All or nothing.
 */
export async function appendRows(db: D1Database, rows: LogRow[], reports: SpentReport[] = []): Promise<void> {
  const newest = newestRevisions(rows);
  const statements = rollUpStatements(db, newest);
  statements.push(...chunksOfJson(newest).map((chunk) => db.prepare(appendSql).bind(chunk)));
  if (reports.length > 0) statements.push(db.prepare(spentSql).bind(JSON.stringify(reports)));
  if (statements.length > 0) await db.batch(statements);
}

/** Makes a write that changes nothing. Throws if D1 does not accept writes. */
export async function probeLog(db: D1Database): Promise<void> {
  await db.batch([db.prepare(`DELETE FROM logs WHERE id = ''`)]);
}

/** Keeps the newest revision: one call may bring a row and its replacement. */
function newestRevisions(rows: readonly LogRow[]): LogRow[] {
  const newest = new Map<string, LogRow>();
  for (const row of rows) {
    if ((newest.get(row.id)?.revision ?? 0) < row.revision) newest.set(row.id, row);
  }
  return [...newest.values()];
}

const spentSql = `UPDATE tokens SET spent_nano_usd = report.value ->> '$.spentNanoUsd',
    last_used_at = COALESCE(report.value ->> '$.lastUsedAtMs', last_used_at)
  FROM json_each(?) AS report WHERE tokens.id = report.value ->> '$.tokenId'`;

/** Limits of deleting old rows. */
export const retentionLimits = {
  /** Rows per statement: with their indexes, some tens of milliseconds of the database's time. */
  rowsAtATime: 1_000,
  /** Statements per run. The next hour's run deletes the rest. */
  steps: 100,
} as const;

/**
 * Deletes rows older than that time, oldest first, in bounded steps. Roll-ups stay. Returns how many were
 * deleted.
 */
export async function forgetRowsBefore(db: D1Database, beforeMs: number): Promise<number> {
  let forgotten = 0;
  for (let step = 0; step < retentionLimits.steps; step++) {
    const { meta } = await db.prepare(forgetSql).bind(beforeMs, retentionLimits.rowsAtATime).run();
    forgotten += meta.changes;
    if (meta.changes < retentionLimits.rowsAtATime) break;
  }
  return forgotten;
}

/** Returns the statement behind `forgetRowsBefore`, so that a test can check its query plan. */
export const forgetSql = `DELETE FROM logs WHERE id IN (
  SELECT id FROM logs INDEXED BY logs_by_time WHERE created_at < ? ORDER BY created_at, id LIMIT ?)`;
