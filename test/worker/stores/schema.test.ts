// A deployment with data follows to the newest schema and keeps what it has.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { schemaSteps, schemaVersion, schemaVersionQuery } from '../../../src/lib/schema-store.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { pageOfRows } from '../../../src/metering/page-log.ts';
import { usage, usageGroupings } from '../../../src/metering/usage-log.ts';
import { makeFirstVersion, migrate, migrations } from '../../support/schema.ts';
import { logRow } from './rows.ts';

const versionOf = async () => Number(await env.DB.prepare(schemaVersionQuery).first('value'));

beforeEach(async () => {
  const { results } = await env.DB.prepare(
    `SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger') AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'`,
  ).all<{ type: string; name: string }>();
  const triggersFirst = results.sort((one, other) => other.type.localeCompare(one.type));
  await env.DB.batch([
    env.DB.prepare('PRAGMA defer_foreign_keys = on'),
    ...triggersFirst.map(({ type, name }) => env.DB.prepare(`DROP ${type} IF EXISTS ${name}`)),
  ]);
});

it('has a migration for each version up to the one that the code needs', async () => {
  expect(Object.keys(migrations)).toHaveLength(schemaVersion - 1);
  await migrate(env.DB, null);
  expect(await versionOf()).toBe(schemaVersion);
});

it('upgrades a database of version 1 with rows in it', async () => {
  await makeFirstVersion(env.DB);
  expect(await versionOf()).toBe(1);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO tokens (id, account_id, name, hint, created_at, spent_nano_usd) VALUES ('tok_1', 'acc_admin', 'n', 'h', 1, 7)`,
    ),
    env.DB.prepare(
      `INSERT INTO logs (id, created_at, token_id, account_id, format, endpoint, status, cost_nano_usd) VALUES ('old', 5, 'tok_1', 'acc_admin', 'openai', '/v1/x', 200, 7)`,
    ),
  ]);
  await migrate(env.DB, 1);
  expect(await versionOf()).toBe(schemaVersion);
  await appendRows(env.DB, [logRow({ id: 'new', costNanoUsd: 3 })]);
  const { rows } = await pageOfRows(env.DB, {}, null, 10);
  expect(rows.map(({ id, costNanoUsd }) => [id, costNanoUsd])).toEqual([
    ['new', 3],
    ['old', 7],
  ]);
  expect(rows.map(({ charge }) => charge)).toEqual([logRow({}).charge, null]);
  expect(await env.DB.prepare('SELECT spent_nano_usd FROM tokens').first('spent_nano_usd')).toBe(7);
  const day = 86_400_000;
  for (const groupBy of usageGroupings)
    for (const filter of [
      {},
      { tokenId: 'tok_1' },
      { accountId: 'acc_admin' },
      { model: '' },
      { channelId: '' },
    ]) {
      const old = { groupBy, fromMs: 0, toMs: day, ...filter };
      expect(await usage(env.DB, old), groupBy).toMatchObject([{ requests: 1, costNanoUsd: 7 }]);
    }
  const sums = await usage(env.DB, { groupBy: 'token', fromMs: 0, toMs: Date.parse('2030-01-01') });
  expect(sums).toMatchObject([{ key: 'tok_1', requests: 2, costNanoUsd: 10 }]);
});

it('does nothing to a database that is up to date, or newer', async () => {
  await migrate(env.DB, null);
  await migrate(env.DB, schemaVersion);
  await migrate(env.DB, schemaVersion + 1);
  expect(await versionOf()).toBe(schemaVersion);
});

it('leaves a database as it was when a step fails', async () => {
  await makeFirstVersion(env.DB);
  const bad = {
    '0002-bad.sql': 'ALTER TABLE logs ADD COLUMN fine TEXT;\nALTER TABLE nowhere ADD COLUMN bad TEXT;',
  };
  const [step] = schemaSteps('', bad, 1);
  await expect(
    env.DB.batch((step?.statements ?? []).map((statement) => env.DB.prepare(statement))),
  ).rejects.toThrow('nowhere');
  expect(await versionOf()).toBe(1);
  const { results } = await env.DB.prepare(`SELECT name FROM pragma_table_info('logs')`).all<{
    name: string;
  }>();
  expect(results.map(({ name }) => name)).not.toContain('fine');
});

it('refuses files that leave a version out, or name one twice', () => {
  expect(() => schemaSteps('', { '0003-x.sql': '' }, 1)).toThrow('migration 2');
  expect(() => schemaSteps('', { '0002-x.sql': '', '0002-y.sql': '' }, 1)).toThrow('migration 3');
  expect(() => schemaSteps('', { 'x.sql': '' }, 1)).toThrow('x.sql');
});
