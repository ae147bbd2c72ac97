import { env, exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { schemaVersion } from '../../src/schema/steps.ts';
import { openRelay } from './routes/open-relay.ts';

it('answers health without credentials', async () => {
  const response = await exports.default.fetch('https://relay.test/api/health');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ ok: true });
});

const setMeta = (key: string, value: number) =>
  env.DB.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').bind(key, String(value)).run();

it('answers 503 until the database has been ready once', async () => {
  const relay = openRelay();
  const health = async () => (await relay.fetch('/api/health')).status;
  relay.traffic.fails.add('d1');
  const reply = await relay.fetch('/api/health');
  expect(reply.status).toBe(503);
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  expect(reply.headers.get('retry-after')).toBe('2');
  relay.traffic.fails.clear();
  expect(await health()).toBe(200);
  // Known tokens continue to work without the database.
  relay.traffic.fails.add('d1');
  expect(await health()).toBe(200);
});

it('migrates an older database to the schema of this version', async () => {
  await setMeta('schema_version', schemaVersion - 1);
  await env.DB.batch(undoNewest.map((statement) => env.DB.prepare(statement)));
  const relay = openRelay();
  expect((await relay.fetch('/api/health')).status).toBe(200);
  expect(await env.DB.prepare(`SELECT value FROM meta WHERE key = 'schema_version'`).first('value')).toBe(
    String(schemaVersion),
  );
});

/** Reverts the migration to the newest version. */
const undoNewest = ['tags', 'note', 'include_cost'].map((name) => `ALTER TABLE tokens DROP COLUMN ${name}`);

it('answers 503 in each API format, but not on pages, when the database requires a newer Worker', async () => {
  await setMeta('min_reader', schemaVersion + 1);
  const relay = openRelay();
  const replies = {
    health: await relay.fetch('/api/health'),
    management: await relay.fetch('/api/tokens'),
    chat: await relay.fetch('/v1/chat/completions', { method: 'POST', body: '{}' }),
    messages: await relay.fetch('/v1/messages', { method: 'POST', body: '{}' }),
    gemini: await relay.fetch('/v1beta/models/m:generateContent', { method: 'POST', body: '{}' }),
  };
  for (const [name, reply] of Object.entries(replies)) {
    expect(reply.status, name).toBe(503);
    expect(reply.headers.get('retry-after'), name).not.toBeNull();
    expect(reply.text, name).toContain('npx wrangler deploy');
  }
  const page = await relay.fetch('/dashboard/setup');
  expect(page.status).toBe(200);
  expect(page.text).toContain('npx wrangler deploy');
  await setMeta('min_reader', 1);
  expect((await relay.fetch('/api/health')).status).toBe(200);
});
