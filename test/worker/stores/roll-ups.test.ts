// The roll-ups agree with the log, in whatever order rows arrive and however usage is queried.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import type { LogRow } from '../../../src/metering/log-row.ts';
import { pageOfRows } from '../../../src/metering/page-log.ts';
import { repairRollUps } from '../../../src/metering/roll-up-log.ts';
import { type UsageQuery, type UsageSums, usage, usageGroupings } from '../../../src/metering/usage-log.ts';
import { emptyDatabase } from '../api/relay.ts';
import { logRow } from './rows.ts';

const hour = 3_600_000;
const start = Date.parse('2026-10-30T05:00:00Z');

/** Returns numbers in [0, bound), the same in every run (an LCG is random enough here). */
function numbers(): (bound: number) => number {
  let state = 7;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

function randomRows(count: number): LogRow[] {
  const next = numbers();
  return Array.from({ length: count }, (_, index) => {
    const token = next(4);
    return logRow({
      id: `r${index}`,
      createdAtMs: start + next(100 * hour),
      tokenId: `tok_${token}`,
      accountId: `acc_${token % 2}`,
      requestedModel: next(10) === 0 ? null : `model-${next(3)}`,
      channelId: next(10) === 0 ? null : `ch_${next(2)}`,
      status: next(5) === 0 ? 500 : 200,
      inputTokens: next(1_000),
      outputTokens: next(1_000),
      costNanoUsd: next(20) === 0 ? null : next(1_000_000_000),
      count: next(30) === 0 ? 7 : 1,
      ttfbMs: next(4) === 0 ? null : next(2_000),
    });
  });
}

/** Computes the same sums from rows. */
function sumsOf(rows: LogRow[], query: UsageQuery): UsageSums[] {
  const fromMs = Math.floor(query.fromMs / hour) * hour;
  const toMs = Math.ceil(query.toMs / hour) * hour;
  const groups = new Map<number | string, UsageSums>();
  for (const row of rows) {
    const { createdAtMs, tokenId, accountId, channelId, requestedModel } = row;
    if (createdAtMs < fromMs || createdAtMs >= toMs) continue;
    if ((query.tokenId ?? tokenId) !== tokenId || (query.accountId ?? accountId) !== accountId) continue;
    if ((query.model ?? requestedModel ?? '') !== (requestedModel ?? '')) continue;
    if ((query.channelId ?? channelId ?? '') !== (channelId ?? '')) continue;
    const keys = {
      hour: Math.floor(createdAtMs / hour) * hour,
      day: Math.floor(createdAtMs / hour / 24) * 24 * hour,
      token: tokenId,
      model: requestedModel ?? '',
      channel: channelId ?? '',
    };
    const key = keys[query.groupBy];
    const sums = groups.get(key) ?? { ...nothing, key };
    groups.set(key, sums);
    sums.requests += row.count;
    sums.errors += row.status >= 400 ? row.count : 0;
    sums.inputTokens += row.inputTokens;
    sums.cachedTokens += row.cachedTokens;
    sums.cacheWriteTokens += row.cacheWriteTokens;
    sums.outputTokens += row.outputTokens;
    sums.reasoningTokens += row.reasoningTokens;
    sums.costNanoUsd += row.costNanoUsd ?? 0;
    sums.ttfbMs += row.ttfbMs ?? 0;
    sums.ttfbCount += row.ttfbMs === null ? 0 : 1;
  }
  return [...groups.values()];
}

const nothing = {
  requests: 0,
  errors: 0,
  inputTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costNanoUsd: 0,
  ttfbMs: 0,
  ttfbCount: 0,
};

const filters: Partial<UsageQuery>[] = [
  {},
  { tokenId: 'tok_1' },
  { accountId: 'acc_1' },
  { model: 'model-1' },
  { model: '' },
  { channelId: 'ch_0' },
  { tokenId: 'tok_1', model: 'model-2' },
  { accountId: 'acc_0', channelId: 'ch_1' },
  { tokenId: 'tok_2', accountId: 'acc_0', model: 'model-0', channelId: 'ch_1' },
];

/** Whole days with edges, whole days alone, within a day, over midnight, and an empty range. */
const ranges: [number, number][] = [
  [start + hour / 2, start + 90 * hour],
  [Date.parse('2026-10-31'), Date.parse('2026-11-02')],
  [start + 2 * hour, start + 5 * hour],
  [Date.parse('2026-10-30T22:00:00Z'), Date.parse('2026-10-31T03:00:00Z')],
  [0, 1],
];

const byKey = (sums: UsageSums[]) =>
  sums.sort((one, other) => (String(one.key) < String(other.key) ? -1 : 1));

async function expectEqual(rows: LogRow[]): Promise<number> {
  let compared = 0;
  for (const groupBy of usageGroupings)
    for (const filter of filters)
      for (const [fromMs, toMs] of ranges) {
        const query = { groupBy, fromMs, toMs, ...filter };
        const sums = await usage(env.DB, query);
        expect(byKey(sums), JSON.stringify(query)).toEqual(byKey(sumsOf(rows, query)));
        compared += sums.length;
      }
  return compared;
}

beforeEach(emptyDatabase);

describe('roll-ups', () => {
  it('agree with the log: every grouping, every filter, whole days and their edges', async () => {
    const rows = randomRows(1_500);
    for (let at = 0; at < rows.length; at += 400) await appendRows(env.DB, rows.slice(at, at + 400));
    expect(await expectEqual(rows)).toBeGreaterThan(1_000);
  });

  it('follow repeated rows and higher revisions', async () => {
    const rows = randomRows(300);
    await appendRows(env.DB, rows);
    await appendRows(env.DB, rows.slice(50, 150));
    const replaced = rows.slice(0, 60).map((row) => ({
      ...row,
      ...{ revision: 2, costNanoUsd: 5, status: 200, channelId: 'ch_1', requestedModel: 'model-1' },
    }));
    await appendRows(env.DB, [...rows.slice(0, 60), ...replaced]);
    await appendRows(env.DB, rows.slice(0, 60));
    const now = [...replaced, ...rows.slice(60)];
    expect((await pageOfRows(env.DB, {}, null, 1_000)).rows).toHaveLength(300);
    const usageQuery = { groupBy: 'token' as const, fromMs: start, toMs: start + 101 * hour };
    expect(byKey(await usage(env.DB, usageQuery))).toEqual(byKey(sumsOf(now, usageQuery)));
    // Groups without rows stay, with sums of zero.
    const models = await usage(env.DB, { ...usageQuery, groupBy: 'model' });
    expect(models.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)).toBe(
      sumsOf(now, usageQuery).reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0),
    );
  });

  it('are recomputed from the log for one token only', async () => {
    const rows = randomRows(400);
    await appendRows(env.DB, rows);
    await env.DB.batch([
      env.DB.prepare(`UPDATE usage_hourly SET cost_nano_usd = cost_nano_usd + 9 WHERE token_id = 'tok_1'`),
      env.DB.prepare(`DELETE FROM logs WHERE token_id = 'tok_1' AND id < 'r2'`),
    ]);
    const left = rows.filter(({ tokenId, id }) => tokenId !== 'tok_1' || id >= 'r2');
    await repairRollUps(env.DB, 'tok_1', start, start + 101 * hour);
    await repairRollUps(env.DB, 'tok_1', start, start + 101 * hour);
    const usageQuery = {
      groupBy: 'hour' as const,
      fromMs: start,
      toMs: start + 101 * hour,
      tokenId: 'tok_1',
      model: 'model-1',
    };
    const found = (await usage(env.DB, usageQuery)).filter(({ requests }) => requests > 0);
    expect(byKey(found)).toEqual(byKey(sumsOf(left, usageQuery)));
    const others = { ...usageQuery, tokenId: 'tok_2' };
    expect(byKey(await usage(env.DB, others))).toEqual(byKey(sumsOf(rows, others)));
  });
});
