// A deployment with data is migrated to the newest schema and keeps its data.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import { pageOfRows } from '../../../src/metering/page-log.ts';
import { usage } from '../../../src/metering/usage-log.ts';
import { usageGroupings } from '../../../src/metering/usage-query.ts';
import { applySchema, schemaOf } from '../../../src/schema/apply.ts';
import { isSchemaReady, schemaReadiness } from '../../../src/schema/readiness.ts';
import { schemaScripts } from '../../../src/schema/scripts.ts';
import { schemaSteps, schemaVersion } from '../../../src/schema/steps.ts';
import { logRow } from './rows.ts';

/** Creates a database of version 1, as the first deployments have it. */
async function makeFirstVersion(db: D1Database): Promise<void> {
  await applySchema(db, { ...schemaScripts, migrations: {} });
}

const versionOf = async () => (await schemaOf(env.DB)).version;

/** The files of the migrations folder, which the Worker's list must name. */
const files = import.meta.glob<string>('../../../src/migrations/*.sql', {
  query: '?raw',
  import: 'default',
  eager: true,
});

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

it('bundles a migration for each version up to the required one', async () => {
  const inFolder = Object.entries(files).map(([path, text]) => [path.split('/').at(-1), text]);
  expect(schemaScripts.migrations).toEqual(Object.fromEntries(inFolder));
  expect(inFolder).toHaveLength(schemaVersion - 1);
  expect(await applySchema(env.DB)).toEqual({ version: schemaVersion, minReader: 1 });
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
  await applySchema(env.DB);
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

it('leaves a database alone that is up to date, or newer', async () => {
  await applySchema(env.DB);
  await applySchema(env.DB);
  expect(await versionOf()).toBe(schemaVersion);
  await setMeta('schema_version', schemaVersion + 1);
  expect(await applySchema(env.DB)).toEqual({ version: schemaVersion + 1, minReader: 1 });
});

it('leaves a database unchanged when a step fails, and reports why', async () => {
  await makeFirstVersion(env.DB);
  const bad = 'ALTER TABLE logs ADD COLUMN fine TEXT;\nALTER TABLE nowhere ADD COLUMN bad TEXT;';
  const scripts = { ...schemaScripts, migrations: { '0002-bad.sql': bad } };
  await expect(applySchema(env.DB, scripts)).rejects.toThrow('nowhere');
  expect(await versionOf()).toBe(1);
  expect(await columnsOf('logs')).not.toContain('fine');
});

it.each([
  ['an empty database', async () => {}],
  ['a database of version 1', () => makeFirstVersion(env.DB)],
])('applies each step once when twenty Workers start at the same time on %s', async (_, make) => {
  await make();
  // A step that ran twice would leave two rows.
  const version = schemaVersion + 1;
  const counting = {
    ...schemaScripts,
    migrations: {
      ...schemaScripts.migrations,
      [`${String(version).padStart(4, '0')}-count.sql`]:
        'CREATE TABLE IF NOT EXISTS runs (n);\nINSERT INTO runs VALUES (1);',
    },
  };
  const found = await Promise.all(Array.from({ length: 20 }, () => applySchema(env.DB, counting)));
  expect(new Set(found.map((schema) => schema.version))).toEqual(new Set([version]));
  expect(await env.DB.prepare('SELECT count(*) AS n FROM runs').first('n')).toBe(1);
  await env.DB.prepare('DROP TABLE runs').run();
});

it('records the minimum Worker version that a migration requires', async () => {
  const version = schemaVersion + 1;
  const name = `${String(version).padStart(4, '0')}-breaking.sql`;
  const breaking = `-- min_reader: ${version}\nALTER TABLE logs ADD COLUMN other TEXT;`;
  const scripts = { ...schemaScripts, migrations: { ...schemaScripts.migrations, [name]: breaking } };
  expect(await applySchema(env.DB, scripts)).toEqual({ version, minReader: version });
});

describe('schema checks of an isolate', () => {
  /** Returns another object, since the schema state is cached for each database object. */
  const database = (): D1Database => ({
    prepare: (query) => env.DB.prepare(query),
    batch: (statements) => env.DB.batch(statements),
    exec: (query) => env.DB.exec(query),
    withSession: () => env.DB.withSession(),
    dump: () => env.DB.dump(),
  });

  it('creates the schema of an empty database, and checks it once', async () => {
    const db = database();
    expect(isSchemaReady(db)).toBe(false);
    expect(await schemaReadiness(db)).toEqual({ state: 'ready' });
    expect(await versionOf()).toBe(schemaVersion);
    expect(isSchemaReady(db)).toBe(true);
  });

  it('serves a newer schema that still supports this version', async () => {
    await applySchema(env.DB);
    await setMeta('schema_version', schemaVersion + 3);
    await setMeta('min_reader', schemaVersion);
    expect(await schemaReadiness(database())).toEqual({ state: 'ready' });
  });

  it('refuses a newer schema that requires a newer Worker, and names the command', async () => {
    await applySchema(env.DB);
    await setMeta('schema_version', schemaVersion + 3);
    await setMeta('min_reader', schemaVersion + 2);
    const db = database();
    expect(await schemaReadiness(db)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('npx wrangler deploy'),
    });
    expect(isSchemaReady(db)).toBe(false);
    await setMeta('min_reader', 1);
    expect(await schemaReadiness(db)).toEqual({ state: 'ready' });
  });

  it('continues while the database does not answer, and checks again at the next request', async () => {
    const db = database();
    const silent = { ...db, prepare: () => ({ all: rejection, first: rejection }) } as unknown as D1Database;
    expect(await schemaReadiness(silent)).toEqual({ state: 'away' });
    expect(isSchemaReady(silent)).toBe(false);
  });
});

const rejection = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'));

async function setMeta(key: string, value: number): Promise<void> {
  const row = env.DB.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  await row.bind(key, String(value)).run();
}

async function columnsOf(table: string): Promise<string[]> {
  const query = env.DB.prepare('SELECT name FROM pragma_table_info(?)').bind(table);
  return (await query.all<{ name: string }>()).results.map(({ name }) => name);
}

it('rejects migration files that skip a version or repeat one', () => {
  const steps = (...names: string[]) =>
    schemaSteps({ base: '', migrations: Object.fromEntries(names.map((name) => [name, ''])) }, 1);
  expect(() => steps('0003-x.sql')).toThrow('migration 2');
  expect(() => steps('0002-x.sql', '0002-y.sql')).toThrow('migration 3');
  expect(() => steps('x.sql')).toThrow('x.sql');
});
