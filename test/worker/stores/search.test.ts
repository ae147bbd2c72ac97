// Filtered pages find every matching row once, newest first, whatever part of the log is indexed.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { blockRhythm, dropBlocks, indexNewRows, maintainBlocks } from '../../../src/metering/block-log.ts';
import { conditionsOf, type LogFilter } from '../../../src/metering/filter-log.ts';
import { moveLegacyRows } from '../../../src/metering/legacy-log.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { pageOfRows } from '../../../src/metering/page-log.ts';
import { blockLimits } from '../../../src/metering/postings.ts';
import { forgetRowsBefore } from '../../../src/metering/retention-log.ts';
import {
  candidatesQuery,
  gapQuery,
  lateQuery,
  lookupQueries,
} from '../../../src/metering/search-queries-log.ts';
import { usage } from '../../../src/metering/usage-log.ts';
import { emptyDatabase } from '../api/relay.ts';
import { logRow } from './rows.ts';

const count = 30_000;
const stepMs = 1_000;
const endMs = count * stepMs;
const nowMs = endMs + blockRhythm.graceMs;

/** 30,000 rows with pseudo-random columns; two of each hundred share their time with the next. */
const rowsSql = (table: string, columns: string, values: string) => `INSERT INTO ${table}
  (id, created_at, token_id, account_id, format, endpoint, requested_model, channel_id, status, error_code${columns})
  WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1}),
  hashed AS (SELECT i, (i * 2654435761) % 4294967296 / 7 AS h FROM n)
  SELECT printf('r%05d', i), (i - (i % 100 IN (50, 51))) * ${stepMs}, 'tok_' || (h % 40), 'acc_' || (h % 5), 'openai', '/v1/x',
    'model-' || (h / 40 % 9), 'ch_' || (h / 400 % 3), CASE h / 1200 % 20 WHEN 0 THEN 429 WHEN 1 THEN 500 ELSE 200 END,
    CASE h / 1200 % 20 WHEN 0 THEN 'rate_limit_exceeded' END${values} FROM hashed`;

const fill = () =>
  env.DB.prepare(
    rowsSql(
      'request_log',
      ', end_user, session, tags',
      `, 'a-person-with-a-long-name-' || (h / 3 % 3000), 's' || (h / 5 % 900), CASE h % 3 WHEN 0 THEN '["env=prod","p=' || (h % 7) || '"]' ELSE '[]' END`,
    ),
  ).run();

const filters: LogFilter[] = [
  { tokenId: 'tok_7' },
  { tokenId: 'tok_7', status: 500 },
  { tokenId: 'tok_1', accountId: 'acc_2' },
  { model: ['model-1', 'model-8'], channelId: 'ch_2', status: { from: 400, to: 499 } },
  { errorCode: 'rate_limit_exceeded', fromMs: 9_000_500, toMs: 21_000_000 },
  { status: { from: 400, to: 999 }, tokenId: ['tok_3', 'tok_4'] },
  { endUser: 'a-person-with-a-long-name-77' },
  { session: 's12', status: 200 },
  { tag: 'p=3', toMs: 15_000_001 },
  { status: 200, fromMs: endMs - 400_000 },
  { tokenId: 'nobody' },
];

/** Pages through all matches and compares them with the rows that SQL finds. Returns how many there were, and the pages. */
async function expectAll(filter: LogFilter, limit: number): Promise<{ matches: number; pages: number }> {
  const conditions = conditionsOf(filter);
  const time = `created_at >= ${filter.fromMs ?? 0} AND created_at < ${filter.toMs ?? endMs * 2}`;
  const { results } = await env.DB.prepare(
    `SELECT id FROM request_log WHERE ${[time, ...conditions.map(({ sql }) => sql)].join(' AND ')} ORDER BY created_at DESC, id DESC`,
  )
    .bind(...conditions.flatMap(({ values }) => values))
    .all<{ id: string }>();
  const found: string[] = [];
  let pages = 0;
  let next = null;
  do {
    const page: Awaited<ReturnType<typeof pageOfRows>> = await pageOfRows(env.DB, filter, next, limit);
    found.push(...page.rows.map(({ id }) => id));
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    next = page.next;
    pages += 1;
  } while (next !== null && pages < 2_000);
  expect(found, JSON.stringify(filter)).toEqual(results.map(({ id }) => id));
  return { matches: found.length, pages };
}

beforeEach(emptyDatabase);

const blocks = () => env.DB.prepare('SELECT COUNT(*) AS n FROM log_blocks').first<number>('n');

