// Linked identities, and all login methods of an account, in D1. Throws when D1 fails.
import type { Passkey } from './passkey-store.ts';

/** The providers of identities. */
export type IdentityProvider = 'github';

export interface Identity {
  provider: IdentityProvider;
  /** The provider's permanent id of its user. */
  subject: string;
  /** The user's visible name. */
  label: string;
}

/** Everything that opens an account, except the admin key. */
export interface LoginMethods {
  email: string | null;
  hasPassword: boolean;
  passkeys: Passkey[];
  identities: Identity[];
}

export class IdentityStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Returns how an account can sign in, or null if there is no such account. */
  async waysOf(accountId: string): Promise<LoginMethods | null> {
    const row = await this.db
      .prepare(
        `SELECT email, password IS NOT NULL AS hasPassword,
           (SELECT json_group_array(json_object('credentialId', credential_id, 'name', name, 'createdAtMs', created_at, 'lastUsedAtMs', last_used_at))
            FROM passkeys WHERE account_id = accounts.id) AS passkeys,
           (SELECT json_group_array(json_object('provider', provider, 'subject', subject, 'label', label))
            FROM identities WHERE account_id = accounts.id) AS identities
         FROM accounts WHERE id = ?`,
      )
      .bind(accountId)
      .first<{ email: string | null; hasPassword: number; passkeys: string; identities: string }>();
    if (row === null) return null;
    return {
      email: row.email,
      hasPassword: row.hasPassword === 1,
      passkeys: JSON.parse(row.passkeys),
      identities: JSON.parse(row.identities),
    };
  }

  /** Returns an active account's, or null. */
  accountOf(provider: IdentityProvider, subject: string): Promise<string | null> {
    return this.db
      .prepare(
        `SELECT account_id FROM identities JOIN accounts ON accounts.id = account_id
         WHERE provider = ? AND subject = ? AND status = 'active'`,
      )
      .bind(provider, subject)
      .first<string>('account_id');
  }

  /** Returns false if that user is already linked to this or another account. */
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
}

/**
 * Returns the statement that links a new account to its identity, if it was created. A known identity makes it
 * fail.
 */
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
