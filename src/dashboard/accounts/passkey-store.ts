// Passkeys in D1. Public keys are not secret. Throws when D1 fails.

/** A passkey of an account, without its key. */
export interface Passkey {
  /** As in WebAuthn: base64url. */
  credentialId: string;
  name: string;
  createdAtMs: number;
  lastUsedAtMs: number | null;
}

/** What verifies a sign-in with the passkey. */
export interface PasskeyProof {
  accountId: string;
  /** COSE, base64url. */
  publicKey: string;
  counter: number;
}

export class PasskeyStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  async of(accountId: string): Promise<Passkey[]> {
    const { results } = await this.db
      .prepare(
        `SELECT credential_id AS credentialId, name, created_at AS createdAtMs, last_used_at AS lastUsedAtMs
         FROM passkeys WHERE account_id = ? ORDER BY created_at DESC, credential_id`,
      )
      .bind(accountId)
      .all<Passkey>();
    return results;
  }

  /** Returns an active account's, or null. */
  find(credentialId: string): Promise<PasskeyProof | null> {
    return this.db
      .prepare(
        `SELECT account_id AS accountId, public_key AS publicKey, counter FROM passkeys
         JOIN accounts ON accounts.id = account_id WHERE credential_id = ? AND status = 'active'`,
      )
      .bind(credentialId)
      .first<PasskeyProof>();
  }

  /** Returns false if that credential is already known. */
  async add(passkey: Omit<Passkey, 'lastUsedAtMs'> & PasskeyProof): Promise<boolean> {
    const { credentialId, accountId, name, publicKey, counter, createdAtMs } = passkey;
    const { meta } = await this.db
      .prepare(
        `INSERT INTO passkeys (credential_id, account_id, name, public_key, counter, created_at)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (credential_id) DO NOTHING`,
      )
      .bind(credentialId, accountId, name, publicKey, counter, createdAtMs)
      .run();
    return meta.changes > 0;
  }

  /**
   * Records a sign-in. Returns false if the counter has changed meanwhile: the same answer was sent twice.
   * Counters that stay 0 (synced passkeys have none) always pass.
   */
  async used(credentialId: string, before: number, counter: number, nowMs: number): Promise<boolean> {
    const { meta } = await this.db
      .prepare('UPDATE passkeys SET counter = ?, last_used_at = ? WHERE credential_id = ? AND counter = ?')
      .bind(counter, nowMs, credentialId, before)
      .run();
    return meta.changes > 0;
  }

  async delete(accountId: string, credentialId: string): Promise<boolean> {
    const { meta } = await this.db
      .prepare('DELETE FROM passkeys WHERE credential_id = ? AND account_id = ?')
      .bind(credentialId, accountId)
      .run();
    return meta.changes > 0;
  }
}
