// Responses that the relay itself stores, in D1. The caller seals them.

export class ConversationStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  async put(id: string, accountId: string, sealed: string, expiresAtMs: number): Promise<void> {
    await this.db
      .prepare(
        // A response that ends after its account was deleted is not stored.
        `INSERT INTO conversations (id, account_id, sealed, expires_at) SELECT ?1, ?2, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE id = ?2 AND deleted_at IS NOT NULL) ON CONFLICT DO NOTHING`,
      )
      .bind(id, accountId, sealed, expiresAtMs)
      .run();
  }

  /** Returns null if there is no such id, it belongs to another account, or it has expired. */
  async find(id: string, accountId: string, nowMs: number): Promise<string | null> {
    return this.db
      .prepare('SELECT sealed FROM conversations WHERE id = ? AND account_id = ? AND expires_at > ?')
      .bind(id, accountId, nowMs)
      .first<string>('sealed');
  }

  async delete(id: string, accountId: string): Promise<void> {
    await this.db
      .prepare('DELETE FROM conversations WHERE id = ? AND account_id = ?')
      .bind(id, accountId)
      .run();
  }

  async forgetBefore(nowMs: number): Promise<void> {
    await this.db.prepare('DELETE FROM conversations WHERE expires_at <= ?').bind(nowMs).run();
  }
}
