// The roll-ups agree with the log, in whatever order rows arrive and however usage is queried.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import type { LogRow } from '../../../src/metering/log-row.ts';
import { pageOfRows } from '../../../src/metering/page-log.ts';
import { repairRollUps } from '../../../src/metering/roll-up-log.ts';
import { computeMarkedSums, rollUpLimits } from '../../../src/metering/rolled-sums-log.ts';
import { type UsageSums, usage } from '../../../src/metering/usage-log.ts';
import { type UsageGrouping, type UsageQuery, usageGroupings } from '../../../src/metering/usage-query.ts';
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
    const channelId = next(10) === 0 ? null : `ch_${next(2)}`;
    const failed = { channelId: 'ch_2', keyId: null, status: 503, error: 'x', durationMs: 9 };
    const status = next(5) === 0 ? 500 : 200;
    const last = {
      channelId: channelId ?? '',
      keyId: null,
      status,
      error: status === 500 ? 'x' : null,
      durationMs: next(900),
    };
    return logRow({
      id: `r${index}`,
      createdAtMs: start + next(100 * hour),
      tokenId: `tok_${token}`,
      accountId: `acc_${token % 2}`,
      requestedModel: next(10) === 0 ? null : `model-${next(3)}`,
      servedModel: next(3) === 0 ? `model-${next(4)}` : null,
      channelId,
      attempts: channelId === null ? [] : next(3) === 0 ? [failed, last] : next(9) === 0 ? [] : [last],
      status,
      inputTokens: next(1_000),
      outputTokens: next(1_000),
      costNanoUsd: next(20) === 0 ? null : next(1_000_000_000),
      count: next(30) === 0 ? 7 : 1,
      ttfbMs: next(4) === 0 ? null : next(2_000),
    });
  });
}

