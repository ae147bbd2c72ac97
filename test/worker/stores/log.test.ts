import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LogFilter, rangeOf } from '../../../src/metering/filter-log.ts';
import { legacyQuery } from '../../../src/metering/legacy-log.ts';
import { appendRows } from '../../../src/metering/log.ts';
import type { LogRow } from '../../../src/metering/log-row.ts';
import { findRow, findRowOfToken, pageOfRows, scanQuery } from '../../../src/metering/page-log.ts';
import { newRequestId } from '../../../src/metering/request-id.ts';
import { forgetRowsBefore, forgetSqls, retentionLimits } from '../../../src/metering/retention-log.ts';
import { usage, usageStatement } from '../../../src/metering/usage-log.ts';
import { usageGroupings } from '../../../src/metering/usage-query.ts';
import { emptyDatabase } from '../api/relay.ts';
import { logRow } from './rows.ts';

beforeEach(emptyDatabase);

const all = async () => (await pageOfRows(env.DB, {}, null, 10_000)).rows;
const sums = () => usage(env.DB, { groupBy: 'day', fromMs: 0, toMs: Date.parse('2030-01-01') });

describe('log rows', () => {
  it('reads rows back as they were written', async () => {
    const rows: LogRow[] = [
      logRow({ id: 'b' }),
      logRow({
        id: 'a',
        requestedModel: null,
        upstreamModel: null,
        channelId: null,
        attempts: [],
        errorCode: `it's "odd" \u2028 ☂`,
        status: 500,
        stream: false,
        usageSource: null,
        costNanoUsd: null,
        ttfbMs: null,
        durationMs: null,
        dropped: [],
        servedModel: 'gpt-4o-mini',
        errorClass: 'upstream',
        errorMessage: 'The upstream answered 500.',
        endUser: 'person-7',
        session: 's-1',
        tags: ['project=apollo', 'env=prod'],
        count: 9,
      }),
    ];
    await appendRows(env.DB, rows);
    expect(await all()).toEqual(rows);
  });

  it('writes a repeated row once', async () => {
    const rows = [logRow({ id: 'a' }), logRow({ id: 'b' })];
    await appendRows(env.DB, rows);
    await appendRows(env.DB, [...rows, logRow({ id: 'c' })]);
    expect(await all()).toHaveLength(3);
    expect(await sums()).toMatchObject([{ requests: 3, costNanoUsd: 3_000_000_003, inputTokens: 300 }]);
  });

  it('replaces a row by a higher revision only, and the roll-up follows', async () => {
    await appendRows(env.DB, [logRow({ id: 'a', status: 500, costNanoUsd: 500, revision: 1 })]);
    await appendRows(env.DB, [logRow({ id: 'a', status: 200, costNanoUsd: 70, revision: 2 })]);
    await appendRows(env.DB, [logRow({ id: 'a', status: 500, costNanoUsd: 500, revision: 1 })]);
    expect(await all()).toMatchObject([{ status: 200, costNanoUsd: 70, revision: 2 }]);
    expect(await sums()).toMatchObject([{ requests: 1, errors: 0, costNanoUsd: 70 }]);
  });

  it('accepts two revisions of a row in one call', async () => {
    const [first, second] = [
      logRow({ id: 'a', count: 1 }),
      logRow({ id: 'a', count: 4, revision: 2, status: 429 }),
    ];
    await appendRows(env.DB, [first, second]);
    expect(await sums()).toMatchObject([{ requests: 4, errors: 4 }]);
  });

  it('accepts more rows than one parameter of D1 can hold', async () => {
    const wide = Array.from({ length: 40 }, (_, index) =>
      logRow({ id: `w${index}`, dropped: ['ü'.repeat(50_000)] }),
    );
    await appendRows(env.DB, wide);
    expect(await all()).toHaveLength(40);
    await appendRows(env.DB, []);
  });

  it('keeps money exact far beyond 2^32', async () => {
    await appendRows(env.DB, [logRow({ costNanoUsd: 8_999_999_999_999_999 })]);
    expect((await all())[0]?.costNanoUsd).toBe(8_999_999_999_999_999);
    expect((await sums())[0]?.costNanoUsd).toBe(8_999_999_999_999_999);
  });
});

describe('filters and their indexes', () => {
  const planOf = async (sql: string, values: unknown[]) => {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    return results.map(({ detail }) => detail).join('; ');
  };
  it.each([{}, { fromMs: 1 }, { fromMs: 1, toMs: 9 }])(
    'the range %j reads the primary key in order',
    async (filter) => {
      for (const after of [null, { createdAtMs: 5, id: 'x' }]) {
        const range = rangeOf(filter, after);
        const { sql, values } = scanQuery(range, 50);
        const plan = await planOf(sql, values);
        expect(plan).not.toContain('TEMP B-TREE');
        // Without a condition the key is read from its end, for one page.
        expect(plan).toContain(
          range.length === 0 ? 'SCAN request_log' : 'SEARCH request_log USING PRIMARY KEY',
        );
      }
    },
  );

  const earlier: [LogFilter, string][] = [
    [{}, 'logs_by_time'],
    [{ tokenId: 'x', fromMs: 1, toMs: 2 }, 'logs_by_token'],
    [{ accountId: 'x' }, 'logs_by_account'],
    [{ model: 'x', status: 200 }, 'logs_by_model'],
    [{ channelId: 'x', fromMs: 1 }, 'logs_by_channel'],
    [{ status: 500 }, 'logs_by_time'],
  ];
  it.each(earlier)('among earlier rows, %j reads the index %s in order', async (filter, index) => {
    const { page, edge } = legacyQuery(filter, { createdAtMs: 5, id: 'x' }, 50);
    for (const { sql, values } of [page, edge]) {
      const plan = await planOf(sql, values);
      expect(plan).toContain(index);
      expect(plan).not.toMatch(/TEMP B-TREE|SCAN logs/);
    }
  });

  it.each(usageGroupings)('usage by %s reads a range of the roll-ups', async (groupBy) => {
    for (const filter of [
      {},
      { tokenId: 'x' },
      { accountId: 'x' },
      { model: 'x' },
      { tokenId: 'x', model: 'x' },
    ]) {
      const { sql, values } = usageStatement({ groupBy, fromMs: 5_000_000, toMs: 500_000_000, ...filter });
      const plan = await planOf(sql, values);
      expect(plan, sql).toMatch(/SEARCH cell USING/);
      expect(plan, sql).not.toMatch(/SCAN (cell|marked|usage_)|\blogs\b|request_log/);
    }
  });

  it.each([
    [
      'SELECT * FROM tokens WHERE (created_at, id) < (1, 2) ORDER BY created_at DESC, id DESC LIMIT 5',
      'tokens_by_created',
    ],
    [`SELECT * FROM tokens WHERE id = (SELECT token_id FROM token_hashes WHERE hash = 'x')`, 'PRIMARY KEY'],
  ])('a query of tokens reads an index: %s', async (sql, index) => {
    const plan = await planOf(sql, []);
    expect(plan).toContain(index);
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  });
});

