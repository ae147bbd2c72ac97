// The steps to the newest schema: schema.sql creates version 1 in an empty database; each file of src/migrations/
// (NNNN-name.sql, from 2 on) upgrades a database by one version. Pure.

/** The version that this code needs. A test compares it with the files of migrations/. */
export const schemaVersion = 12;

/** Checks for the table that holds the version. */
export const hasMetaQuery = `SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'`;

/** The version of a database's schema, and the oldest Worker (by its schema version) that can work with it. */
export interface DatabaseSchema {
  /** Null: it has no tables yet. */
  readonly version: number | null;
  readonly minReader: number;
}

/** Statements that run together, all or none. The first one fails when another Worker has applied the step. */
export interface SchemaStep {
  readonly version: number;
  readonly statements: readonly string[];
}

/** The scripts of the schema: schema.sql, and the files of migrations/ by name. */
export interface SchemaScripts {
  readonly base: string;
  readonly migrations: Readonly<Record<string, string>>;
}

/**
 * Returns the steps from `version` (null: an empty database) to the newest one. A newer database needs none.
 * Throws when a migration is missing, is there twice, or has an invalid name.
 */
export function schemaSteps({ base, migrations }: SchemaScripts, version: number | null): SchemaStep[] {
  const from = version ?? 1;
  const first = { version: 1, statements: [guardOfBase, ...splitStatements(base)] };
  const later = Object.entries(migrations)
    .map(([name, script]) => migrationStep(name, script))
    .filter((step) => step.version > from)
    .sort((one, other) => one.version - other.version);
  const gap = later.findIndex((step, index) => step.version !== from + index + 1);
  if (gap >= 0) throw new Error(`migration ${from + gap + 1} is missing, or there are two of it`);
  return version === null ? [first, ...later] : later;
}

/** Each step ends by raising the version: a run that is cut off continues, and nothing runs twice. */
function migrationStep(name: string, script: string): SchemaStep {
  const version = Number(/(\d{4})-[^/]*\.sql$/.exec(name)?.[1]);
  if (!(version >= 2)) throw new Error(`${name} is not named like a migration, 0002-name.sql`);
  const raise = `UPDATE meta SET value = '${version}' WHERE key = 'schema_version';`;
  return {
    version,
    statements: [guardOf(version), ...splitStatements(script), ...minReaderIn(script), raise],
  };
}

/** SQLite can raise an error only inside a trigger, but `json()` of invalid JSON is an error. */
const failing = `json('another Worker has applied this step')`;

const guardOfBase = `SELECT CASE WHEN EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta') THEN ${failing} END;`;

function guardOf(version: number): string {
  return `SELECT CASE WHEN (SELECT value FROM meta WHERE key = 'schema_version') <> '${version - 1}' THEN ${failing} END;`;
}

/** A migration that older Workers cannot work with says so on a line of its own: `-- min_reader: 12`. */
function minReaderIn(script: string): string[] {
  const minReader = /^-- min_reader: (\d+)$/m.exec(script)?.[1];
  if (minReader === undefined) return [];
  const row = `INSERT INTO meta (key, value) VALUES ('min_reader', '${minReader}')`;
  return [`${row} ON CONFLICT (key) DO UPDATE SET value = excluded.value;`];
}

/**
 * Returns the statements of an SQL script without its comments, as D1 takes them in a batch. A trigger's BEGIN … END stays one statement.
 * Works for the schema's scripts: they have no semicolon and no `--` inside a string literal.
 */
function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let pending = '';
  for (const line of script.split('\n')) {
    const code = line.replace(/--.*$/, '').trimEnd();
    if (code === '') continue;
    pending += `${code}\n`;
    const insideTrigger = /^CREATE TRIGGER/i.test(pending) && !/\bEND;\s*$/i.test(pending);
    if (code.endsWith(';') && !insideTrigger) {
      statements.push(pending.trim());
      pending = '';
    }
  }
  if (pending.trim() !== '') statements.push(pending.trim());
  return statements;
}
