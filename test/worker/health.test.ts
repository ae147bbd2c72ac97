import { env, exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { schemaVersion } from '../../src/lib/schema-store.ts';
import { openRelay } from './doors/open-relay.ts';

it('answers health without credentials', async () => {
  const response = await exports.default.fetch('https://relay.test/api/health');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ ok: true });
});

const setVersion = (version: number) =>
  env.DB.prepare(`UPDATE meta SET value = ? WHERE key = 'schema_version'`).bind(String(version)).run();

it('is a 503 until the schema is there, whole, and the database answers', async () => {
  const relay = openRelay();
  const health = async () => (await relay.fetch('/api/health')).status;
  await env.DB.prepare('ALTER TABLE meta RENAME TO meta_before').run();
  expect(await health()).toBe(503);
  await env.DB.prepare('ALTER TABLE meta_before RENAME TO meta').run();
  await setVersion(schemaVersion - 1);
  const reply = await relay.fetch('/api/health');
  expect(reply.status).toBe(503);
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  expect(reply.headers.get('retry-after')).toBe('2');
  await setVersion(schemaVersion);
  relay.traffic.fails.add('d1');
  expect(await health()).toBe(503);
  relay.traffic.fails.clear();
  expect(await health()).toBe(200);
  // Tokens that are known work on without the database.
  relay.traffic.fails.add('d1');
  expect(await health()).toBe(200);
});
