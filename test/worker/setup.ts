// Files share one runtime: each starts from empty stores with the newest schema, as the Worker itself applies it, and
// leaves neither globals nor a clock of its own.
import { reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, vi } from 'vitest';
import { applySchema } from '../../src/schema/apply.ts';

beforeAll(async () => {
  await reset();
  await applySchema(env.DB);
});
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
