import { exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';

it('answers health without credentials', async () => {
  const response = await exports.default.fetch('https://relay.test/api/health');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ ok: true });
});
