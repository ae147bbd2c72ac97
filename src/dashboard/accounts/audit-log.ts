// The audit in D1: who changed what. Throws when D1 fails.

export interface AuditRow {
  id: string;
  atMs: number;
  accountId: string;
  method: string;
  path: string;
  /** JSON of the request, without secrets. */
  detail: string;
}

export async function appendAudit(db: D1Database, row: AuditRow): Promise<void> {
  const { id, atMs, accountId, method, path, detail } = row;
  await db
    .prepare('INSERT INTO audit (id, at, account_id, method, path, detail) VALUES (?, ?, ?, ?, ?, ?)')
    .bind(id, atMs, accountId, method, path, detail)
    .run();
}

/** Newest first, after that position. */
export async function auditPage(
  db: D1Database,
  after: { createdAtMs: number; id: string } | null,
  limit: number,
): Promise<AuditRow[]> {
  const { createdAtMs, id } = after ?? { createdAtMs: Number.MAX_SAFE_INTEGER, id: '' };
  const { results } = await db
    .prepare(
      `SELECT id, at AS atMs, account_id AS accountId, method, path, detail FROM audit
       WHERE (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?`,
    )
    .bind(createdAtMs, id, limit)
    .all<AuditRow>();
  return results;
}

/** Returns whether anything at or below a path was ever changed. */
export async function hasAudited(db: D1Database, path: string): Promise<boolean> {
  const found = await db.prepare('SELECT 1 FROM audit WHERE path GLOB ? LIMIT 1').bind(`${path}*`).first();
  return found !== null;
}