/** Computes the same sums from rows. By channel, each attempt counts where it was made. */
function sumsOf(rows: LogRow[], query: UsageQuery): UsageSums[] {
  const fromMs = Math.floor(query.fromMs / hour) * hour;
  const toMs = Math.ceil(query.toMs / hour) * hour;
  const groupings = [query.groupBy].flat() as UsageGrouping[];
  const groups = new Map<string, UsageSums>();
  const add = (row: LogRow, channelId: string, sums: Partial<UsageSums>) => {
    const { createdAtMs, tokenId, accountId } = row;
    const requestedModel = row.requestedModel ?? '';
    const model = row.servedModel ?? requestedModel;
    if (createdAtMs < fromMs || createdAtMs >= toMs) return;
    if ((query.tokenId ?? tokenId) !== tokenId || (query.accountId ?? accountId) !== accountId) return;
    if ((query.model ?? model) !== model || (query.requestedModel ?? requestedModel) !== requestedModel)
      return;
    if ((query.channelId ?? channelId) !== channelId) return;
    const at = new Date(createdAtMs);
    const keys: Record<UsageGrouping, number | string> = {
      hour: Math.floor(createdAtMs / hour) * hour,
      day: Math.floor(createdAtMs / hour / 24) * 24 * hour,
      month: Date.UTC(at.getUTCFullYear(), at.getUTCMonth()),
      token: tokenId,
      account: accountId,
      group: tokenId === 'tok_1' ? 'team' : '',
      model,
      requested_model: requestedModel,
      channel: channelId,
    };
    const [key = '', secondKey = null] = groupings.map((grouping) => keys[grouping]);
    const group = groups.get(`${key} ${secondKey}`) ?? { ...nothing, key, secondKey };
    groups.set(`${key} ${secondKey}`, group);
    for (const [name, value] of Object.entries(sums) as ['requests', number][]) group[name] += value;
  };
  const byChannel = groupings.includes('channel');
  for (const row of rows) {
    const counted = row.channelId !== null && row.attempts.length > 0 && byChannel;
    const errors = row.status >= 400 ? row.count : 0;
    const ofRequest = {
      errors,
      attempts: row.count,
      ttfbMs: row.ttfbMs ?? 0,
      ttfbCount: row.ttfbMs === null ? 0 : 1,
    };
    add(row, row.channelId ?? '', {
      requests: row.count,
      inputTokens: row.inputTokens,
      cachedTokens: row.cachedTokens,
      cacheWriteTokens: row.cacheWriteTokens,
      outputTokens: row.outputTokens,
      reasoningTokens: row.reasoningTokens,
      costNanoUsd: row.costNanoUsd ?? 0,
      ...(!counted && ofRequest),
    });
    for (const { channelId, error, durationMs } of counted ? row.attempts : []) {
      const isError = error === null ? 0 : 1;
      add(row, channelId, {
        attempts: 1,
        errors: isError,
        ttfbMs: isError ? 0 : durationMs,
        ttfbCount: 1 - isError,
      });
    }
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
  attempts: 0,
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
  { requestedModel: 'model-1' },
  { requestedModel: 'model-2', channelId: 'ch_2' },
];

const pairs: UsageGrouping[][] = [
  ['day', 'model'],
  ['month', 'requested_model'],
  ['hour', 'token'],
  ['channel', 'model'],
  ['account', 'day'],
];

/** Whole days with edges, whole days alone, within a day, over midnight, and an empty range. */
const ranges: [number, number][] = [
  [start + hour / 2, start + 90 * hour],
  [Date.parse('2026-10-31'), Date.parse('2026-11-02')],
  [start + 2 * hour, start + 5 * hour],
  [Date.parse('2026-10-30T22:00:00Z'), Date.parse('2026-10-31T03:00:00Z')],
  [0, 1],
];

const byKey = (sums: UsageSums[]) => {
  const keyOf = ({ key, secondKey }: UsageSums) => `${key} ${secondKey}`;
  return sums.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
};

/** Compares every `step`th query. */
async function expectEqual(rows: LogRow[], step: number): Promise<number> {
  let compared = 0;
  let count = 0;
  for (const groupBy of [...usageGroupings, ...pairs])
    for (const filter of filters)
      for (const [fromMs, toMs] of ranges) {
        if (count++ % step !== 0) continue;
        const query = { groupBy, fromMs, toMs, ...filter };
        const groupings = [groupBy].flat();
        // Sums know one model of a request: the requested one, or the one that answered.
        if (groupings.includes('model') && filter.requestedModel !== undefined) continue;
        if (groupings.includes('requested_model') && filter.model !== undefined) continue;
        const sums = await usage(env.DB, query);
        expect(byKey(sums), JSON.stringify(query)).toEqual(byKey(sumsOf(rows, query)));
        compared += sums.length;
      }
  return compared;
}

beforeEach(async () => {
  await emptyDatabase();
  await env.DB.prepare(
    `INSERT INTO tokens (id, account_id, group_name, name, hint, created_at) VALUES ('tok_1', 'acc_admin', 'team', 'n', 'h', 1)`,
  ).run();
});

const marked = (unit: string) =>
  env.DB.prepare('SELECT COUNT(*) AS n FROM usage_dirty WHERE unit = ?').bind(unit).first<number>('n');

describe('roll-ups', () => {
  it('agree with the log: every grouping, every filter, whole days and their edges', async () => {
    const rows = randomRows(1_500);
    for (let at = 0; at < rows.length; at += 400) await appendRows(env.DB, rows.slice(at, at + 400));
    expect(await expectEqual(rows, 5)).toBeGreaterThan(1_000);
  });

  it('agree with the log when sums of hours and days are computed, and when rows come later', async () => {
    const rows = randomRows(2_500);
    await appendRows(env.DB, rows.slice(0, 2_000));
    const nowMs = start + 101 * hour;
    expect([await marked('hour'), await marked('day')]).toEqual([100, 5]);
    expect(await computeMarkedSums(env.DB, nowMs)).toBeGreaterThan(20);
    // Quiet hours stay marked; days that are over do not. The last day is not over.
    expect(await marked('hour')).toBeGreaterThan(100 - rollUpLimits.hours - 1);
    expect(await marked('day')).toBe(1);
    expect(await expectEqual(rows.slice(0, 2_000), 6)).toBeGreaterThan(1_000);
    await appendRows(env.DB, rows.slice(2_000));
    expect(await marked('day')).toBe(5);
    await expectEqual(rows, 11);
    await computeMarkedSums(env.DB, nowMs);
    await expectEqual(rows, 13);
  });

  it('follow repeated rows and higher revisions', async () => {
    const rows = randomRows(300);
    await appendRows(env.DB, rows);
    await appendRows(env.DB, rows.slice(50, 150));
    const replaced = rows.slice(0, 60).map((row) => ({
      ...row,
      ...{
        revision: 2,
        costNanoUsd: 5,
        status: 200,
        channelId: 'ch_1',
        requestedModel: 'model-1',
        attempts: [],
        servedModel: null,
      },
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
      env.DB.prepare(`DELETE FROM request_log WHERE token_id = 'tok_1' AND id < 'r2'`),
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
