// The roll-ups of the log in D1: usage by hour, token, requested model, and channel, updated in the transaction that
// writes rows, so that they are right however often a row arrives. Sums of days and by one key follow every hour
// (rolled-sums-log.ts); until then their hours and days are marked here.
import { chunksOfJson } from '../lib/json.ts';
import type { LogRow } from './log-row.ts';

/**
 * What is summed. ttfb_ms: the times to the first byte of the rows that have one; ttfb_count counts those rows.
 * extra_…: what counting a channel's attempts instead of requests adds.
 */
export const summedColumns = [
  'requests',
  'errors',
  'input_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_nano_usd',
  'ttfb_ms',
  'ttfb_count',
  'extra_attempts',
  'extra_errors',
  'extra_ttfb_ms',
  'extra_ttfb_count',
] as const;

/** What the sums of a row are computed from, in the order of `compactRow`. */
const factColumns = [
  'id',
  'created_at',
  'revision',
  'token_id',
  'account_id',
  'requested_model',
  'served_model',
  'channel_id',
  'attempts',
  'status',
  'count',
  'input_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_nano_usd',
  'ttfb_ms',
];

const factsOf = (table: string) => factColumns.map((column) => `${table}.${column}`).join(', ');

/** New rows, and with the sign -1 what they replace. Rows that already exist are in neither. */
const arrivedFacts = `arrived AS (
    SELECT ${factColumns.map((column, index) => `value ${column === 'attempts' ? '->' : '->>'} ${index} AS ${column}`).join(', ')} FROM json_each(?1)
  ), facts AS MATERIALIZED (
    SELECT 1 AS sign, ${factsOf('arrived')} FROM arrived
    LEFT JOIN request_log AS old ON old.created_at = arrived.created_at AND old.id = arrived.id
    WHERE old.id IS NULL OR old.revision < arrived.revision
    UNION ALL
    SELECT -1, ${factsOf('old')} FROM arrived
    JOIN request_log AS old ON old.created_at = arrived.created_at AND old.id = arrived.id
    WHERE old.revision < arrived.revision
  )`;

/** The rows of one token (?1) in a range of time (?2, ?3: milliseconds). */
const tokenFacts = `facts AS MATERIALIZED (
    SELECT 1 AS sign, ${factsOf('request_log')} FROM request_log
    WHERE created_at >= ?2 AND created_at < ?3 AND token_id = ?1
    UNION ALL
    SELECT 1, ${factsOf('logs').replace('logs.served_model', 'NULL')} FROM logs INDEXED BY logs_by_token
    WHERE token_id = ?1 AND created_at >= ?2 AND created_at < ?3
  )`;

/** A row counts at its channel; each of its attempts counts at its own. */
const changes = `changes AS (
    SELECT created_at / 3600000 AS hour, token_id, account_id, COALESCE(requested_model, '') AS model,
      COALESCE(served_model, requested_model, '') AS served, COALESCE(channel_id, '') AS channel_id,
      sign * count AS requests, sign * error_count AS errors,
      sign * input_tokens AS input_tokens, sign * cached_tokens AS cached_tokens,
      sign * cache_write_tokens AS cache_write_tokens, sign * output_tokens AS output_tokens,
      sign * reasoning_tokens AS reasoning_tokens, sign * COALESCE(cost_nano_usd, 0) AS cost_nano_usd,
      sign * first_byte_ms AS ttfb_ms, sign * has_first_byte AS ttfb_count,
      -sign * has_attempts * count AS extra_attempts, -sign * has_attempts * error_count AS extra_errors,
      -sign * has_attempts * first_byte_ms AS extra_ttfb_ms, -sign * has_attempts * has_first_byte AS extra_ttfb_count
    FROM (SELECT *, CASE WHEN status >= 400 THEN count ELSE 0 END AS error_count,
        CAST(ROUND(COALESCE(ttfb_ms, 0)) AS INTEGER) AS first_byte_ms, ttfb_ms IS NOT NULL AS has_first_byte,
        channel_id IS NOT NULL AND attempts <> '[]' AS has_attempts FROM facts)
    UNION ALL
    SELECT created_at / 3600000, token_id, account_id, COALESCE(requested_model, ''),
      COALESCE(served_model, requested_model, ''), attempt.value ->> '$.channelId', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      sign, sign * (attempt.value ->> '$.error' IS NOT NULL),
      CASE WHEN attempt.value ->> '$.error' IS NULL
        THEN sign * CAST(ROUND(attempt.value ->> '$.durationMs') AS INTEGER) ELSE 0 END,
      sign * (attempt.value ->> '$.error' IS NULL)
    FROM facts CROSS JOIN json_each(facts.attempts) AS attempt
  )`;

const columns = summedColumns.join(', ');
const sums = summedColumns.map((column) => `SUM(${column})`).join(', ');
const cell = 'hour, token_id, account_id, model, channel_id';
const adding = `ON CONFLICT (hour, token_id, model, channel_id) DO UPDATE SET
  ${summedColumns.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`;

