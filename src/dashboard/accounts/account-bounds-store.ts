// What binds all tokens of an account besides its budget, in D1. D1 failing is thrown.

/** What an edit may change; absent stays, null takes away. */
export interface AccountBoundsEdit {
  group?: string | null;
  models?: string[];
  expiresAtMs?: number | null;
}

/** Writes an edit and raises the version by which an import knows the newer one. An unknown account stays unknown. */
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
