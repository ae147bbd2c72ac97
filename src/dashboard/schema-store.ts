// Whether the database is set up for this version of the relay.
import { schemaVersion, schemaVersionQuery } from '../lib/schema-store.ts';

/** Databases that were: a schema never goes back. One an isolate. */
const ready = new WeakSet<D1Database>();

/** false, too, while a database does not answer that was never seen to be set up. */
export async function hasSchema(db: D1Database): Promise<boolean> {
  if (ready.has(db)) return true;
  try {
    const isReady = Number(await db.prepare(schemaVersionQuery).first('value')) >= schemaVersion;
    if (isReady) ready.add(db);
    return isReady;
  } catch {
    return false;
  }
}