const add = (table: string, source: string) => `INSERT INTO ${table} (${cell}, ${columns})
  SELECT hour, token_id, MAX(account_id), model, channel_id, ${sums} FROM (${source}) WHERE true
  GROUP BY hour, token_id, model, channel_id ${adding}`;

const negated = summedColumns.map((column) => `-${column} AS ${column}`).join(', ');

/** Requests that another model answered, away from the requested one and to the other. */
const moved = `SELECT ${cell}, ${negated} FROM changes WHERE served <> model
  UNION ALL SELECT hour, token_id, account_id, served, channel_id, ${columns} FROM changes WHERE served <> model`;

const cellsSql = `WITH ${arrivedFacts}, ${changes} ${add('usage_hourly', `SELECT ${cell}, ${columns} FROM changes`)}`;
const servedSql = `WITH ${arrivedFacts}, ${changes} ${add('usage_served', moved)}`;

const existing = (table: string) => `UNION ALL SELECT ${cell}, ${negated} FROM ${table}
  WHERE token_id = ?1 AND hour >= ?2 / 3600000 AND hour < ?3 / 3600000`;
const driftSql = `WITH ${tokenFacts}, ${changes}
  ${add('usage_hourly', `SELECT ${cell}, ${columns} FROM changes ${existing('usage_hourly INDEXED BY usage_hourly_by_token')}`)}`;
const servedDriftSql = `WITH ${tokenFacts}, ${changes} ${add('usage_served', `${moved} ${existing('usage_served')}`)}`;

const markSql = `INSERT INTO usage_dirty (unit, at) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
  ON CONFLICT DO NOTHING`;

/** Returns the statements that count rows. They must run before those rows are written. No id may appear twice. */
export function rollUpStatements(db: D1Database, rows: readonly LogRow[]): D1PreparedStatement[] {
  const chunks = chunksOfJson(rows.map(compactRow));
  if (chunks.length === 0) return [];
  const mayMove = rows.some(
    ({ revision, servedModel, requestedModel }) =>
      revision > 1 || (servedModel ?? requestedModel) !== requestedModel,
  );
  const queries = mayMove ? [servedSql, cellsSql] : [cellsSql];
  return [
    ...chunks.flatMap((chunk) => queries.map((sql) => db.prepare(sql).bind(chunk))),
    markStatement(
      db,
      rows.map(({ createdAtMs }) => createdAtMs),
    ),
  ];
}

const hourMs = 3_600_000;

/** Marks the hours and days of those times: their sums are to be computed again. Writes nothing for marked ones. */
export function markStatement(db: D1Database, timesMs: readonly number[]): D1PreparedStatement {
  const hours = new Set(timesMs.map((ms) => Math.floor(ms / hourMs)));
  const days = new Set([...hours].map((hour) => Math.floor(hour / 24)));
  const marks = [...[...hours].map((hour) => ['hour', hour]), ...[...days].map((day) => ['day', day])];
  return db.prepare(markSql).bind(JSON.stringify(marks));
}

/**
 * Makes the roll-ups of one token agree with its log, in whole hours of which no row was deleted yet. A sum
 * without rows becomes an empty one. Reads the whole log of that time. Safe to repeat.
 */
export async function repairRollUps(
  db: D1Database,
  tokenId: string,
  fromMs: number,
  toMs: number,
): Promise<void> {
  const marks = (['hour', 'day'] as const).map((unit) =>
    db.prepare(markTokenSql[unit]).bind(tokenId, fromMs, toMs),
  );
  const drifts = [driftSql, servedDriftSql].map((sql) => db.prepare(sql).bind(tokenId, fromMs, toMs));
  await db.batch([...drifts, ...marks]);
}

const markTokenHours = (unit: 'hour' | 'day', at: string) => `INSERT INTO usage_dirty (unit, at)
  SELECT DISTINCT '${unit}', ${at} FROM usage_hourly INDEXED BY usage_hourly_by_token
  WHERE token_id = ?1 AND hour >= ?2 / 3600000 AND hour < ?3 / 3600000 ON CONFLICT DO NOTHING`;

const markTokenSql = { hour: markTokenHours('hour', 'hour'), day: markTokenHours('day', 'hour / 24') };

/** In the order of `factColumns`. */
function compactRow(row: LogRow): unknown[] {
  return [
    ...[row.id, row.createdAtMs, row.revision, row.tokenId, row.accountId, row.requestedModel],
    ...[row.servedModel ?? null, row.channelId],
    row.attempts.map(({ channelId, error, durationMs }) => ({
      channelId,
      error: error === null ? null : 1,
      durationMs,
    })),
    ...[row.status, row.count, row.inputTokens, row.cachedTokens, row.cacheWriteTokens, row.outputTokens],
    ...[row.reasoningTokens, row.costNanoUsd, row.ttfbMs],
  ];
}
