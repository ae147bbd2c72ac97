// Who accounts are elsewhere, in D1. D1 failing is thrown.

/** Where an account may be known besides. */
export type IdentityProvider = 'github';

export interface Identity {
  provider: IdentityProvider;
  /** What the provider calls its user, for ever. */
  subject: string;
  /** What people call that user. */
  label: string;
}

export class IdentityStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  async of(accountId: string): Promise<Identity[]> {
    const { results } = await this.db
      .prepare('SELECT provider, subject, label FROM identities WHERE account_id = ? ORDER BY created_at')
      .bind(accountId)
      .all<Identity>();
    return results;
  }

  /** Of an active account; null: there is none. */
  accountOf(provider: IdentityProvider, subject: string): Promise<string | null> {
    return this.db
      .prepare(
        `SELECT account_id FROM identities JOIN accounts ON accounts.id = account_id
         WHERE provider = ? AND subject = ? AND status = 'active'`,
      )
      .bind(provider, subject)
      .first<string>('account_id');
  }

  /** false: that user belongs to an account already (this one or another). */
  async link(accountId: string, { provider, subject, label }: Identity, nowMs: number): Promise<boolean> {
    const { meta } = await this.db
      .prepare(
        `INSERT INTO identities (provider, subject, account_id, label, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (provider, subject) DO NOTHING`,
      )
      .bind(provider, subject, accountId, label, nowMs)
      .run();
    return meta.changes > 0;
  }

  async unlink(accountId: string, provider: string): Promise<boolean> {
    const { meta } = await this.db
      .prepare('DELETE FROM identities WHERE account_id = ? AND provider = ?')
      .bind(accountId, provider)
      .run();
    return meta.changes > 0;
  }

  /** How many ways an account has to log in: its password, its passkeys, who it is elsewhere. */
  async waysIn(accountId: string): Promise<number> {
    const ways = await this.db
      .prepare(
        `SELECT (SELECT COUNT(*) FROM accounts WHERE id = ?1 AND password IS NOT NULL)
              + (SELECT COUNT(*) FROM passkeys WHERE account_id = ?1)
              + (SELECT COUNT(*) FROM identities WHERE account_id = ?1) AS ways`,
      )
      .bind(accountId)
      .first<number>('ways');
    return ways ?? 0;
  }
}

/** The statement that gives a new account its identity, if it was made; a known identity makes it fail. */
export function linkOfNew(
  db: D1Database,
  accountId: string,
  { provider, subject, label }: Identity,
  nowMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO identities (provider, subject, account_id, label, created_at)
       SELECT ?, ?, id, ?, ? FROM accounts WHERE id = ?`,
    )
    .bind(provider, subject, label, nowMs, accountId);
}
