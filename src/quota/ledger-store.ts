// The ledger's SQLite: what is durable of a token. Three kinds of row:
//   policy      one row, rewritten at each edit;
//   checkpoint  one row: live holds, the ceiling, how far the journal reached D1. Rewritten at most every
//               250 ms, and whenever the ceiling rises;
//   journal     one row for each batch of settlements, with the running totals after it. It is the truth
//               about money, the outbox to D1 and the memory of which request ids are settled, in one write.
import { type TokenPolicy, unbounded } from '../tokens/token.ts';
import type { Hold } from './book.ts';
import type { LogRow } from './quota.ts';
import type { WindowSlots } from './window.ts';

/** The running totals; the last journal row holds the current ones. */
export interface Totals {
  spentNanoUsd: number;
  budgetStartMs: number;
  budgetSpentNanoUsd: number;
  lastUsedAtMs: number | null;
}

export interface JournalEntry {
  seq: number;
  atMs: number;
  totals: Totals;
  rows: LogRow[];
}

export interface Checkpoint {
  holds: Hold[];
  /** Spent and held together never pass this without its being raised, durably, first. */
  ceilingNanoUsd: number;
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
  }

  readPolicy(): TokenPolicy | null {
    const policy = this.readState<TokenPolicy>('policy');
    // Policies of before groups had versions: the next request's question brings a newer one.
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

  /** Of what is spent, how much was spent elsewhere, before an import: it is in no journal row. */
  carriedNanoUsd(): number {
    return this.readState<number>('carried') ?? 0;
  }

  carryOver(nanoUsd: number): void {
    this.writeState('carried', this.carriedNanoUsd() + nanoUsd);
  }

  /** All journal rows after `seq`, oldest first. */
  journalAfter(seq: number, limit: number): JournalEntry[] {
    return this.sql
      .exec<JournalRecord>('SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?', seq, limit)
      .toArray()
      .map(({ seq, at, totals, rows }) => ({
        seq,
        atMs: at,
        totals: JSON.parse(totals),
        rows: JSON.parse(rows),
      }));
  }

  lastJournal(): JournalEntry | null {
    const last = this.sql.exec<{ seq: number | null }>('SELECT MAX(seq) AS seq FROM journal').one().seq;
    return last === null ? null : (this.journalAfter(last - 1, 1)[0] ?? null);
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

  /** Forgets rows that are in D1 and older than any repetition of a settlement; never the last row. */
  prune(flushedSeq: number, beforeMs: number): void {
    this.sql.exec(
      'DELETE FROM journal WHERE seq <= ? AND at < ? AND seq < (SELECT MAX(seq) FROM journal)',
      flushedSeq,
      beforeMs,
    );
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
