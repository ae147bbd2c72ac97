// Accounts in D1, as far as an export and an import know them. D1 failing is thrown.

/** An account as D1 holds it. */
export interface AccountRecord {
  id: string;
  name: string;
  email: string | null;
  role: 'admin' | 'member';
  status: 'active' | 'disabled';
  createdAtMs: number;
}

export async function listAccounts(db: D1Database): Promise<AccountRecord[]> {
  const { results } = await db
    .prepare('SELECT id, name, email, role, status, created_at AS createdAtMs FROM accounts ORDER BY id')
    .all<AccountRecord>();
  return results;
}

/** Adds the accounts that are not there; those that are stay as they are. Answers how many were added. */
export async function addAccounts(db: D1Database, accounts: AccountRecord[]): Promise<number> {
  const { meta } = await db
    .prepare(
      `INSERT OR IGNORE INTO accounts (id, name, email, role, status, created_at)
       SELECT value ->> '$.id', value ->> '$.name', value ->> '$.email', value ->> '$.role',
         value ->> '$.status', value ->> '$.createdAtMs' FROM json_each(?)`,
    )
    .bind(JSON.stringify(accounts))
    .run();
  return meta.changes;
}
