// Accounts in D1, as an export and an import need them. Throws when D1 fails.
import type { AccountBudget } from '../../quota/account-budget.ts';
import type { AccountBounds } from '../../tokens/effective-policy.ts';
import type { BudgetPeriod } from '../../tokens/token.ts';

/** An account as D1 holds it. */
export interface AccountRecord {
  id: string;
  name: string;
  email: string | null;
  role: 'admin' | 'member';
  status: 'active' | 'disabled';
  createdAtMs: number;
  /** The hash. Null: nobody signs in with a password. */
  password: string | null;
  budgetNanoUsd: number | null;
  budgetPeriod: BudgetPeriod | null;
  budgetVersion: number;
  group: string | null;
  models: string[];
  expiresAtMs: number | null;
  /** The version of group, models, and expiry: grows with each edit. */
  boundsVersion: number;
  isEmailProven: boolean;
}

const columns = `id, name, email, role, status, created_at AS createdAtMs, password,
  budget_nano_usd AS budgetNanoUsd, budget_period AS budgetPeriod, budget_version AS budgetVersion,
  group_name AS "group", models, tokens_expire_at AS expiresAtMs, bounds_version AS boundsVersion,
  email_proven = 1 AS isEmailProven`;

/** Returns all accounts, ordered by id. */
export async function listAccounts(db: D1Database): Promise<AccountRecord[]> {
  const { results } = await db
    .prepare(`SELECT ${columns} FROM accounts WHERE deleted_at IS NULL ORDER BY id`)
    .all<Omit<AccountRecord, 'models' | 'isEmailProven'> & { models: string; isEmailProven: number }>();
  return results.map((row) => ({
    ...row,
    models: JSON.parse(row.models),
    isEmailProven: row.isEmailProven === 1,
  }));
}

/** The budget that an account's tokens share. Null: none. */
export function budgetOf(account: AccountRecord): AccountBudget | null {
  const { budgetNanoUsd: nanoUsd, budgetPeriod: period, budgetVersion: version } = account;
  return nanoUsd === null || period === null ? null : { nanoUsd, period, version };
}

/** The parts of a token's policy that come from its account. */
export function boundsOf(account: AccountRecord): AccountBounds {
  const { status, group, models, expiresAtMs } = account;
  return { status, budget: budgetOf(account), group, models, expiresAtMs };
}

/** What an import did to accounts. */
export interface AccountsTaken {
  added: number;
  /** Existing accounts that now have a newer budget, group, list of models, or expiry. */
  rebound: string[];
}

/**
 * Adds missing accounts. Existing ones stay unchanged, except for a newer budget or newer limits in the
 * document, and except for an account that nobody signs in to yet: it takes over name, email, and password,
 * unless another account has the email.
 */
export async function takeOverAccounts(db: D1Database, accounts: AccountRecord[]): Promise<AccountsTaken> {
  const given = JSON.stringify(accounts);
  const [added, , ...rebound] = await db.batch<{ id: string }>([
    db
      .prepare(
        `INSERT OR IGNORE INTO accounts
           (id, name, email, role, status, created_at, password, budget_nano_usd, budget_period, budget_version,
            group_name, models, tokens_expire_at, bounds_version, email_proven)
         SELECT value ->> '$.id', value ->> '$.name', value ->> '$.email', value ->> '$.role', value ->> '$.status',
           value ->> '$.createdAtMs', value ->> '$.password', value ->> '$.budgetNanoUsd',
           value ->> '$.budgetPeriod', value ->> '$.budgetVersion',
           value ->> '$.group', value ->> '$.models', value ->> '$.expiresAtMs', value ->> '$.boundsVersion', value ->> '$.isEmailProven'
         FROM json_each(?)`,
      )
      .bind(given),
    db
      .prepare(
        `UPDATE accounts SET name = value ->> '$.name', email = value ->> '$.email', password = value ->> '$.password',
           email_proven = value ->> '$.isEmailProven'
         FROM json_each(?)
         WHERE accounts.id = value ->> '$.id' AND accounts.password IS NULL AND value ->> '$.password' IS NOT NULL
           AND accounts.deleted_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM accounts AS other WHERE other.email = value ->> '$.email' AND other.id <> accounts.id)`,
      )
      .bind(given),
    db
      .prepare(
        `UPDATE accounts SET budget_nano_usd = value ->> '$.budgetNanoUsd', budget_period = value ->> '$.budgetPeriod',
           budget_version = value ->> '$.budgetVersion'
         FROM json_each(?)
         WHERE accounts.id = value ->> '$.id' AND value ->> '$.budgetVersion' > accounts.budget_version
           AND accounts.deleted_at IS NULL
         RETURNING id`,
      )
      .bind(given),
    db
      .prepare(
        `UPDATE accounts SET group_name = value ->> '$.group', models = value ->> '$.models',
           tokens_expire_at = value ->> '$.expiresAtMs', bounds_version = value ->> '$.boundsVersion'
         FROM json_each(?)
         WHERE accounts.id = value ->> '$.id' AND value ->> '$.boundsVersion' > accounts.bounds_version
           AND accounts.deleted_at IS NULL
         RETURNING id`,
      )
      .bind(given),
  ]);
  const ids = rebound.flatMap(({ results }) => results.map(({ id }) => id));
  return { added: added?.meta.changes ?? 0, rebound: [...new Set(ids)] };
}