describe('filtered pages', () => {
  it('find the same rows without an index, with one, and with one in part', async () => {
    await fill();
    for (const filter of filters) await expectAll(filter, 700);
    expect(await indexNewRows(env.DB, nowMs, 2)).toBe(2);
    for (const filter of filters) await expectAll(filter, 700);
    expect(await indexNewRows(env.DB, nowMs, 9)).toBe(1);
    expect(await indexNewRows(env.DB, nowMs, 9)).toBe(0);
    let matches = 0;
    for (const filter of filters) matches += (await expectAll(filter, 97)).matches;
    expect(matches).toBeGreaterThan(2_000);
    const { results } = await env.DB.prepare('SELECT to_at AS at FROM log_blocks ORDER BY to_at').all<{
      at: number;
    }>();
    await dropBlocks(env.DB, [results[1]?.at ?? 0]);
    for (const filter of filters) await expectAll(filter, 700);
    expect(await maintainBlocks(env.DB, nowMs)).toBe(1);
    expect(await blocks()).toBe(3);
    for (const filter of filters) await expectAll(filter, 700);
  });

  it('find rows that arrive late or are replaced, and drop what matches no more', async () => {
    await fill();
    await indexNewRows(env.DB, nowMs, 9);
    const late = Array.from({ length: 30 }, (_, index) =>
      logRow({
        id: `late${index}`,
        createdAtMs: index * 700_000 + 3,
        tokenId: 'tok_7',
        status: 500,
        accountId: 'acc_2',
      }),
    );
    const { rows } = await pageOfRows(env.DB, { tokenId: 'tok_7' }, null, 40);
    const replaced = rows.map((row) => ({ ...row, tokenId: 'tok_8', revision: row.revision + 1 }));
    await appendRows(env.DB, [...late, ...replaced]);
    for (const filter of [...filters, { tokenId: 'tok_8' }]) await expectAll(filter, 61);
  });

  it('read no block, or a bounded part of the log, for values that nothing has', async () => {
    await fill();
    await indexNewRows(env.DB, nowMs, 9);
    expect((await expectAll({ tokenId: 'nobody', status: 500 }, 50)).pages).toBeLessThanOrEqual(2);
  });

  it('survive retention', async () => {
    await fill();
    await indexNewRows(env.DB, nowMs, 9);
    await forgetRowsBefore(env.DB, 17_000_000);
    expect(await blocks()).toBe(1);
    for (const filter of filters) await expectAll(filter, 700);
    const left = (table: string) =>
      env.DB.prepare(`SELECT COUNT(DISTINCT to_at) AS n FROM ${table}`).first('n');
    expect([await left('log_postings'), await left('log_times')]).toEqual([1, 1]);
  });

  it('include earlier rows, which the hourly work moves and indexes', async () => {
    const old = endMs - 9_000 * stepMs;
    await fill();
    await env.DB.prepare(rowsSql('logs', '', '')).run();
    await env.DB.batch([
      env.DB.prepare('DELETE FROM logs WHERE created_at >= ?').bind(old),
      env.DB.prepare('DELETE FROM request_log WHERE created_at < ?').bind(old),
    ]);
    await indexNewRows(env.DB, nowMs, 9);
    const all = async (filter: LogFilter) => {
      const found: string[] = [];
      let next = null;
      do {
        const page: Awaited<ReturnType<typeof pageOfRows>> = await pageOfRows(env.DB, filter, next, 900);
        found.push(...page.rows.map(({ id }) => id));
        next = page.next;
      } while (next !== null);
      return found;
    };
    const some = [{}, { tokenId: 'tok_7' }, { status: 500, channelId: 'ch_1' }];
    const before = await Promise.all(some.map(all));
    expect(before[0]).toHaveLength(count);
    expect(await moveLegacyRows(env.DB, nowMs + 3_600_000)).toBe(count - 9_000);
    expect(await maintainBlocks(env.DB, nowMs)).toBeGreaterThan(1);
    expect(await Promise.all(some.map(all))).toEqual(before);
    expect((await expectAll({ tokenId: 'tok_7' }, 700)).pages).toBeLessThan(3);
  });
});

it('writes few rows of index', async () => {
  await fill();
  let written = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    const results = await env.DB.batch(statements);
    for (const { meta } of results) written += meta.rows_written;
    return results;
  };
  const counted = { prepare: (sql: string) => env.DB.prepare(sql), batch } as unknown as D1Database;
  const made = await indexNewRows(counted, nowMs, 9);
  expect(written / (made * blockLimits.rows)).toBeLessThan(0.05);
});

it('looks up the index by its keys', async () => {
  const conditions = conditionsOf({ tokenId: 'x', status: { from: 400, to: 499 }, tag: 'a=b' });
  const search = { filter: { fromMs: 5 }, conditions, position: { createdAtMs: 9, id: 'x' }, limit: 50 };
  const gap = gapQuery(search, { afterMs: 3, toMs: 9 });
  const queries = [
    ...lookupQueries(conditions, 9, 5, 8),
    candidatesQuery(search, [[9, 1]]),
    lateQuery(search, 5),
    gap.page,
    gap.edge,
  ];
  for (const { sql, values } of queries) {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    const plan = results.map(({ detail }) => detail).join('; ');
    expect(plan, sql).toMatch(/SEARCH (log_\w+|posting|late|request_log) USING PRIMARY KEY/);
    expect(plan, sql).not.toMatch(/SCAN (log_|posting\b|late|request_log)/);
  }
});

it('counts rows that an earlier Worker wrote after the upgrade', async () => {
  const createdAtMs = Date.now() - 5 * 3_600_000;
  await appendRows(env.DB, [logRow({ id: 'new', createdAtMs })]);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO logs (id, created_at, token_id, account_id, format, endpoint, status) VALUES ('back', ?, 'tok_1', 'acc_admin', 'f', 'e', 200)`,
    ).bind(createdAtMs),
    env.DB.prepare('UPDATE usage_hourly SET requests = requests + 1'),
    env.DB.prepare('DELETE FROM usage_dirty'),
    env.DB.prepare(`UPDATE meta SET value = '0' WHERE key = 'request_log_since_ms'`),
  ]);
  const sums = () => usage(env.DB, { groupBy: 'token', fromMs: createdAtMs, toMs: createdAtMs + 1 });
  expect(await sums()).toEqual([]);
  expect(await moveLegacyRows(env.DB, Date.now())).toBe(1);
  expect(await sums()).toMatchObject([{ requests: 2 }]);
});
