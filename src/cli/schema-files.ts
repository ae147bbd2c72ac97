// schema.sql and migrations/ as files of the repository.
import { readdirSync, readFileSync } from 'node:fs';
import { type SchemaStep, schemaSteps } from '../schema/steps.ts';
import { inRepository } from './repository.ts';

/** The steps that a database of that version lacks (null: an empty one). */
export function stepsFrom(version: number | null): SchemaStep[] {
  const folder = inRepository('src/migrations');
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const migrations = names.map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8')]);
  const base = readFileSync(inRepository('schema.sql'), 'utf8');
  return schemaSteps({ base, migrations: Object.fromEntries(migrations) }, version);
}
