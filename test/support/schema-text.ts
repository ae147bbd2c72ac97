// The schema as one text, read from the migration files, for databases that a test creates without a Worker.
import { readdirSync, readFileSync } from 'node:fs';
import { schemaSteps } from '../../src/schema/steps.ts';

const root = new URL('../../', import.meta.url).pathname;
const names = readdirSync(`${root}src/migrations`).filter((name) => name.endsWith('.sql'));
const scripts = {
  base: readFileSync(`${root}schema.sql`, 'utf8'),
  migrations: Object.fromEntries(
    names.map((name) => [name, readFileSync(`${root}src/migrations/${name}`, 'utf8')]),
  ),
};

const textOf = (steps: ReturnType<typeof schemaSteps>) =>
  steps.flatMap(({ statements }) => statements).join('\n');

/** Creates a database of version 1. */
export const firstVersionSql = textOf(schemaSteps({ ...scripts, migrations: {} }, null));

/** Creates a database of the newest version. */
export const newestVersionSql = textOf(schemaSteps(scripts, null));
