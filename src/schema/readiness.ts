// Whether an isolate may serve with its database. The schema is brought up to date at the isolate's first request,
// before it is served.
import { withTimer } from '../lib/deadline-timer.ts';
import { logError } from '../lib/log.ts';
import { applySchema, schemaOf } from './apply.ts';
import { type DatabaseSchema, schemaVersion } from './steps.ts';

/**
 * `away`: the database does not answer, so its schema is unknown. Requests that need it fail on their own;
 * cached tokens work. `failed`: it answers, but this Worker cannot work with it.
 */
export type SchemaReadiness =
  | { readonly state: 'ready' }
  | { readonly state: 'away' }
  | { readonly state: 'failed'; readonly reason: string };

/** A first request waits this long for the database, then continues without it. Steps that have begun continue. */
const schemaWaitMs = 5_000;

const ready: SchemaReadiness = { state: 'ready' };
const away: SchemaReadiness = { state: 'away' };

/** Databases that were ready: a schema never goes back. */
const readyDatabases = new WeakSet<D1Database>();

/** Returns whether the database is known to be ready. Costs nothing. */
export function isSchemaReady(db: D1Database): boolean {
  return readyDatabases.has(db);
}

/**
 * Brings the schema up to date unless that is done. Each of several first requests does this work independently:
 * a request that waited for another one's work would hang if that caller left. Never rejects.
 */
export async function schemaReadiness(db: D1Database): Promise<SchemaReadiness> {
  if (readyDatabases.has(db)) return ready;
  return (await withTimer(bringUpToDate(db), schemaWaitMs)) ?? away;
}

async function bringUpToDate(db: D1Database): Promise<SchemaReadiness> {
  let schema: DatabaseSchema;
  try {
    schema = await schemaOf(db);
  } catch {
    return away;
  }
  try {
    if (schema.version === null || schema.version < schemaVersion) schema = await applySchema(db);
  } catch (error) {
    logError('schema-not-applied', { error });
    return { state: 'failed', reason: 'The database could not be brought to the schema of this version.' };
  }
  if (schema.minReader > schemaVersion) return { state: 'failed', reason: tooNew(schema) };
  readyDatabases.add(db);
  return ready;
}

function tooNew({ version, minReader }: DatabaseSchema): string {
  return `The database has schema ${version}, which needs a Worker of schema ${minReader} or later; this one has ${schemaVersion}. Deploy the newer version again: git pull && npx wrangler deploy`;
}
