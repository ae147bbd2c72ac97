// Applies schema.sql and migrations/, as the Worker itself does.
import { env } from 'cloudflare:workers';
import { beforeAll } from 'vitest';
import { applySchema } from '../../src/schema/apply.ts';

beforeAll(async () => {
  await applySchema(env.DB);
});
