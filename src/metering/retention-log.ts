// Deletes old rows of the log, with their index. Roll-ups stay. Throws when D1 fails.
import { dropBlocks } from './block-log.ts';

/** Limits of deleting old rows. */
export const retentionLimits = {
  /** Rows per statement: some tens of milliseconds of the database's time. */
  rowsAtATime: 1_000,
  /** Statements per run. The next hour's run deletes the rest. */
  steps: 100,
} as const;

/**
 * Deletes rows older than that time, oldest first, in bounded steps. Returns how many were deleted.
 */
export async function forgetRowsBefore(db: D1Database, beforeMs: number): Promise<number> {
  let forgotten = 0;
  for (const sql of forgetSqls) {
    for (let step = 0; step < retentionLimits.steps; step++) {
      const { meta } = await db.prepare(sql).bind(beforeMs, retentionLimits.rowsAtATime).run();
      forgotten += meta.changes;
      if (meta.changes < retentionLimits.rowsAtATime) break;
    }
  }
  const { results } = await db
    .prepare(
      'SELECT to_at AS at FROM log_blocks WHERE to_at < ? AND to_at < (SELECT MIN(created_at) FROM request_log)',
    )
    .bind(beforeMs)
    .all<{ at: number }>();
  await dropBlocks(
    db,
    results.map(({ at }) => at),
  );
  await db.prepare('DELETE FROM log_late WHERE created_at < (SELECT MIN(created_at) FROM request_log)').run();
  return forgotten;
}

/** The statements behind `forgetRowsBefore`, so that a test can check their query plans. */
export const forgetSqls = [
  `DELETE FROM request_log WHERE (created_at, id) IN (
    SELECT created_at, id FROM request_log WHERE created_at < ? ORDER BY created_at, id LIMIT ?)`,
  `DELETE FROM logs WHERE id IN (
    SELECT id FROM logs INDEXED BY logs_by_time WHERE created_at < ? ORDER BY created_at, id LIMIT ?)`,
];
