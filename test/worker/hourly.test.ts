import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { hourly } from '../../src/app.ts';

it('leaves a copy of the catalog in KV, and forgets upstream ids that no upstream has any more', async () => {
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
