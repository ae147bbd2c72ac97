// Whether the database was ever set up.

/** false, too, while the database does not answer. */
export async function hasSchema(db: D1Database): Promise<boolean> {
  try {
    return (await db.prepare("SELECT value FROM meta WHERE key = 'schema_version'").first()) !== null;
  } catch {
    return false;
  }
}
