// Writes the request log in D1: the rows that ledgers deliver, counted into the roll-ups (roll-up-log.ts) in the
// same transaction. page-log.ts reads it. Throws when D1 fails; every write may be repeated.
import { lateStatements } from './block-log.ts';
import { adoptStatements } from './legacy-log.ts';
import type { LogRow } from './log-row.ts';
import { requestTimeMs } from './request-id.ts';
import { rollUpStatements } from './roll-up-log.ts';
import { insertStatements } from './row-log.ts';

/** What a token's ledger reports about it. */
export interface SpentReport {
  tokenId: string;
  spentNanoUsd: number;
  lastUsedAtMs: number | null;
}

/**
 * Writes rows, each once. An existing row is replaced only by a higher revision. `reports` of what ledgers have
 * spent go with them; a ledger's figure is the truth, so it replaces the stored one. All or nothing.
 */
export async function appendRows(db: D1Database, rows: LogRow[], reports: SpentReport[] = []): Promise<void> {
  const newest = newestRevisions(rows.map(atItsTime));
  const statements = [
    ...adoptStatements(db, newest),
    ...rollUpStatements(db, newest),
    ...lateStatements(db, newest, Date.now()),
    ...insertStatements(db, newest),
  ];
  if (reports.length > 0) statements.push(db.prepare(spentSql).bind(JSON.stringify(reports)));
  if (statements.length > 0) await db.batch(statements);
}

/** Makes a write that changes nothing. Throws if D1 does not accept writes. */
export async function probeLog(db: D1Database): Promise<void> {
  await db.batch([db.prepare(`DELETE FROM request_log WHERE created_at = -1`)]);
}

/** The time in the id is the row's primary key, whether the relay made the row or, after losing it, the ledger. */
function atItsTime(row: LogRow): LogRow {
  const createdAtMs = requestTimeMs(row.id) ?? row.createdAtMs;
  return createdAtMs === row.createdAtMs ? row : { ...row, createdAtMs };
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
