// Accounts in D1, with their credentials as hashes. Throws when D1 fails.
import type { Budget } from '../../tokens/token.ts';
import type { AccessKey, Account, Role, Session } from './account.ts';

const accountColumns =
  'accounts.id, accounts.name, accounts.email, accounts.role, accounts.status, accounts.created_at AS createdAtMs, accounts.last_login_at AS lastLoginAtMs, accounts.budget_nano_usd AS budgetNanoUsd, accounts.budget_period AS budgetPeriod, accounts.budget_version AS budgetVersion, accounts.group_name AS "group", accounts.models, accounts.tokens_expire_at AS expiresAtMs, accounts.email_proven = 1 AS isEmailProven';

const sessionColumns =
  'sessions.id, sessions.account_id AS accountId, user_agent AS userAgent, sessions.created_at AS createdAtMs, expires_at AS expiresAtMs';

/** What a session or an access key proves. */
export interface Proven {
  accountId: string;
  role: Role;
  name: string;
  /** Of the session or the key. */
  id: string;
}

type AccountRow = Omit<Account, 'models' | 'isEmailProven'> & { models: string; isEmailProven: number };

function accountOfRow(row: AccountRow): Account {
  return { ...row, models: JSON.parse(row.models), isEmailProven: row.isEmailProven === 1 };
}

