// A D1 database with a million log rows over a year (`npm test`: 250,000 over a quarter), created once beside wrangler's own state and used by several
// tests. SQLite writes it directly, since D1 would take minutes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { blockRhythm, indexNewRows } from '../../../src/metering/block-log.ts';
import { summedColumns } from '../../../src/metering/roll-up-log.ts';
import { totalDimensions } from '../../../src/metering/rolled-sums-log.ts';
import { schemaSteps } from '../../../src/schema/steps.ts';
import { wholeOrShort } from '../../support/test-length.ts';

const root = new URL('../../..', import.meta.url).pathname;

/** Its contents: a third of all requests are of tok_0; 5 % each failed with 429 and 500. Any of the end users sent each. */
export const million = {
  rows: wholeOrShort(1_000_000, 250_000),
  tokens: 200,
  endUsers: 100_000,
  firstMs: Date.parse(wholeOrShort('2025-11-01', '2026-08-01')),
  lastMs: Date.parse('2026-10-31T23:59:59Z'),
} as const;

/** For the titles of tests. */
export const rowsInWords = `${million.rows.toLocaleString('en')} rows`;

/** The open database. */
export interface MillionRows {
  db: D1Database;
  stop(): Promise<void>;
}

/** Opens the database; creates it first if it is missing, or if another schema or version of this file created it. */
export async function openMillionRows(): Promise<MillionRows> {
  const steps = schemaStatements();
  const own = readFileSync(new URL(import.meta.url).pathname, 'utf8');
  const name = createHash('sha256')
    .update(steps.join('\n'))
    .update(own)
    .update(String(million.rows))
    .digest('hex')
    .slice(0, 12);
  const parent = join(root, '.wrangler/million-rows');
  const folder = join(parent, name);
  if (!existsSync(folder)) {
    rmSync(parent, { recursive: true, force: true });
    await make(`${folder}.part`, steps);
    renameSync(`${folder}.part`, folder);
  }
  return open(folder);
}

/** Returns the statements that create the newest schema in an empty database. */
function schemaStatements(): string[] {
  const folder = join(root, 'src/migrations');
  const names = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  const migrations = Object.fromEntries(
    names.map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
  const base = readFileSync(join(root, 'schema.sql'), 'utf8');
  return schemaSteps({ base, migrations }, null).flatMap(({ statements }) => [...statements]);
}

async function open(folder: string): Promise<MillionRows> {
  const options = convertV4MiniflareOptions({
    compatibilityDate: '2026-10-20',
    modules: true,
    script: 'export default { fetch: () => new Response(null) };',
    d1Databases: { DB: 'million' },
  });
  const runtime = new Miniflare({ ...options, resourcePersistencePath: folder });
  await runtime.ready;
  const db = (await runtime.getD1Database('DB')) as unknown as D1Database;
  return { db, stop: () => runtime.dispose() };
}

async function make(folder: string, steps: string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { db, stop } = await open(folder);
  await db.batch(steps.map((statement) => db.prepare(statement)));
  await stop();
  const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
    (path) => /\.sqlite$/.test(path) && !/metadata/.test(path),
  );
  if (file === undefined) throw new Error(`D1 left no file in ${folder}`);
  const sqlite = new DatabaseSync(join(folder, file));
  sqlite.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000');
  sqlite.exec(rowsSql);
  for (const sql of rollUpSql()) sqlite.exec(sql);
  await indexNewRows(d1Over(sqlite), million.lastMs + blockRhythm.graceMs, 1_000);
  sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  sqlite.close();
}

