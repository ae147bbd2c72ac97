// What D1 says a token has cost, read at one moment in several ways, to be compared with its ledger. Throws when
// D1 fails.
import type { PendingRow } from './log-row.ts';
import { requestTimeMs } from './request-id.ts';

/** A token as it is recorded, including deleted ones. */
export interface RecordedToken {
  tokenId: string;
  accountId: string;
  name: string;
  status: string;
}

/** Returns a page ordered by id, after the id `after`. */
export async function recordedTokens(db: D1Database, after: string, limit: number): Promise<RecordedToken[]> {
  const { results } = await db
    .prepare(
      `SELECT id AS tokenId, account_id AS accountId, name, status FROM tokens WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .bind(after, limit)
    .all<RecordedToken>();
  return results;
}

/** Returns the token of that id, or null if there never was one. */
export async function recordedToken(db: D1Database, id: string): Promise<RecordedToken | null> {
  return db
    .prepare('SELECT id AS tokenId, account_id AS accountId, name, status FROM tokens WHERE id = ?')
    .bind(id)
    .first<RecordedToken>();
}

/** Requests and their cost. */
interface Tally {
  requests: number;
  costNanoUsd: number;
}

/** Whole hours of which no row has been deleted. */
export interface HourRange {
  fromMs: number;
  toMs: number;
}

/** A token's figures in D1. */
export interface LoggedFigures {
  /** For all rows ever, by the roll-ups. */
  rolledUp: Tally;
  /** In the range: by the rows themselves, and by the roll-ups. */
  inLog: Tally;
  inRollUps: Tally;
  /** tokens.spent_nano_usd. */
  recordedNanoUsd: number;
  /** How much the rows named as pending would raise D1's cost if they were there. */
  missingNanoUsd: number;
}

const tally = (requests: string, cost: string) =>
  `COALESCE(SUM(${requests}), 0) AS requests, COALESCE(SUM(${cost}), 0) AS costNanoUsd`;

/** The hours of the range in which the token has sums: rows and sums are written together. */
const tokenHours = `(SELECT DISTINCT hour FROM usage_hourly INDEXED BY usage_hourly_by_token
  WHERE token_id = ?1 AND hour >= ?2 / 3600000 AND hour < ?3 / 3600000) AS known`;

export const figureStatements = {
  rolledUp: `SELECT ${tally('requests', 'cost_nano_usd')} FROM usage_hourly INDEXED BY usage_hourly_by_token
    WHERE token_id = ?1`,
  inLog: `SELECT ${tally('count', 'COALESCE(cost_nano_usd, 0)')} FROM (
    SELECT count, cost_nano_usd FROM ${tokenHours} CROSS JOIN request_log
    ON created_at >= known.hour * 3600000 AND created_at < (known.hour + 1) * 3600000 AND token_id = ?1
    UNION ALL SELECT count, cost_nano_usd FROM logs INDEXED BY logs_by_token
    WHERE token_id = ?1 AND created_at >= ?2 AND created_at < ?3)`,
  inRollUps: `SELECT ${tally('requests', 'cost_nano_usd')} FROM usage_hourly INDEXED BY usage_hourly_by_token
    WHERE token_id = ?1 AND hour >= ?2 AND hour < ?3`,
  recorded: 'SELECT spent_nano_usd AS recordedNanoUsd FROM tokens WHERE id = ?1',
  missing: `SELECT COALESCE(SUM(CASE WHEN revision >= wanted THEN 0 ELSE cost - found END), 0) AS missingNanoUsd FROM (
    SELECT pending.value ->> '$.revision' AS wanted, pending.value ->> '$.costNanoUsd' AS cost,
      COALESCE(request_log.revision, logs.revision, 0) AS revision,
      COALESCE(request_log.cost_nano_usd, logs.cost_nano_usd, 0) AS found
    FROM json_each(?1) AS pending
    LEFT JOIN request_log ON request_log.created_at = pending.value ->> '$.createdAtMs'
      AND request_log.id = pending.value ->> '$.id'
    LEFT JOIN logs ON logs.id = pending.value ->> '$.id')`,
} as const;

/** Returns all of a token's figures at one moment, in one transaction. */
export async function loggedFigures(
  db: D1Database,
  tokenId: string,
  pending: readonly PendingRow[],
  { fromMs, toMs }: HourRange,
): Promise<LoggedFigures> {
  const { rolledUp, inLog, inRollUps, recorded, missing } = figureStatements;
  const waiting = pending.map((row) => ({ ...row, createdAtMs: requestTimeMs(row.id) ?? row.createdAtMs }));
  const answers = await db.batch<Record<string, number>>([
    db.prepare(rolledUp).bind(tokenId),
    db.prepare(inLog).bind(tokenId, fromMs, toMs),
    db.prepare(inRollUps).bind(tokenId, fromMs / 3_600_000, toMs / 3_600_000),
    db.prepare(recorded).bind(tokenId),
    db.prepare(missing).bind(JSON.stringify(waiting)),
  ]);
  const [all, rows, hours, token, lacking] = answers.map(({ results }) => results[0] ?? {});
  return {
    rolledUp: tallyOf(all),
    inLog: tallyOf(rows),
    inRollUps: tallyOf(hours),
    recordedNanoUsd: token?.recordedNanoUsd ?? 0,
    missingNanoUsd: lacking?.missingNanoUsd ?? 0,
  };
}

function tallyOf(row: Record<string, number> | undefined): Tally {
  return { requests: row?.requests ?? 0, costNanoUsd: row?.costNanoUsd ?? 0 };
}
