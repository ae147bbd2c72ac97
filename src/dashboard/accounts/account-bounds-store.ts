// The limits of all tokens of an account besides its budget, in D1. Throws when D1 fails.

/** What an edit may change. Absent fields stay; null removes a value. */
export interface AccountBoundsEdit {
  group?: string | null;
  models?: string[];
  expiresAtMs?: number | null;
}

/** Writes an edit and raises the version that imports compare. Does nothing for an unknown account. */
export async function setAccountBounds(
  db: D1Database,
  id: string,
  { group, models, expiresAtMs }: AccountBoundsEdit,
): Promise<void> {
  const columns = {
    ...(group !== undefined && { group_name: group }),
    ...(models !== undefined && { models: JSON.stringify(models) }),
    ...(expiresAtMs !== undefined && { tokens_expire_at: expiresAtMs }),
  };
  const assignments = Object.keys(columns).map((name) => `${name} = ?, `);
  await db
    .prepare(`UPDATE accounts SET ${assignments.join('')}bounds_version = bounds_version + 1 WHERE id = ?`)
    .bind(...Object.values(columns), id)
    .run();
}
