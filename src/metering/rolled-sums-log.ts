// Sums of whole days, and by one key of an hour or a day, computed from usage_hourly when their time is over. Deliveries
// only mark their hour and day, so that a request writes few rows; readers take marked times from usage_hourly.
import { summedColumns } from './roll-up-log.ts';

/** Limits of an hour's work, and what is worth it. */
export const rollUpLimits = {
  /** An hour with fewer sums than this stays as it is: reading them is as cheap. */
  cells: 16,
  /** Hours are looked at for this long. Where rows come later, their hour's sums are read. */
  hours: 72,
  /** Days of one run. */
  days: 31,
  /** A time is over when it ended this long ago: rows are delivered within it. */
  restMs: 600_000,
} as const;

/** The sums of usage_totals, each by one key, by the hour or by the day. `served`: of usage_served. */
export const totalDimensions = {
  hour: { at: 'hour', key: `''` },
  'account-hour': { at: 'hour', key: 'account_id' },
  'token-hour': { at: 'hour', key: 'token_id' },
  'model-hour': { at: 'hour', key: 'model' },
  'channel-hour': { at: 'hour', key: 'channel_id' },
  'served-hour': { at: 'hour', key: 'model' },
  token: { at: 'day', key: 'token_id' },
  model: { at: 'day', key: 'model' },
  channel: { at: 'day', key: 'channel_id' },
  served: { at: 'day', key: 'model' },
} as const;

export type TotalDimension = keyof typeof totalDimensions;

const hourMs = 3_600_000;
const columns = summedColumns.join(', ');
const sums = summedColumns.map((column) => `SUM(${column})`).join(', ');

/** Computes the sums of marked hours and days that are over. Returns how many. Safe to repeat and to interrupt. */
export async function computeMarkedSums(db: D1Database, nowMs: number): Promise<number> {
  const lastHour = Math.floor((nowMs - rollUpLimits.restMs) / hourMs);
  const hours = await db
    .prepare(markedHoursSql)
    .bind(lastHour - rollUpLimits.hours, lastHour, rollUpLimits.cells)
    .all<{ at: number }>();
  const days = await db
    .prepare(`SELECT at FROM usage_dirty WHERE unit = 'day' AND at < ? ORDER BY at LIMIT ?`)
    .bind(Math.floor(lastHour / 24), rollUpLimits.days)
    .all<{ at: number }>();
  for (const { at } of hours.results) await computeSums(db, 'hour', at);
  for (const { at } of days.results) await computeSums(db, 'day', at);
  return hours.results.length + days.results.length;
}

const markedHoursSql = `SELECT at FROM usage_dirty WHERE unit = 'hour' AND at >= ?1 AND at < ?2
  AND (SELECT COUNT(*) FROM (SELECT 1 FROM usage_hourly WHERE hour = at LIMIT ?3)) >= ?3`;

async function computeSums(db: D1Database, unit: 'hour' | 'day', at: number): Promise<void> {
  const dimensions = Object.entries(totalDimensions).filter(([, { at: of }]) => of === unit);
  const names = JSON.stringify(dimensions.map(([dimension]) => dimension));
  const [from, to] = unit === 'hour' ? [at, at + 1] : [at * 24, at * 24 + 24];
  await db.batch([
    ...(unit === 'day' ? dayStatements(db, at) : []),
    db
      .prepare('DELETE FROM usage_totals WHERE dimension IN (SELECT value FROM json_each(?)) AND at = ?')
      .bind(names, at),
    ...dimensions.map(([dimension, { key }]) =>
      db
        .prepare(totalSql(dimension.startsWith('served') ? 'usage_served' : 'usage_hourly', key))
        .bind(dimension, at, from, to),
    ),
    db.prepare('DELETE FROM usage_dirty WHERE unit = ? AND at = ?').bind(unit, at),
  ]);
}

const totalSql = (source: string, key: string) => `INSERT INTO usage_totals (dimension, at, key, ${columns})
  SELECT ?1, ?2, ${key}, ${sums} FROM ${source} WHERE hour >= ?3 AND hour < ?4 GROUP BY 3`;

const dailyTables = { usage_daily: 'usage_hourly', usage_served_daily: 'usage_served' } as const;

function dayStatements(db: D1Database, day: number): D1PreparedStatement[] {
  return Object.entries(dailyTables).flatMap(([daily, hourly]) => [
    db.prepare(`DELETE FROM ${daily} WHERE day = ?`).bind(day),
    db
      .prepare(
        `INSERT INTO ${daily} (day, token_id, account_id, model, channel_id, ${columns})
         SELECT ?1, token_id, MAX(account_id), model, channel_id, ${sums} FROM ${hourly}
         WHERE hour >= ?1 * 24 AND hour < ?1 * 24 + 24 GROUP BY token_id, model, channel_id`,
      )
      .bind(day),
  ]);
}
