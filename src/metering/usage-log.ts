// Sums over the roll-ups: a chart of a year reads some thousand rows, and never the log. Throws when D1 fails.
import type { UsageGrouping, UsageQuery } from './usage-query.ts';
import { sourcesOf } from './usage-sources-log.ts';

/** The sums of one group. */
export interface UsageSums {
  /** Milliseconds at which the hour, day, or month begins, or an id or a name. Empty: none. */
  key: number | string;
  /** The second grouping's, or null if there is one only. */
  secondKey: number | string | null;
  requests: number;
  errors: number;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  costNanoUsd: number;
  /** The sum of the times to the first byte, of the `ttfbCount` requests (by channel: attempts) that have one. */
  ttfbMs: number;
  ttfbCount: number;
  /** By channel: attempts, and errors count those that failed. Else requests. */
  attempts: number;
}

/** The most groups in one answer: a year of hours fits. */
export const mostUsageGroups = 10_000;

/** By time: oldest first. Otherwise: most expensive first. */
export async function usage(db: D1Database, query: UsageQuery): Promise<UsageSums[]> {
  const { sql, values } = usageStatement(query);
  const { results } = await db
    .prepare(sql)
    .bind(...values)
    .all<UsageSums>();
  return results;
}

/** Groupings other than time. */
const topGroupings = ['model', 'token', 'channel'] as const;

/** Returns the most expensive models, tokens, and channels, `limit` of each, in one statement. */
export async function topUsage(
  db: D1Database,
  query: Omit<UsageQuery, 'groupBy'>,
  limit: number,
): Promise<Record<(typeof topGroupings)[number], UsageSums[]>> {
  const parts = topGroupings.map((groupBy) => ({ groupBy, ...usageStatement({ ...query, groupBy }, limit) }));
  const { results } = await db
    .prepare(
      parts.map(({ groupBy, sql }) => `SELECT '${groupBy}' AS grouping, * FROM (${sql})`).join(' UNION ALL '),
    )
    .bind(...(parts[0]?.values ?? []))
    .all<UsageSums & { grouping: string }>();
  const of = (groupBy: string) => results.filter(({ grouping }) => grouping === groupBy);
  return { model: of('model'), token: of('token'), channel: of('channel') };
}

/** Returns the statement behind `usage`, so that a test can check its query plan. Its values do not depend on the grouping. */
export function usageStatement(
  query: UsageQuery,
  limit = mostUsageGroups,
): { sql: string; values: unknown[] } {
  const groupings = groupingsOf(query);
  const { sources, values } = sourcesOf(query, groupings);
  const byTime = groupings[0] === 'day' || groupings[0] === 'hour' || groupings[0] === 'month';
  const byChannel = groupings.includes('channel');
  const order = byTime ? '1, costNanoUsd DESC, 2' : 'costNanoUsd DESC, 1, 2';
  const some = ['requests', 'cost_nano_usd', ...(byChannel ? ['requests + extra_attempts'] : [])]
    .map((column) => `SUM(${column}) <> 0`)
    .join(' OR ');
  const sql = `SELECT key, secondKey, ${sumsOf(byChannel)} FROM (${sources})
    GROUP BY 1, 2 HAVING ${some} ORDER BY ${order} LIMIT ${limit}`;
  return { sql, values };
}

/** Returns the one or two groupings of a query. */
function groupingsOf({ groupBy }: Pick<UsageQuery, 'groupBy'>): readonly UsageGrouping[] {
  return typeof groupBy === 'string' ? [groupBy] : groupBy;
}

function sumsOf(byChannel: boolean): string {
  const counted = (column: string) => (byChannel ? `SUM(${column} + extra_${column})` : `SUM(${column})`);
  const sums = {
    requests: 'SUM(requests)',
    errors: counted('errors'),
    inputTokens: 'SUM(input_tokens)',
    cachedTokens: 'SUM(cached_tokens)',
    cacheWriteTokens: 'SUM(cache_write_tokens)',
    outputTokens: 'SUM(output_tokens)',
    reasoningTokens: 'SUM(reasoning_tokens)',
    costNanoUsd: 'SUM(cost_nano_usd)',
    ttfbMs: counted('ttfb_ms'),
    ttfbCount: counted('ttfb_count'),
    attempts: byChannel ? 'SUM(requests + extra_attempts)' : 'SUM(requests)',
  } satisfies Record<keyof Omit<UsageSums, 'key' | 'secondKey'>, string>;
  return Object.entries(sums)
    .map(([name, sum]) => `${sum} AS ${name}`)
    .join(', ');
}
