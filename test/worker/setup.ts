// Files share one runtime. Each starts from empty stores with the newest schema, which the Worker itself applies,
// and restores globals and the clock.
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
