// Sums over usage_hourly: a chart of a year reads roll-ups, never the log. D1 failing is thrown.

/** What the sums are split by. */
export const usageGroupings = ['day', 'hour', 'token', 'model', 'channel'] as const;

export type UsageGrouping = (typeof usageGroupings)[number];

export interface UsageQuery {
  groupBy: UsageGrouping;
  /** Rounded down to the hour. */
  fromMs: number;
  /** Not included; rounded up to the hour. */
  toMs: number;
  tokenId?: string | undefined;
  accountId?: string | undefined;
  model?: string | undefined;
  channelId?: string | undefined;
}

/** The sums of one day, hour, token, model or channel. */
export interface UsageSums {
  /** Milliseconds at which the day or hour begins; an id or a name for the others. Empty: none. */
  key: number | string;
  requests: number;
  errors: number;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  costNanoUsd: number;
}

/** The most groups that one answer holds: a year of hours fits. */
export const mostUsageGroups = 10_000;

const hourMs = 3_600_000;

const keys: Record<UsageGrouping, string> = {
  day: 'hour / 24 * 86400000',
  hour: 'hour * 3600000',
  token: 'token_id',
  model: 'model',
  channel: 'channel_id',
};

/** By time: oldest first. By anything else: dearest first. */
export async function usage(db: D1Database, query: UsageQuery): Promise<UsageSums[]> {
  const { sql, values } = usageStatement(query);
  const { results } = await db
    .prepare(sql)
    .bind(...values)
    .all<UsageSums>();
  return results;
}

/** The statement behind `usage`; apart, so that a test can ask for its plan. */
export function usageStatement({ groupBy, fromMs, toMs, tokenId, accountId, model, channelId }: UsageQuery) {
  const filters = { token_id: tokenId, account_id: accountId, model, channel_id: channelId };
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  const byTime = groupBy === 'day' || groupBy === 'hour';
  const sql = `SELECT ${keys[groupBy]} AS key, SUM(requests) AS requests, SUM(errors) AS errors,
      SUM(input_tokens) AS inputTokens, SUM(cached_tokens) AS cachedTokens,
      SUM(cache_write_tokens) AS cacheWriteTokens, SUM(output_tokens) AS outputTokens,
      SUM(reasoning_tokens) AS reasoningTokens, SUM(cost_nano_usd) AS costNanoUsd
    FROM usage_hourly WHERE ${['hour >= ?', 'hour < ?', ...given.map(([name]) => `${name} = ?`)].join(' AND ')}
    GROUP BY 1 ORDER BY ${byTime ? '1' : 'costNanoUsd DESC, 1'} LIMIT ${mostUsageGroups}`;
  const range = [Math.floor(fromMs / hourMs), Math.ceil(toMs / hourMs)];
  return { sql, values: [...range, ...given.map(([, value]) => value)] };
}
