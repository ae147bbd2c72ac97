// The ledger's SQLite storage. Six kinds of rows:
//   policy      one row, rewritten at each edit;
//   checkpoint  one row: live holds, the ceiling, how far the journal has reached D1. Rewritten at most every
//               250 ms, and whenever the ceiling rises;
//   journal     one row for each batch of settlements, with the running totals after it. One write serves as
//               the record of money, the outbox to D1 and the memory of settled request ids;
//   slice       one row: the allocation of the account's budget;
//   alerts      one row: the alerts that are reported as open, rewritten when one begins or ends;
//   background  one row for each background response.
import type { LogRow } from '../metering/log-row.ts';
import { type TokenPolicy, unbounded } from '../tokens/token.ts';
import type {
  Hold,
  ReportedAlerts,
  StoredAllocation,
  Totals,
  TrackedResponse,
  UnaccountedHold,
} from './records.ts';
import type { WindowSlots } from './window.ts';

/** The totals of a new ledger. */
export const noTotals: Totals = {
  spentNanoUsd: 0,
  budgetStartMs: 0,
  budgetSpentNanoUsd: 0,
  lastUsedAtMs: null,
};

export interface JournalEntry {
  seq: number;
  atMs: number;
  totals: Totals;
  rows: LogRow[];
}

export interface Checkpoint {
  holds: Hold[];
  /** What is spent and held together never exceeds this number without raising it durably first. */
  ceilingNanoUsd: number;
  /** The part of the ceiling that the holds did not account for after earlier resets. */
  unknown: readonly UnaccountedHold[];
  /** Journal rows up to here are in D1. */
  flushedSeq: number;
  requests: WindowSlots;
  tokens: WindowSlots;
}

export class LedgerStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`);
    sql.exec(
      `CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, totals TEXT NOT NULL, rows TEXT NOT NULL)`,
    );
    sql.exec(
      `CREATE TABLE IF NOT EXISTS background (request_id TEXT PRIMARY KEY, waiting TEXT NOT NULL) WITHOUT ROWID`,
    );
  }

  readPolicy(): TokenPolicy | null {
    const policy = this.readState<TokenPolicy>('policy');
    // Policies stored before groups had versions: the next request brings a newer one.
    return policy && { ...policy, bounds: policy.bounds ?? unbounded };
  }

  writePolicy(policy: TokenPolicy): void {
    this.writeState('policy', policy);
  }

  readCheckpoint(): Checkpoint | null {
    return this.readState<Checkpoint>('checkpoint');
  }

  writeCheckpoint(checkpoint: Checkpoint): void {
    this.writeState('checkpoint', checkpoint);
  }

  readAllocation(): StoredAllocation | null {
    return this.readState<StoredAllocation>('slice');
  }

  writeAllocation(allocation: StoredAllocation): void {
    this.writeState('slice', allocation);
  }

  readAlerts(): ReportedAlerts | null {
    return this.readState<ReportedAlerts>('alerts');
  }

  writeAlerts(reported: ReportedAlerts): void {
    this.writeState('alerts', reported);
  }

  /** Returns how much was spent before an import. No journal row contains it. */
  carriedNanoUsd(): number {
    return this.readState<number>('carried') ?? 0;
  }

  carryOver(nanoUsd: number): void {
    this.writeState('carried', this.carriedNanoUsd() + nanoUsd);
  }

  /**
   * Returns journal entries after `seq`, oldest first, with at most `rowLimit` rows; at least one entry if there
   * is one.
   */
  journalAfter(seq: number, rowLimit: number): JournalEntry[] {
    const entries: JournalEntry[] = [];
    let rows = 0;
    for (const record of this.sql.exec<JournalRecord>(
      'SELECT * FROM journal WHERE seq > ? ORDER BY seq',
      seq,
    )) {
      const entry = entryOf(record);
      rows += entry.rows.length;
      if (entries.length > 0 && rows > rowLimit) break;
      entries.push(entry);
    }
    return entries;
  }

  /**
   * Calls `visit` for each journal entry since `atMs`, oldest first. There may be more entries than fit in
   * memory.
   */
  visitJournalSince(atMs: number, visit: (entry: JournalEntry) => void): void {
    const records = this.sql.exec<JournalRecord>('SELECT * FROM journal WHERE at >= ? ORDER BY seq', atMs);
    for (const record of records) visit(entryOf(record));
  }

  lastJournal(): JournalEntry | null {
    const [last] = this.sql.exec<JournalRecord>('SELECT * FROM journal ORDER BY seq DESC LIMIT 1');
    return last === undefined ? null : entryOf(last);
  }

  appendJournal(entry: JournalEntry): void {
    const { seq, atMs, totals, rows } = entry;
    this.sql.exec(
      'INSERT INTO journal (seq, at, totals, rows) VALUES (?, ?, ?, ?)',
      seq,
      atMs,
      JSON.stringify(totals),
      JSON.stringify(rows),
    );
  }

  /** Deletes entries that are in D1 and older than any retry of a settlement, but never the last entry. */
  prune(flushedSeq: number, beforeMs: number): void {
    this.sql.exec(
      'DELETE FROM journal WHERE seq <= ? AND at < ? AND seq < (SELECT MAX(seq) FROM journal)',
      flushedSeq,
      beforeMs,
    );
  }

  readBackground(): TrackedResponse[] {
    const records = this.sql.exec<{ waiting: string }>('SELECT waiting FROM background').toArray();
    return records.map(({ waiting }) => JSON.parse(waiting));
  }

  writeBackground(waiting: TrackedResponse): void {
    this.sql.exec(
      'INSERT INTO background (request_id, waiting) VALUES (?, ?) ON CONFLICT (request_id) DO UPDATE SET waiting = excluded.waiting',
      waiting.order.row.id,
      JSON.stringify(waiting),
    );
  }

  deleteBackground(requestId: string): void {
    this.sql.exec('DELETE FROM background WHERE request_id = ?', requestId);
  }

  private readState<T>(key: string): T | null {
    const found = this.sql.exec<{ value: string }>('SELECT value FROM state WHERE key = ?', key).toArray()[0];
    return found === undefined ? null : JSON.parse(found.value);
  }

  private writeState(key: string, value: unknown): void {
    this.sql.exec(
      'INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      JSON.stringify(value),
    );
  }
}

type JournalRecord = { seq: number; at: number; totals: string; rows: string };

function entryOf({ seq, at, totals, rows }: JournalRecord): JournalEntry {
  return { seq, atMs: at, totals: JSON.parse(totals), rows: JSON.parse(rows) };
}
