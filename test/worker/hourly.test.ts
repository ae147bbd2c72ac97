import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { readConfig, usualRetentionDays } from '../../src/config.ts';
import { hourly } from '../../src/hourly.ts';
import { appendRows } from '../../src/metering/log.ts';
import { pageOfRows } from '../../src/metering/page-log.ts';
import { logRow } from './stores/rows.ts';

it('stores a copy of the catalog in KV, and deletes upstream ids that have expired upstream', async () => {
  const add = (id: string, ageDays: number) =>
    env.DB.prepare(
      `INSERT INTO upstream_ids (id, account_id, channel_id, created_at) VALUES (?, 'acc_admin', 'ch', ?)`,
    )
      .bind(id, Date.now() - ageDays * 86_400_000)
      .run();
  await add('resp_old', 36);
  await add('resp_young', 34);
  await hourly(env);
  const { results } = await env.DB.prepare('SELECT id FROM upstream_ids').all();
  expect(results).toEqual([{ id: 'resp_young' }]);
  expect(await env.CACHE.get('catalog', 'json')).toMatchObject({
    channels: [],
    groups: [{ name: 'default' }],
  });
});

it('deletes log rows that are older than LOG_RETENTION_DAYS', async () => {
  const ageDays = (id: string, days: number) => logRow({ id, createdAtMs: Date.now() - days * 86_400_000 });
  await appendRows(env.DB, [
    ageDays('old', usualRetentionDays + 1),
    ageDays('young', usualRetentionDays - 1),
  ]);
  await hourly(env);
  const { rows } = await pageOfRows(env.DB, {}, null, 10);
  expect(rows.map(({ id }) => id)).toEqual(['young']);
});

it.each([
  [undefined, usualRetentionDays],
  ['', usualRetentionDays],
  ['ninety', usualRetentionDays],
  ['-1', usualRetentionDays],
  ['7', 7],
  ['0.5', 0.5],
  ['0', null],
])('reads LOG_RETENTION_DAYS=%s as %s days', (text, days) => {
  const { logRetentionMs } = readConfig({ ...env, ...(text !== undefined && { LOG_RETENTION_DAYS: text }) });
  expect(logRetentionMs).toBe(days === null ? null : days * 86_400_000);
});

it('continues with the other parts when one fails, and reports the failure at the end', async () => {
  await appendRows(env.DB, [logRow({ id: 'ancient', createdAtMs: 5 })]);
  const away = () => Promise.reject(new Error('KV is away'));
  const broken = { ...env, CACHE: { get: away, put: away } } as unknown as typeof env;
  // Services are built once for each binding object, so this is another binding of the same database.
  const other = { ...broken, DB: Object.create(env.DB) as D1Database };
  for (const name of ['prepare', 'batch'] as const) {
    Object.defineProperty(other.DB, name, { value: env.DB[name].bind(env.DB) });
  }
  await expect(hourly(other)).rejects.toThrow('a part of the hourly work failed');
  expect(await env.DB.prepare(`SELECT id FROM request_log WHERE id = 'ancient'`).first()).toBeNull();
});
