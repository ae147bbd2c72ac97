// The packed index of the log in D1: blocks of rows, made when their time has passed. An index of SQLite would be one more
// written row for each request; these are some hundred for 8,192.
import { chunksOfJson } from '../lib/json.ts';
import { hasLegacyRowsSql } from './legacy-log.ts';
import type { LogRow } from './log-row.ts';
import { blockLimits, dimensions, indexedColumns, postingsOf, timesOf } from './postings.ts';
import type { StoredRow } from './row-log.ts';

/** When blocks are made. */
export const blockRhythm = {
  /** Rows this young are not indexed: most rows arrive within it. Later ones are listed apart. */
  graceMs: 120_000,
  /** Blocks that one page request makes in its background, and one hour's work. */
  perPage: 4,
  perHour: 200,
  /** A block with more rows that arrived late is made again. */
  lateRows: 1_000,
} as const;

/** Clocks of the relay and of a ledger differ by less. */
const clockSkewMs = 60_000;

/** Returns the statements that list rows that arrive, or change, in an indexed block. They run before the rows are written. */
export function lateStatements(
  db: D1Database,
  rows: readonly LogRow[],
  nowMs: number,
): D1PreparedStatement[] {
  const old = rows.filter(({ createdAtMs }) => createdAtMs < nowMs - blockRhythm.graceMs + clockSkewMs);
  return chunksOfJson(old.map(({ createdAtMs, id, revision }) => [createdAtMs, id, revision])).map((chunk) =>
    db.prepare(lateSql).bind(chunk),
  );
}

const lateSql = `INSERT INTO log_late (created_at, id) SELECT value ->> 0, value ->> 1 FROM json_each(?)
  WHERE value ->> 0 <= (SELECT MAX(to_at) FROM log_blocks)
    AND NOT EXISTS (SELECT 1 FROM request_log WHERE created_at = value ->> 0 AND id = value ->> 1 AND revision >= value ->> 2)
  ON CONFLICT DO NOTHING`;

/** A range of times that no block covers: after the first, up to and including the last. */
interface Gap {
  afterMs: number;
  toMs: number;
  /** It begins where another block ends. */
  isAttached: boolean;
  /** Another block follows, so that a short block may close the gap. */
  isClosed: boolean;
}

/** Makes blocks of the newest rows that have none, at most so many. Returns how many. */
export async function indexNewRows(db: D1Database, nowMs: number, most: number): Promise<number> {
  let made = 0;
  for (; made < most; made++) {
    const end = await db.prepare(endSql).first<{ indexedMs: number | null; movingMs: number | null }>();
    const afterMs = Math.max(end?.indexedMs ?? -1, end?.movingMs ?? -1);
    const isAttached = afterMs === end?.indexedMs;
    if (!(await makeBlock(db, { afterMs, isAttached, toMs: nowMs - blockRhythm.graceMs, isClosed: false })))
      break;
  }
  return made;
}

/** Rows that are still to be moved get their blocks later. */
const endSql = `SELECT (SELECT MAX(to_at) FROM log_blocks) AS indexedMs,
  (SELECT MAX(created_at) FROM logs INDEXED BY logs_by_time) AS movingMs`;

/** Fills the gaps between blocks, makes blocks with many late rows again, and indexes new rows. Returns how many blocks it made. */
export async function maintainBlocks(db: D1Database, nowMs: number): Promise<number> {
  const { results: crowded } = await db.prepare(crowdedSql).bind(blockRhythm.lateRows).all<{ at: number }>();
  for (const { at } of crowded) await dropBlocks(db, [at]);
  const isMoving = (await db.prepare(hasLegacyRowsSql).first()) !== null;
  const { results: gaps } = await db.prepare(gapsSql).all<{ afterMs: number; toMs: number }>();
  let made = 0;
  for (const { afterMs, toMs } of gaps) {
    const gap = { afterMs, toMs, isAttached: afterMs >= 0, isClosed: !isMoving };
    while (made < blockRhythm.perHour && (await makeBlock(db, gap))) {
      made += 1;
      const last = await db
        .prepare('SELECT MAX(to_at) AS at FROM log_blocks WHERE to_at <= ?')
        .bind(toMs)
        .first<number>('at');
      Object.assign(gap, { afterMs: last ?? toMs, isAttached: true });
    }
  }
  return made + (await indexNewRows(db, nowMs, blockRhythm.perHour - made));
}

const crowdedSql = `SELECT to_at AS at FROM log_blocks
  WHERE (SELECT COUNT(*) FROM log_late WHERE created_at > after_at AND created_at <= to_at) > ?`;

const gapsSql = `SELECT * FROM (
    SELECT COALESCE((SELECT MAX(to_at) FROM log_blocks AS other WHERE other.to_at < log_blocks.to_at), -1) AS afterMs,
      after_at AS toMs FROM log_blocks)
  WHERE afterMs < toMs AND EXISTS (SELECT 1 FROM request_log WHERE created_at > afterMs AND created_at <= toMs)`;

