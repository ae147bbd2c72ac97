// schema.sql and migrations/ inside workerd, which cannot read files.
import schema from '../../schema.sql?raw';
import { schemaSteps } from '../../src/lib/schema-store.ts';

/** The files of migrations/, by name. */
export const migrations = import.meta.glob<string>('../../src/migrations/*.sql', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Brings a database of that version (null: an empty one) up to date, each step whole or not at all. */
export async function migrate(db: D1Database, version: number | null): Promise<void> {
  for (const { statements } of schemaSteps(schema, migrations, version)) {
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
}

/** A database of version 1, as the first deployments have it. */
export async function makeFirstVersion(db: D1Database): Promise<void> {
  for (const { statements } of schemaSteps(schema, {}, null)) {
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
}
