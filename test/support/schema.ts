// Databases of other versions of the schema.
import { applySchema } from '../../src/schema/apply.ts';
import { schemaScripts } from '../../src/schema/scripts.ts';

/** Creates a database of version 1, as the first deployments have it. */
export async function makeFirstVersion(db: D1Database): Promise<void> {
  await applySchema(db, { ...schemaScripts, migrations: {} });
}
