// The stored state after a run, read from the ledgers' SQLite files and D1's without any code of the product.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LogRow } from '../../../src/metering/log-row.ts';
import type { Checkpoint } from '../../../src/quota/ledger-store.ts';
import type { Totals } from '../../../src/quota/records.ts';

/** One token's ledger. */
interface StoredLedger {
  tokenId: string;
  totals: Totals;
  /**
   * Every row that was ever written, oldest first; a request has a second one if an actual figure replaced an
   * estimate.
   */
  journal: LogRow[];
  holds: number;
  background: number;
}

/** The columns of D1's log that the tests compare. */
export interface LoggedRow {
  id: string;
  token_id: string;
  status: number;
  error_code: string | null;
  usage_source: string | null;
  input_tokens: number;
  output_tokens: number;
  cost_nano_usd: number | null;
  count: number;
  revision: number;
}

export interface StoredState {
  ledgers: Map<string, StoredLedger>;
  log: LoggedRow[];
  /** `spent_nano_usd` of the tokens' records, which the ledgers report. */
  reported: Map<string, number>;
  /** Sums of the hourly roll-ups by token. */
  rolledUp: Map<string, number>;
}

/** Reads the state folder of a stopped relay. */
export function readStoredState(stateDirectory: string): StoredState {
  const { log, reported, rolledUp } = readDatabase(stateDirectory);
  const ledgers = new Map<string, StoredLedger>();
  for (const file of filesUnder(stateDirectory, 'TokenLedger')) {
    const ledger = readLedger(file);
    if (ledger !== null) ledgers.set(ledger.tokenId, ledger);
  }
  return { ledgers, log, reported, rolledUp };
}

/**
 * Reads the state of a running relay from a copy, since a reader of the original files could lock the relay out.
 * Returns null if the copy was taken in the middle of a write.
 */
export function copyStoredState(stateDirectory: string): StoredState | null {
  const copy = mkdtempSync(join(tmpdir(), 'stored-state-'));
  try {
    // SQLite rebuilds the index of the write-ahead log from the log.
    cpSync(stateDirectory, copy, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    return readStoredState(copy);
  } catch {
    return null;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Opens D1's file, of a running relay too. */
export function databaseFile(stateDirectory: string): string {
  const [file] = filesUnder(stateDirectory, 'D1Database');
  if (file === undefined) throw new Error(`no D1 below ${stateDirectory}`);
  return file;
}

function filesUnder(stateDirectory: string, kind: string): string[] {
  return readdirSync(stateDirectory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes(kind) && path.endsWith('.sqlite') && !path.endsWith('metadata.sqlite'))
    .map((path) => join(stateDirectory, path));
}

function readLedger(file: string): StoredLedger | null {
  const db = new DatabaseSync(file);
  try {
    const state = (key: string) => {
      const row = db.prepare('SELECT value FROM state WHERE key = ?').get(key);
      return row === undefined ? null : JSON.parse(String(row.value));
    };
    const policy = state('policy') as { tokenId: string } | null;
    if (policy === null) return null;
    const journal = db.prepare('SELECT totals, rows FROM journal ORDER BY seq').all();
    const last = journal.at(-1);
    return {
      tokenId: policy.tokenId,
      totals: last ? JSON.parse(String(last.totals)) : { spentNanoUsd: 0 },
      journal: journal.flatMap(({ rows }) => JSON.parse(String(rows)) as LogRow[]),
      holds: (state('checkpoint') as Checkpoint | null)?.holds.length ?? 0,
      background: Number(db.prepare('SELECT COUNT(*) AS count FROM background').get()?.count),
    };
  } finally {
    db.close();
  }
}

function readDatabase(stateDirectory: string) {
  const db = new DatabaseSync(databaseFile(stateDirectory));
  try {
    const log = db
      .prepare('SELECT * FROM request_log ORDER BY created_at, id')
      .all() as unknown as LoggedRow[];
    const sums = (sql: string) =>
      new Map(
        db
          .prepare(sql)
          .all()
          .map(({ id, sum }) => [String(id), Number(sum)] as const),
      );
    return {
      log,
      reported: sums('SELECT id, spent_nano_usd AS sum FROM tokens'),
      rolledUp: sums('SELECT token_id AS id, SUM(cost_nano_usd) AS sum FROM usage_hourly GROUP BY token_id'),
    };
  } finally {
    db.close();
  }
}