/** Makes one block at the beginning of the gap. Returns false if there are too few rows, or if rows came in between. */
async function makeBlock(db: D1Database, { afterMs, toMs, isAttached, isClosed }: Gap): Promise<boolean> {
  if (
    !isClosed &&
    (await db
      .prepare(fullSql)
      .bind(afterMs, toMs, blockLimits.rows - 1)
      .first()) === null
  )
    return false;
  const { results: read } = await db.prepare(readSql).bind(afterMs, toMs, blockLimits.rows).all<StoredRow>();
  const isFull = read.length === blockLimits.rows;
  if (!isFull && !(isClosed && read.length > 0)) return false;
  // A block ends between two times: of the last one, more rows may follow.
  const lastMs = isFull ? timeOf(read.at(-1)) - 1 : toMs;
  const rows = read.filter((row) => timeOf(row) <= lastMs);
  if (rows.length === 0) return false;
  const firstMs = isAttached ? afterMs : timeOf(rows[0]) - 1;
  await db.batch(writeStatements(db, rows, firstMs, lastMs));
  const found = await db
    .prepare('SELECT after_at FROM log_blocks WHERE to_at = ?')
    .bind(lastMs)
    .first('after_at');
  return found === firstMs;
}

const fullSql = `SELECT created_at FROM request_log WHERE created_at > ? AND created_at <= ?
  ORDER BY created_at LIMIT 1 OFFSET ?`;

const readSql = `SELECT created_at, id, revision, ${indexedColumns.join(', ')} FROM request_log
  WHERE created_at > ? AND created_at <= ? ORDER BY created_at, id LIMIT ?`;

const timeOf = (row: StoredRow | undefined) => Number(row?.created_at);

function writeStatements(
  db: D1Database,
  rows: StoredRow[],
  afterMs: number,
  toMs: number,
): D1PreparedStatement[] {
  const revisions = rows.reduce((sum, { revision }) => sum + Number(revision), 0);
  const times = timesOf(rows.map(timeOf)).map((text, part) => [part, text]);
  const postings = postingsOf(rows).map(({ dimension, bucket, positions }) => [dimension, bucket, positions]);
  const insert = (sql: string, items: unknown[][]) =>
    chunksOfJson(items).map((chunk) => db.prepare(sql).bind(chunk, toMs));
  return [
    db.prepare(blockSql).bind(toMs, afterMs, rows.length, revisions),
    ...insert(timesSql, times),
    ...insert(postingsSql, postings),
    db
      .prepare(`DELETE FROM log_late WHERE created_at > ?2 AND created_at <= ?1 AND ${isMade}`)
      .bind(toMs, afterMs),
  ];
}

/** Only if the rows are still those that were read, and no other block was made there. */
const blockSql = `INSERT INTO log_blocks (to_at, after_at, row_count) SELECT ?1, ?2, ?3
  WHERE (SELECT COUNT(*) = ?3 AND TOTAL(revision) = ?4 FROM request_log WHERE created_at > ?2 AND created_at <= ?1)
    AND NOT EXISTS (SELECT 1 FROM log_blocks WHERE to_at > ?2 AND after_at < ?1)`;

/** After a conflict, the block that is there has the same rows. */
const isMade = 'EXISTS (SELECT 1 FROM log_blocks WHERE to_at = ?1)';
const timesSql = `INSERT INTO log_times (to_at, part, times) SELECT ?2, value ->> 0, value ->> 1 FROM json_each(?1)
  WHERE ${isMade.replace('?1', '?2')} ON CONFLICT DO NOTHING`;
const postingsSql = `INSERT INTO log_postings (dimension, bucket, to_at, positions)
  SELECT value ->> 0, value ->> 1, ?2, value ->> 2 FROM json_each(?1)
  WHERE ${isMade.replace('?1', '?2')} ON CONFLICT DO NOTHING`;

const everyBucket = JSON.stringify(
  Object.entries(dimensions).flatMap(([dimension, { buckets }]) =>
    Array.from({ length: buckets }, (_, bucket) => [dimension, bucket]),
  ),
);

/** Deletes blocks with their index. Their rows stay. */
export async function dropBlocks(db: D1Database, ends: readonly number[]): Promise<void> {
  for (const toMs of ends) {
    await db.batch([
      db.prepare('DELETE FROM log_times WHERE to_at = ?').bind(toMs),
      db
        .prepare(
          `DELETE FROM log_postings WHERE (dimension, bucket, to_at) IN (SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1))`,
        )
        .bind(everyBucket, toMs),
      db.prepare('DELETE FROM log_blocks WHERE to_at = ?').bind(toMs),
    ]);
  }
}
