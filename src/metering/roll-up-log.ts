// The roll-ups of the log in D1: usage by hour and by day, by token, model, and channel. Updated in the
// transaction that writes rows, so that they are right however often a row arrives, and in batches, so that a busy
// token costs few written rows.
import { chunksOfJson } from '../lib/json.ts';
import type { LogRow } from './log-row.ts';

/** What is summed. ttfb_ms: the times to the first byte of the rows that have one; ttfb_count counts those rows. */
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
] as const;

/** The sums of usage_totals, each by one key, by the hour or by the day. */
export const totalDimensions = {
  hour: { at: 'hour', key: `''` },
  'account-hour': { at: 'hour', key: 'account_id' },
  'token-hour': { at: 'hour', key: 'token_id' },
  'model-hour': { at: 'hour', key: 'model' },
  'channel-hour': { at: 'hour', key: 'channel_id' },
  token: { at: 'day', key: 'token_id' },
  model: { at: 'day', key: 'model' },
  channel: { at: 'day', key: 'channel_id' },
} as const;

export type TotalDimension = keyof typeof totalDimensions;

const things = 'token_id, account_id, model, channel_id';
const cells = 'hour, token_id, model, channel_id';

/** Each table: its key columns, the same from changed hourly cells, and what identifies a row. */
const rollUps = [
  { into: 'usage_hourly', names: `hour, ${things}`, keys: `hour, ${things}`, conflict: cells },
  {
    into: 'usage_daily',
    names: `day, ${things}`,
    keys: `hour / 24, ${things}`,
    conflict: 'day, token_id, model, channel_id',
  },
  ...Object.entries(totalDimensions).map(([dimension, { at, key }]) => ({
    into: 'usage_totals',
    names: 'dimension, at, key',
    keys: `'${dimension}', ${at === 'hour' ? 'hour' : 'hour / 24'}, ${key}`,
    conflict: 'dimension, at, key',
  })),
];

const arrived = [
  'id',
  'revision',
  'created_at',
  'token_id',
  'account_id',
  'model',
  'channel_id',
  ...summedColumns,
];

/** The same columns in a row of the log. */
const ofLog: Readonly<Record<string, string>> = {
  model: `COALESCE(logs.requested_model, '')`,
  channel_id: `COALESCE(logs.channel_id, '')`,
  requests: 'logs.count',
  errors: 'CASE WHEN logs.status >= 400 THEN logs.count ELSE 0 END',
  cost_nano_usd: 'COALESCE(logs.cost_nano_usd, 0)',
  ttfb_ms: 'CAST(ROUND(COALESCE(logs.ttfb_ms, 0)) AS INTEGER)',
  ttfb_count: '(logs.ttfb_ms IS NOT NULL)',
};

const factOf = (column: string) => ofLog[column] ?? `logs.${column}`;
const facts = ['created_at', 'token_id', 'account_id', 'model', 'channel_id'];
const isSummed = (column: string) => (summedColumns as readonly string[]).includes(column);

/** What new rows add, and what they replace, with the opposite sign. Rows that already exist are in neither. */
const changesSql = `WITH arrived AS (
    SELECT ${arrived.map((column, index) => `value ->> ${index} AS ${column}`).join(', ')} FROM json_each(?)
  ), changes AS (
    SELECT ${[...facts, ...summedColumns].map((column) => `arrived.${column} AS ${column}`).join(', ')}
    FROM arrived LEFT JOIN logs ON logs.id = arrived.id WHERE logs.id IS NULL OR logs.revision < arrived.revision
    UNION ALL
    SELECT ${[...facts, ...summedColumns].map((column) => (isSummed(column) ? `-(${factOf(column)})` : factOf(column))).join(', ')}
    FROM arrived JOIN logs ON logs.id = arrived.id WHERE logs.revision < arrived.revision
  )`;

/** The difference between a token's log and its hourly cells, in a range of whole hours (?2, ?3: milliseconds). */
const driftSql = `WITH changes AS (
    SELECT ${[...facts, ...summedColumns].map((column) => `${factOf(column)} AS ${column}`).join(', ')}
    FROM logs INDEXED BY logs_by_token WHERE token_id = ?1 AND created_at >= ?2 AND created_at < ?3
    UNION ALL
    SELECT hour * 3600000, token_id, account_id, model, channel_id, ${summedColumns.map((column) => `-${column}`).join(', ')}
    FROM usage_hourly INDEXED BY usage_hourly_by_token
    WHERE token_id = ?1 AND hour >= ?2 / 3600000 AND hour < ?3 / 3600000
  )`;

const adding = `DO UPDATE SET ${summedColumns.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`;
const columns = summedColumns.join(', ');
const sums = summedColumns.map((column) => `SUM(${column})`).join(', ');

/** Collects cells of hours in a table that is empty outside this transaction, so that the rows are read only once. */
const stageSql = (changes: string) => `${changes} INSERT INTO usage_changes (hour, ${things}, ${columns})
    SELECT created_at / 3600000, token_id, MAX(account_id), model, channel_id, ${sums}
    FROM changes WHERE true GROUP BY 1, 2, 4, 5 ON CONFLICT (${cells}) ${adding}`;

const spreadSql = rollUps.map(({ into, names, keys, conflict }) => {
  const places = keys.split(', ').map((_, index) => index + 1);
  return `INSERT INTO ${into} (${names}, ${columns}) SELECT ${keys}, ${sums} FROM usage_changes WHERE true
    GROUP BY ${places.join(', ')} ON CONFLICT (${conflict}) ${adding}`;
});

/** Returns the statements that count rows. They must run before those rows are written. No id may appear twice. */
export function rollUpStatements(db: D1Database, rows: readonly LogRow[]): D1PreparedStatement[] {
  const chunks = chunksOfJson(rows.map(compactRow));
  if (chunks.length === 0) return [];
  return [...chunks.map((chunk) => db.prepare(stageSql(changesSql)).bind(chunk)), ...spread(db)];
}

function spread(db: D1Database): D1PreparedStatement[] {
  return [...spreadSql, 'DELETE FROM usage_changes'].map((sql) => db.prepare(sql));
}

/**
 * Makes all roll-ups of one token agree with its log, in whole hours of which no row was deleted yet. A sum
 * without rows becomes an empty one. Safe to repeat.
 */
export async function repairRollUps(
  db: D1Database,
  tokenId: string,
  fromMs: number,
  toMs: number,
): Promise<void> {
  await db.batch([db.prepare(stageSql(driftSql)).bind(tokenId, fromMs, toMs), ...spread(db)]);
}

/** In the order of `arrived`. */
function compactRow(row: LogRow): unknown[] {
  const { id, revision, createdAtMs, tokenId, accountId, requestedModel, channelId, count } = row;
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens, costNanoUsd, ttfbMs } =
    row;
  const errors = row.status >= 400 ? count : 0;
  return [
    ...[id, revision, createdAtMs, tokenId, accountId, requestedModel ?? '', channelId ?? '', count, errors],
    ...[inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens, costNanoUsd ?? 0],
    ...[Math.round(ttfbMs ?? 0), ttfbMs === null ? 0 : 1],
  ];
}
