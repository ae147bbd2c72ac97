// Brings a D1 database to the newest schema. Any number of Workers may do so at the same time: a batch of D1 is
// atomic, and the first statement of each step fails when another Worker has applied that step.
import {
  type DatabaseSchema,
  hasMetaQuery,
  type SchemaScripts,
  type SchemaStep,
  schemaSteps,
} from './steps.ts';

/** Reads the version of the database's schema. Rejects when the database does not answer. */
export async function schemaOf(db: D1Database): Promise<DatabaseSchema> {
  try {
    return await readMeta(db);
  } catch (error) {
    if (await hasMeta(db)) throw error;
    return { version: null, minReader: 1 };
  }
}

async function readMeta(db: D1Database): Promise<DatabaseSchema> {
  const query = `SELECT key, value FROM meta WHERE key IN ('schema_version', 'min_reader')`;
  const { results } = await db.prepare(query).all<{ key: string; value: string }>();
  const values = new Map(results.map(({ key, value }) => [key, Number(value)]));
  return { version: values.get('schema_version') ?? 1, minReader: values.get('min_reader') ?? 1 };
}

async function hasMeta(db: D1Database): Promise<boolean> {
  return (await db.prepare(hasMetaQuery).first()) !== null;
}

/**
 * Applies the missing steps, each whole or not at all, and returns the resulting schema. Leaves a newer database
 * unchanged. Rejects when the database does not answer or a step fails. Without `scripts` it loads the bundle's own,
 * which an isolate whose database is up to date never parses.
 */
export async function applySchema(db: D1Database, scripts?: SchemaScripts): Promise<DatabaseSchema> {
  const { version } = await schemaOf(db);
  const known = scripts ?? (await import('./scripts.ts')).schemaScripts;
  for (const step of schemaSteps(known, version)) await applyStep(db, step);
  return schemaOf(db);
}

async function applyStep(db: D1Database, { version, statements }: SchemaStep): Promise<void> {
  try {
    await db.batch(statements.map((statement) => db.prepare(statement)));
  } catch (error) {
    const there = (await schemaOf(db)).version;
    if (there === null || there < version) throw error;
  }
}
