// Applies the one schema.sql, as deploy and local start do.
import { env } from 'cloudflare:workers';
import { beforeAll } from 'vitest';
import schema from '../../schema.sql?raw';
import { splitStatements } from '../../src/lib/sql-statements.ts';

beforeAll(async () => {
  await env.DB.batch(splitStatements(schema).map((statement) => env.DB.prepare(statement)));
});
