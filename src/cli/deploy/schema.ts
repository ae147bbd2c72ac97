// schema.sql on the deployed database.
import { readFileSync } from 'node:fs';
import { splitStatements } from '../../lib/sql-statements.ts';
import { inRepository } from '../repository.ts';
import { runWrangler } from '../wrangler.ts';

/** Applies the schema; idempotent. As a query: `--file` would close a live database while it imports. */
export async function applyRemoteSchema(database: string, config: string): Promise<void> {
  const script = splitStatements(readFileSync(inRepository('schema.sql'), 'utf8')).join('\n');
  await runWrangler(
    ['d1', 'execute', database, '--remote', '--yes', '--json', `--command=${script}`, '--config', config],
    {
      purpose: 'applying schema.sql',
    },
  );
  console.log('schema.sql: applied');
}
