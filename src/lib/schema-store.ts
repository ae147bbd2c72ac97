// How a database comes to the newest schema: schema.sql makes version 1 of an empty database;
// each file of src/migrations/ (NNNN-name.sql, from 2 on) takes a database from the version before to its own.
// Named a store for the two questions that it has for a database. Pure: who reads the files and runs the steps is start's, deploy's and the tests' business.
import { splitStatements } from './sql-statements.ts';

/** The version that this code needs. A test holds it to the files of migrations/. */
export const schemaVersion = 9;

/** Asks for the version that a database has; no row: it has no tables yet. */
export const schemaVersionQuery = `SELECT value FROM meta WHERE key = 'schema_version'`;

/** Asks first whether the table of the query above is there. */
export const hasMetaQuery = `SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'`;

/** Statements to run together: all of them or none. */
export interface SchemaStep {
  version: number;
  statements: string[];
}

/**
 * The steps from `version` (null: an empty database) to the newest. `migrations` by file name. Each step ends
 * by raising the version, so that a run which is cut off is continued, never repeated. A database that is
 * newer than the files is left alone: its code was taken back, and additions do not disturb it.
 */
export function schemaSteps(
  schema: string,
  migrations: Readonly<Record<string, string>>,
  version: number | null,
): SchemaStep[] {
  const from = version ?? 1;
  const base = { version: 1, statements: splitStatements(schema) };
  const later = Object.entries(migrations)
    .map(([name, script]) => migrationStep(name, script))
    .filter((step) => step.version > from)
    .sort((one, other) => one.version - other.version);
  const gap = later.findIndex((step, index) => step.version !== from + index + 1);
  if (gap >= 0) throw new Error(`migration ${from + gap + 1} is missing, or there are two of it`);
  return version === null ? [base, ...later] : later;
}

function migrationStep(name: string, script: string): SchemaStep {
  const version = Number(/(\d{4})-[^/]*\.sql$/.exec(name)?.[1]);
  if (!(version >= 2)) throw new Error(`${name} is not named like a migration, 0002-name.sql`);
  const raise = `UPDATE meta SET value = '${version}' WHERE key = 'schema_version';`;
  return { version, statements: [...splitStatements(script), raise] };
}
