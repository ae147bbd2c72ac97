// Upgrades the previous release's database (schema 8) without a loss, and lets the previous release work with it
// again.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { schemaVersion } from '../../../src/schema/steps.ts';
import { startRelay } from '../../support/relay.ts';
import { temporaryFolder } from './programs.ts';

const earlierVersion = 8;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
}

interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

const folder = temporaryFolder();
let before: Record<string, Table>;
let database: DatabaseSync;

beforeAll(async () => {
  execFileSync('tar', ['-xzf', 'test/fixtures/state/before-own-host.tgz', '-C', folder.path]);
  const path = databasePath();
  const earlier = new DatabaseSync(path);
  before = Object.fromEntries(tableNames(earlier).map((name) => [name, readTable(earlier, name)]));
  earlier.close();
  const relay = await startRelay({}, folder.path);
  // The first request applies the schema.
  await relay.manage('GET', '/api/tokens');
  await relay.stop();
  database = new DatabaseSync(path);
});
afterAll(() => {
  database.close();
  folder.remove();
});

function databasePath(): string {
  const stores = join(folder.path, 'v3/d1/miniflare-D1DatabaseObject');
  const [file] = readdirSync(stores).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  return join(stores, file ?? '');
}

function tableNames(db: DatabaseSync): string[] {
  const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'`;
  return db
    .prepare(query)
    .all()
    .map(({ name }) => String(name));
}

function columnsOf(db: DatabaseSync, table: string): Column[] {
  const query = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)';
  return db
    .prepare(query)
    .all(table)
    .map((row) => ({ ...row }) as unknown as Column);
}

function readTable(db: DatabaseSync, table: string): Table {
  const columns = columnsOf(db, table);
  const names = columns.map(({ name }) => name).join(', ');
  const query = `SELECT ${names} FROM ${table} ORDER BY 1, 2`;
  const rows = db
    .prepare(query)
    .all()
    .map((row) => ({ ...row }));
  return { columns, rows };
}

function metaValue(key: string): unknown {
  return database.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.value ?? null;
}

it('starts from a database of the previous release with rows in it', () => {
  expect(before.meta?.rows).toContainEqual({ key: 'schema_version', value: String(earlierVersion) });
  for (const table of ['tokens', 'token_hashes', 'channels', 'logs', 'usage_hourly'])
    expect(before[table]?.rows.length, table).toBeGreaterThan(0);
});

it('upgrades the database to this version, and still lets the previous release read it', () => {
  expect(metaValue('schema_version')).toBe(String(schemaVersion));
  expect(Number(metaValue('min_reader') ?? 1)).toBeLessThanOrEqual(earlierVersion);
});

it('preserves every row and every column of the previous release', () => {
  for (const [name, { columns, rows }] of Object.entries(before)) {
    expect(columnsOf(database, name), name).toEqual(expect.arrayContaining([...columns]));
    if (name === 'meta') continue;
    const query = `SELECT ${columns.map((column) => column.name).join(', ')} FROM ${name} ORDER BY 1, 2`;
    const found = database
      .prepare(query)
      .all()
      .map((row) => ({ ...row }));
    expect(found, name).toEqual(rows);
  }
});

it('accepts rows that the previous release writes without the new columns', () => {
  database.exec('BEGIN; PRAGMA defer_foreign_keys = on');
  for (const [name, { columns, rows }] of Object.entries(before)) {
    const names = columns.map((column) => column.name);
    const placeholders = names.map(() => '?').join(', ');
    database.exec(`DELETE FROM ${name}`);
    const insert = database.prepare(
      `INSERT OR REPLACE INTO ${name} (${names.join(', ')}) VALUES (${placeholders})`,
    );
    for (const row of rows) insert.run(...names.map((column) => row[column] as string | number | null));
  }
  for (const [name, { rows }] of Object.entries(before))
    expect(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.n, name).toBeGreaterThanOrEqual(
      rows.length,
    );
  database.exec('ROLLBACK');
});

it('adds columns behind those of the previous release', () => {
  const names = before.usage_hourly?.columns.map(({ name }) => name) ?? [];
  const now = columnsOf(database, 'usage_hourly').map(({ name }) => name);
  expect(now.slice(0, names.length)).toEqual(names);
});
