// Whether the database is set up for this version of the relay.
import { schemaVersion, schemaVersionQuery } from '../../lib/schema-store.ts';

/** false, too, while the database does not answer. */
export async function hasSchema(db: D1Database): Promise<boolean> {
  try {
    return Number(await db.prepare(schemaVersionQuery).first('value')) >= schemaVersion;
  } catch {
    return false;
  }
}
