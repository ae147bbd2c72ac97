// The table `logs` from before 2026-12, with its indexes. An earlier Worker still writes it after a rollback. The hourly
// work moves its rows to request_log; until it is empty, pages read both. A later version may drop it.
import {
  type Condition,
  conditionsOf,
  type LogFilter,
  type LogPage,
  type LogPosition,
  rangeOf,
} from './filter-log.ts';
import type { LogRow } from './log-row.ts';
import { dimensions } from './postings.ts';
import { requestTimeMs } from './request-id.ts';
import { markStatement } from './roll-up-log.ts';
import { earlierColumns, rowOfStored, type StoredRow } from './row-log.ts';

/** Limits of reading and moving rows of the earlier table. */
const legacyLimits = {
  /** Rows that a page examines. */
  rowsExamined: 10_000,
  /** Rows that move in one transaction. */
  rowsAtATime: 1_000,
  /** Transactions of one hour's work. */
  steps: 100,
  /** A row moves when it is this old: until then, its ledger may still replace it. */
  restMs: 3_600_000,
} as const;

const names = earlierColumns.join(', ');

/** Returns the statement that says whether there are such rows. */
export const hasLegacyRowsSql = 'SELECT 1 AS found FROM logs LIMIT 1';

/**
 * Returns the statements that move stored rows of the same requests over first, to the time that the new ones have, so that
 * counting and replacing finds them. Rows whose id has a time are looked up by it, and are in `logs` only after a rollback.
 */
export function adoptStatements(db: D1Database, rows: readonly LogRow[]): D1PreparedStatement[] {
  const timeless = rows.filter(({ id }) => requestTimeMs(id) === null);
  if (timeless.length === 0) return [];
  const ids = JSON.stringify(timeless.map(({ id, createdAtMs }) => [id, createdAtMs]));
  return [adoptSql, 'DELETE FROM logs WHERE id IN (SELECT value ->> 0 FROM json_each(?))'].map((sql) =>
    db.prepare(sql).bind(ids),
  );
}

const adoptSql = `INSERT INTO request_log (${names})
  SELECT ${earlierColumns.map((name) => (name === 'created_at' ? 'arrived.value ->> 1' : `logs.${name}`)).join(', ')}
  FROM json_each(?) AS arrived JOIN logs ON logs.id = arrived.value ->> 0 WHERE true ON CONFLICT DO NOTHING`;

/**
 * Moves rows to request_log, the oldest first, in bounded steps. Where an earlier Worker wrote them after the upgrade, their
 * sums are computed again. Returns how many were moved.
 */
export async function moveLegacyRows(db: D1Database, nowMs: number): Promise<number> {
  const since = await db
    .prepare(`SELECT value FROM meta WHERE key = 'request_log_since_ms'`)
    .first<string>('value');
  let moved = 0;
  for (let step = 0; step < legacyLimits.steps; step++) {
    const { results } = await db
      .prepare(oldestSql)
      .bind(nowMs - legacyLimits.restMs, legacyLimits.rowsAtATime)
      .all<{
        id: string;
        at: number;
      }>();
    const late = results.map(({ at }) => at).filter((at) => at >= Number(since));
    const ids = JSON.stringify(results.map(({ id }) => id));
    const statements = moveSql.map((sql) => db.prepare(sql).bind(ids));
    if (results.length > 0)
      await db.batch([...statements, ...(late.length > 0 ? [markStatement(db, late)] : [])]);
    moved += results.length;
    if (results.length < legacyLimits.rowsAtATime) break;
  }
  return moved;
}

const moveSql = [
  `INSERT INTO log_late (created_at, id) SELECT created_at, id FROM logs
   WHERE id IN (SELECT value FROM json_each(?)) AND created_at <= (SELECT MAX(to_at) FROM log_blocks)
   ON CONFLICT DO NOTHING`,
  `INSERT INTO request_log (${names}) SELECT ${names} FROM logs WHERE id IN (SELECT value FROM json_each(?))
   ON CONFLICT DO NOTHING`,
  'DELETE FROM logs WHERE id IN (SELECT value FROM json_each(?))',
];

/** Returns the statement behind `moveLegacyRows`, so that a test can check its query plan. */
const oldestSql =
  'SELECT id, created_at AS at FROM logs INDEXED BY logs_by_time WHERE created_at < ? ORDER BY created_at, id LIMIT ?';

interface Statement {
  sql: string;
  values: unknown[];
}

const indexes: Partial<Record<Condition['dimension'], string>> = {
  token: 'logs_by_token',
  account: 'logs_by_account',
  model: 'logs_by_model',
  channel: 'logs_by_channel',
};

const isEarlier = ({ dimension }: Condition) => earlierColumns.includes(dimensions[dimension].column);

/** Returns a page of earlier rows, newest first. It may be short and still have a next one. */
export async function legacyPage(
  db: D1Database,
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): Promise<LogPage> {
  const conditions = conditionsOf(filter);
  if (!conditions.every(isEarlier)) return { rows: [], next: null };
  const { page, edge } = legacyQuery(filter, after, limit + 1);
  const [found, last] = await db.batch<StoredRow>(
    [page, edge].map(({ sql, values }) => db.prepare(sql).bind(...values)),
  );
  const rows = (found?.results ?? []).map(rowOfStored);
  const end = rows[limit - 1];
  if (rows.length > limit && end !== undefined) return { rows: rows.slice(0, limit), next: end };
  const examined = last?.results[0];
  if (examined === undefined) return { rows, next: null };
  return { rows, next: { createdAtMs: Number(examined.created_at), id: String(examined.id) } };
}

/**
 * Returns the statements behind `legacyPage`, so that a test can check their query plans. `edge` finds the last
 * row that `page` may examine.
 */
export function legacyQuery(
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
): { page: Statement; edge: Statement } {
  const conditions = conditionsOf(filter);
  const lead = conditions.find(
    ({ dimension, values, lookup }) =>
      indexes[dimension] && 'values' in lookup && values.length === 1 && lookup.values.length === 1,
  );
  const others = conditions.filter((condition) => condition !== lead);
  const range = [...(lead === undefined ? [] : [lead]), ...rangeOf(filter, after)];
  const where = range.length === 0 ? '' : `WHERE ${range.map(({ sql }) => sql).join(' AND ')}`;
  const index = (lead && indexes[lead.dimension]) ?? 'logs_by_time';
  const source = `FROM logs INDEXED BY ${index} ${where} ORDER BY created_at DESC, id DESC`;
  const values = range.flatMap((condition) => condition.values);
  const rest = others.length === 0 ? '' : `WHERE ${others.map(({ sql }) => sql).join(' AND ')}`;
  const most = others.length === 0 ? limit : legacyLimits.rowsExamined;
  return {
    page: {
      sql: `SELECT * FROM (SELECT * ${source} LIMIT ?) ${rest} LIMIT ?`,
      values: [...values, most, ...others.flatMap((condition) => condition.values), limit],
    },
    edge: { sql: `SELECT created_at, id ${source} LIMIT 1 OFFSET ?`, values: [...values, most - 1] },
  };
}