describe('one row by its id', () => {
  it('is found by the time in the id, among earlier rows, and by search', async () => {
    const createdAtMs = Date.parse('2026-11-05T12:00:00.123Z');
    const id = newRequestId(createdAtMs);
    // A ledger that settles for a lost relay knows the beginning less exactly.
    await appendRows(env.DB, [logRow({ id, createdAtMs: createdAtMs + 7 }), logRow({ id: 'req_timeless' })]);
    await appendRows(env.DB, [logRow({ id, createdAtMs, revision: 2, status: 500 })]);
    await env.DB.prepare(
      `INSERT INTO logs (id, created_at, token_id, account_id, format, endpoint, status) VALUES ('old', 5, 't', 'acc_2', 'f', 'e', 200)`,
    ).run();
    expect(await findRow(env.DB, id, undefined)).toMatchObject({ createdAtMs, revision: 2 });
    expect(await findRow(env.DB, id, 'acc_2')).toBeNull();
    expect(await findRow(env.DB, 'req_timeless', 'acc_admin')).toMatchObject({ id: 'req_timeless' });
    expect(await findRow(env.DB, 'old', 'acc_2')).toMatchObject({
      createdAtMs: 5,
      servedModel: null,
      tags: null,
    });
    expect(await findRow(env.DB, newRequestId(createdAtMs), undefined)).toBeNull();
    expect(await all()).toHaveLength(3);
    // For the holder of a token: its own rows, by primary key, never by a search.
    expect(await findRowOfToken(env.DB, id, 'tok_1')).toMatchObject({ createdAtMs, revision: 2 });
    expect(await findRowOfToken(env.DB, 'old', 't')).toMatchObject({ createdAtMs: 5 });
    for (const [other, tokenId] of [
      [id, 't'],
      ['old', 'tok_1'],
      ['req_timeless', 'tok_1'],
    ] as const)
      expect(await findRowOfToken(env.DB, other, tokenId)).toBeNull();
  });
});

describe('retention', () => {
  it('deletes older rows in steps, and keeps the roll-ups', async () => {
    const rows = Array.from({ length: 2_500 }, (_, index) => logRow({ id: `r${index}`, createdAtMs: index }));
    await appendRows(env.DB, rows);
    const before = await sums();
    expect(retentionLimits.rowsAtATime).toBeLessThan(2_000);
    expect(await forgetRowsBefore(env.DB, 2_400)).toBe(2_400);
    expect((await all()).map(({ createdAtMs }) => createdAtMs)).toEqual(
      Array.from({ length: 100 }, (_, index) => 2_499 - index),
    );
    expect(await sums()).toEqual(before);
    expect(await forgetRowsBefore(env.DB, 2_400)).toBe(0);
  });

  it.each(forgetSqls)('finds older rows along the time: %s', async (sql) => {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(5, 10)
      .all<{ detail: string }>();
    const plan = results.map(({ detail }) => detail).join('; ');
    expect(plan).toMatch(/(logs_by_time|PRIMARY KEY) \(created_at<\?\)/);
    expect(plan).not.toMatch(/SCAN (logs|request_log)/);
  });
});

describe('reports of ledgers', () => {
  it('records the spend of existing tokens', async () => {
    const token = `INSERT INTO tokens (id, account_id, name, hint, created_at, last_used_at) VALUES (?, 'acc_admin', 'n', 'h', 1, 5)`;
    await env.DB.batch(['a', 'b'].map((id) => env.DB.prepare(token).bind(id)));
    await appendRows(
      env.DB,
      [],
      [
        { tokenId: 'a', spentNanoUsd: 7_000_000_000_001, lastUsedAtMs: 9 },
        { tokenId: 'b', spentNanoUsd: 3, lastUsedAtMs: null },
        { tokenId: 'gone', spentNanoUsd: 3, lastUsedAtMs: 1 },
      ],
    );
    await appendRows(env.DB, [], []);
    const { results } = await env.DB.prepare(
      'SELECT id, spent_nano_usd, last_used_at FROM tokens ORDER BY id',
    ).all();
    expect(results).toEqual([
      { id: 'a', spent_nano_usd: 7_000_000_000_001, last_used_at: 9 },
      { id: 'b', spent_nano_usd: 3, last_used_at: 5 },
    ]);
  });
});