export class AccountStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  async list(): Promise<Account[]> {
    const { results } = await this.db
      .prepare(`SELECT ${accountColumns} FROM accounts WHERE deleted_at IS NULL ORDER BY created_at, id`)
      .all<AccountRow>();
    return results.map(accountOfRow);
  }

  async find(id: string): Promise<Account | null> {
    const row = await this.db
      .prepare(`SELECT ${accountColumns} FROM accounts WHERE id = ? AND deleted_at IS NULL`)
      .bind(id)
      .first<AccountRow>();
    return row && accountOfRow(row);
  }

  /** Returns the account of an email with its password's hash, even if it is disabled. */
  async findByEmail(email: string): Promise<(Account & { password: string | null }) | null> {
    const row = await this.db
      .prepare(`SELECT ${accountColumns}, password FROM accounts WHERE email = ?`)
      .bind(email)
      .first<AccountRow & { password: string | null }>();
    return row && { ...accountOfRow(row), password: row.password };
  }

  passwordOf(id: string): Promise<string | null> {
    return this.db.prepare('SELECT password FROM accounts WHERE id = ?').bind(id).first<string>('password');
  }

  /** Returns whether anybody can sign in with a password yet. */
  async hasLogin(): Promise<boolean> {
    return (
      (await this.db.prepare('SELECT 1 FROM accounts WHERE password IS NOT NULL LIMIT 1').first()) !== null
    );
  }

  /**
   * Gives an account without a password its name, email, and password, once. `taken`: another account has the
   * email.
   */
  async claim(
    id: string,
    name: string,
    email: string,
    password: string,
  ): Promise<'claimed' | 'taken' | 'has-password'> {
    const claim = this.db
      .prepare(
        'UPDATE accounts SET name = ?, email = ?, email_proven = 0, password = ? WHERE id = ? AND password IS NULL',
      )
      .bind(name, email, password, id);
    const claimed = await unlessTaken(claim.run());
    if (claimed === 'taken') return 'taken';
    return claimed.meta.changes > 0 ? 'claimed' : 'has-password';
  }

  /** Marks the account's email as verified, if it is this one. */
  async proveEmail(id: string, email: string): Promise<void> {
    await this.db
      .prepare('UPDATE accounts SET email_proven = 1 WHERE id = ? AND email = ?')
      .bind(id, email)
      .run();
  }

  /**
   * Sets a password, and an email if the account has none: a password alone cannot sign in. False: another
   * account has the email.
   */
  async setPassword(id: string, password: string, email?: string): Promise<boolean> {
    const set = this.db
      .prepare(`UPDATE accounts SET password = ?1, email = COALESCE(email, ?2),
           email_proven = IIF(email IS NULL, 0, email_proven) WHERE id = ?3`)
      .bind(password, email ?? null, id);
    return (await unlessTaken(set.run())) !== 'taken';
  }

  /**
   * Applies an edit; absent fields stay. Returns null if there is no such account. In the same transaction, a
   * disabled account loses its sessions, and an account that is no longer an active admin loses its unused
   * invitations.
   */
  async update(
    id: string,
    changes: Partial<Pick<Account, 'name' | 'role' | 'status'>>,
  ): Promise<Account | null> {
    const { name = null, role = null, status = null } = changes;
    const [updated] = await this.db.batch<AccountRow>([
      this.db
        .prepare(
          `UPDATE accounts SET name = COALESCE(?, name), role = COALESCE(?, role), status = COALESCE(?, status)
           WHERE id = ? AND deleted_at IS NULL RETURNING ${accountColumns.replaceAll('accounts.', '')}`,
        )
        .bind(name, role, status, id),
      this.db
        .prepare(
          `DELETE FROM sessions WHERE account_id = ? AND 'disabled' = (SELECT status FROM accounts WHERE id = ?)`,
        )
        .bind(id, id),
      this.db
        .prepare(
          `DELETE FROM invites WHERE invited_by = ?
           AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = ? AND role = 'admin' AND status = 'active')`,
        )
        .bind(id, id),
    ]);
    const row = updated?.results[0];
    return row === undefined ? null : accountOfRow(row);
  }

  /** Sets the budget that all tokens of the account share (null: none). Returns false if there is no such account. */
  async setBudget(id: string, budget: Budget | null): Promise<boolean> {
    const { meta } = await this.db
      .prepare(
        'UPDATE accounts SET budget_nano_usd = ?, budget_period = ?, budget_version = budget_version + 1 WHERE id = ?',
      )
      .bind(budget?.nanoUsd ?? null, budget?.period ?? null, id)
      .run();
    return meta.changes > 0;
  }

  /** Stores a session and the time of the sign-in. */
  async openSession(hash: string, session: Session): Promise<void> {
    const { id, accountId, userAgent, createdAtMs, expiresAtMs } = session;
    await this.db.batch([
      this.db.prepare('DELETE FROM sessions WHERE expires_at <= ?').bind(createdAtMs),
      this.db
        .prepare(
          `INSERT INTO sessions (hash, id, account_id, user_agent, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
        )
        .bind(hash, id, accountId, userAgent, createdAtMs, expiresAtMs),
      this.db.prepare('UPDATE accounts SET last_login_at = ? WHERE id = ?').bind(createdAtMs, accountId),
    ]);
  }

  /** Returns null if the session is unknown or expired, or its account is disabled. */
  proveSession(hash: string, nowMs: number): Promise<Proven | null> {
    return this.db
      .prepare(
        `SELECT account_id AS accountId, role, name, sessions.id FROM sessions JOIN accounts ON accounts.id = account_id
         WHERE hash = ? AND expires_at > ? AND status = 'active'`,
      )
      .bind(hash, nowMs)
      .first<Proven>();
  }

  async sessionsOf(accountId: string, nowMs: number): Promise<Session[]> {
    const { results } = await this.db
      .prepare(
        `SELECT ${sessionColumns} FROM sessions WHERE account_id = ? AND expires_at > ? ORDER BY created_at DESC LIMIT 100`,
      )
      .bind(accountId, nowMs)
      .all<Session>();
    return results;
  }

  /** Only a session of that account. */
  async endSession(accountId: string, id: string): Promise<boolean> {
    const { meta } = await this.db
      .prepare('DELETE FROM sessions WHERE id = ? AND account_id = ?')
      .bind(id, accountId)
      .run();
    return meta.changes > 0;
  }

  /** All sessions of an account except the given one. */
  async endOtherSessions(accountId: string, keptId: string): Promise<void> {
    await this.db
      .prepare('DELETE FROM sessions WHERE account_id = ? AND id <> ?')
      .bind(accountId, keptId)
      .run();
  }

  /** Returns null if the key is unknown, or its account is disabled. */
  proveAccessKey(hash: string): Promise<Proven | null> {
    return this.db
      .prepare(
        `SELECT account_id AS accountId, role, accounts.name, access_keys.id FROM access_keys
         JOIN accounts ON accounts.id = account_id WHERE hash = ? AND status = 'active'`,
      )
      .bind(hash)
      .first<Proven>();
  }

  async accessKeysOf(accountId: string): Promise<AccessKey[]> {
    const { results } = await this.db
      .prepare(
        `SELECT id, name, hint, created_at AS createdAtMs FROM access_keys WHERE account_id = ? ORDER BY created_at DESC, id`,
      )
      .bind(accountId)
      .all<AccessKey>();
    return results;
  }

  async addAccessKey(hash: string, accountId: string, key: AccessKey): Promise<void> {
    await this.db
      .prepare(
        'INSERT INTO access_keys (hash, id, account_id, name, hint, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .bind(hash, key.id, accountId, key.name, key.hint, key.createdAtMs)
      .run();
  }

  async deleteAccessKey(accountId: string, id: string): Promise<boolean> {
    const { meta } = await this.db
      .prepare('DELETE FROM access_keys WHERE id = ? AND account_id = ?')
      .bind(id, accountId)
      .run();
    return meta.changes > 0;
  }
}

/** The result of a statement. `taken`: a unique value belongs to another account. */
export async function unlessTaken<Outcome>(running: Promise<Outcome>): Promise<Outcome | 'taken'> {
  try {
    return await running;
  } catch (error) {
    if (String(error).includes('UNIQUE')) return 'taken';
    throw error;
  }
}
