// Settlements that the ledger has not confirmed, in the session's own storage. They are written before the client sees what is charged (the
// runtime holds back what is sent until it is durable), so that no crash loses a charge.
import type { Settlement } from '../quota/quota.ts';

export class SettlementStore {
  private hasTable = false;
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
  }

  put(settlement: Settlement): void {
    this.makeTable();
    const { id } = settlement.row;
    this.sql.exec('INSERT OR REPLACE INTO settlements VALUES (?, ?)', id, JSON.stringify(settlement));
  }

  all(): Settlement[] {
    this.makeTable();
    const rows = this.sql.exec<{ settlement: string }>('SELECT settlement FROM settlements').toArray();
    return rows.map(({ settlement }) => JSON.parse(settlement) as Settlement);
  }

  remove(settlements: readonly Settlement[]): void {
    this.makeTable();
    for (const { row } of settlements) this.sql.exec('DELETE FROM settlements WHERE id = ?', row.id);
  }

  /** The storage was emptied. */
  forget(): void {
    this.hasTable = false;
  }

  private makeTable(): void {
    if (this.hasTable) return;
    this.sql.exec('CREATE TABLE IF NOT EXISTS settlements (id TEXT PRIMARY KEY, settlement TEXT NOT NULL)');
    this.hasTable = true;
  }
}