/** The part of D1 that makes the index, in this process: D1's own takes a minute for it. */
function d1Over(sqlite: DatabaseSync): D1Database {
  const prepare = (sql: string, values: SQLInputValue[] = []) => ({
    bind: (...bound: SQLInputValue[]) => prepare(sql, bound),
    all: async () => ({ results: sqlite.prepare(sql).all(...values) }),
    first: async (column?: string) => {
      const row = sqlite.prepare(sql).get(...values) ?? null;
      return column === undefined || row === null ? row : row[column];
    },
    run: () => sqlite.prepare(sql).run(...values),
  });
  const batch = async (statements: ReturnType<typeof prepare>[]) => {
    sqlite.exec('BEGIN');
    for (const statement of statements) statement.run();
    sqlite.exec('COMMIT');
    return [];
  };
  return { prepare, batch } as unknown as D1Database;
}

const stepMs = Math.floor((million.lastMs - million.firstMs) / million.rows);

/** Inserts the rows. `h` is a pseudo-random number of the row: a multiplicative hash of its index. */
const rowsSql = `INSERT INTO request_log (id, created_at, token_id, account_id, format, endpoint, requested_model,
    upstream_model, channel_id, status, error_code, stream, input_tokens, cached_tokens, output_tokens,
    reasoning_tokens, usage_source, cost_nano_usd, charge, ttfb_ms, duration_ms, end_user, tags)
  WITH RECURSIVE places (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM places WHERE i < ${million.rows - 1}),
  hashed AS (SELECT i, (i * 2654435761) % 4294967296 AS h FROM places),
  drawn AS (SELECT i, h, CASE WHEN h % 10 < 3 THEN 0 ELSE h / 10 % ${million.tokens} END AS t, h / 2000 % 3 AS k FROM hashed),
  named AS (SELECT i, h, t, (t * 7 + k * 5) % 30 AS m FROM drawn)
  SELECT printf('req_%08x%08d', h, i), ${million.firstMs} + i * ${stepMs}, 'tok_' || t, 'acc_' || (t % 5), 'openai',
    '/v1/chat/completions', 'model-' || m, 'model-' || m, 'ch_' || (m % 10),
    CASE WHEN h % 20 = 0 THEN 429 WHEN h % 20 = 1 THEN 500 ELSE 200 END, CASE WHEN h % 20 < 2 THEN 'x' END, h % 2,
    h % 5000, h % 700, h % 900, h % 100, 'upstream', h % 90000000,
    '{"source":"table","items":[["input",1200,2500000]]}', 120 + h % 400, 800 + h % 400, 'user_' || (h / 7 % ${million.endUsers}), '["project=p' || (h % 50) || '"]'
  FROM named`;

const lastDay = Math.floor(million.lastMs / 86_400_000);

function rollUpSql(): string[] {
  const facts = [
    'COUNT(*)',
    'SUM(status >= 400)',
    ...summedColumns.slice(2).map((column) => {
      if (column.startsWith('extra_')) return '0';
      return column === 'ttfb_count' ? 'COUNT(ttfb_ms)' : `SUM(${column})`;
    }),
  ];
  const sums = summedColumns.map((column) => `SUM(${column})`).join(', ');
  const cells = 'token_id, MAX(account_id), model, channel_id';
  return [
    `INSERT INTO usage_hourly SELECT created_at / 3600000, token_id, MAX(account_id), requested_model, channel_id,
      ${facts.join(', ')} FROM request_log GROUP BY 1, 2, 4, 5`,
    `INSERT INTO usage_daily SELECT hour / 24, ${cells}, ${sums} FROM usage_hourly GROUP BY 1, 2, 4, 5`,
    ...Object.entries(totalDimensions).map(
      ([
        dimension,
        { at, key },
      ]) => `INSERT INTO usage_totals SELECT '${dimension}', ${at === 'hour' ? 'hour' : 'hour / 24'}, ${key},
        ${sums} FROM ${dimension.startsWith('served') ? 'usage_served' : 'usage_hourly'} GROUP BY 2, 3`,
    ),
    // Sums of the last day, which is not over.
    `INSERT INTO usage_dirty SELECT 'hour', hour FROM usage_hourly WHERE hour >= ${lastDay} * 24 GROUP BY hour`,
    `INSERT INTO usage_dirty VALUES ('day', ${lastDay})`,
  ];
}
