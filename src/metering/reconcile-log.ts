// What D1 says that a token cost, read at one moment in several ways, to be compared with its ledger. D1 failing
// is thrown.
import type { PendingRow } from './log-row.ts';

/** A token as it is recorded, deleted ones too. */
export interface RecordedToken {
  tokenId: string;
  accountId: string;
  name: string;
  status: string;
}

/** In the order of ids, after the id `after`. */
export async function recordedTokens(db: D1Database, after: string, limit: number): Promise<RecordedToken[]> {
  const { results } = await db
    .prepare(
      `SELECT id AS tokenId, account_id AS accountId, name, status FROM tokens WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .bind(after, limit)
    .all<RecordedToken>();
  return results;
}

/** The token of that id; null: there never was one. */
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
  /** Of all rows that ever were, by the roll-ups. */
  rolledUp: Tally;
  /** In the range: of the rows themselves, and by the roll-ups. */
  inLog: Tally;
  inRollUps: Tally;
  /** tokens.spent_nano_usd. */
  recordedNanoUsd: number;
  /** By how much the rows that were named as pending would raise the cost that D1 has, were they there. */
  missingNanoUsd: number;
}

const tally = (requests: string, cost: string) =>
  `COALESCE(SUM(${requests}), 0) AS requests, COALESCE(SUM(${cost}), 0) AS costNanoUsd`;

export const figureStatements = {
  rolledUp: `SELECT ${tally('requests', 'cost_nano_usd')} FROM usage_totals INDEXED BY usage_totals_by_key
    WHERE dimension = 'token' AND key = ?`,
  inLog: `SELECT ${tally('count', 'COALESCE(cost_nano_usd, 0)')} FROM logs INDEXED BY logs_by_token
    WHERE token_id = ? AND created_at >= ? AND created_at < ?`,
  inRollUps: `SELECT ${tally('requests', 'cost_nano_usd')} FROM usage_hourly INDEXED BY usage_hourly_by_token
    WHERE token_id = ? AND hour >= ? AND hour < ?`,
  recorded: 'SELECT spent_nano_usd AS recordedNanoUsd FROM tokens WHERE id = ?',
  missing: `SELECT COALESCE(SUM(CASE WHEN logs.revision >= row.value ->> '$.revision' THEN 0
      ELSE row.value ->> '$.costNanoUsd' - COALESCE(logs.cost_nano_usd, 0) END), 0) AS missingNanoUsd
    FROM json_each(?) AS row LEFT JOIN logs ON logs.id = row.value ->> '$.id'`,
} as const;

/** All of a token's figures, of one moment: one transaction. */
export async function loggedFigures(
  db: D1Database,
  tokenId: string,
  pending: readonly PendingRow[],
  { fromMs, toMs }: HourRange,
): Promise<LoggedFigures> {
  const { rolledUp, inLog, inRollUps, recorded, missing } = figureStatements;
  const answers = await db.batch<Record<string, number>>([
    db.prepare(rolledUp).bind(tokenId),
    db.prepare(inLog).bind(tokenId, fromMs, toMs),
    db.prepare(inRollUps).bind(tokenId, fromMs / 3_600_000, toMs / 3_600_000),
    db.prepare(recorded).bind(tokenId),
    db.prepare(missing).bind(JSON.stringify(pending)),
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
