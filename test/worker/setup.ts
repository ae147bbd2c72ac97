// Applies schema.sql and migrations/, as deploy and local start do.
import { env } from 'cloudflare:workers';
import { beforeAll } from 'vitest';
import { hasMetaQuery } from '../../src/lib/schema-store.ts';
import { migrate } from '../support/schema.ts';

beforeAll(async () => {
  if ((await env.DB.prepare(hasMetaQuery).first()) === null) await migrate(env.DB, null);
});
