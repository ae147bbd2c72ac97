// schema.sql and what of migrations/ is new, on the deployed database. Before the script is uploaded: new
// code finds its columns, and old code does not mind columns that it does not know.
import { hasMetaQuery, schemaVersionQuery } from '../../schema/steps.ts';
import { stepsFrom } from '../schema-files.ts';
import { runWrangler, wranglerJson } from '../wrangler.ts';

/** Brings the schema up to date; safe to repeat. As queries: `--file` would close a live database while it imports. */
export async function applyRemoteSchema(database: string, config: string): Promise<void> {
  const command = (sql: string) => [
    ...['d1', 'execute', database, '--remote', '--yes', '--json'],
    ...[`--command=${sql}`, '--config', config],
  ];
  const purpose = 'reading the version of the schema';
  const ask = async (sql: string) => firstValue(await wranglerJson(command(sql), { purpose }));
  const version = (await ask(hasMetaQuery)) === null ? null : Number(await ask(schemaVersionQuery));
  for (const step of stepsFrom(version)) {
    await runWrangler(command(step.statements.join('\n')), {
      purpose: `applying version ${step.version} of the schema`,
    });
  }
  console.log(`schema: ${version === null ? 'made' : 'up to date'}`);
}

/** Of wrangler's `[{results: [{column: value}]}]`; null when there is no row. */
function firstValue(answer: unknown): unknown {
  const [first] = Array.isArray(answer) ? answer : [];
  const row: unknown = first?.results?.[0];
  return typeof row === 'object' && row !== null ? (Object.values(row)[0] ?? null) : null;
}
