// Sums over the roll-ups: a chart of a year reads some thousand rows, and never the log. Throws when D1 fails.
import { type summedColumns, type TotalDimension, totalDimensions } from './roll-up-log.ts';

/** What the sums are grouped by. */
export const usageGroupings = ['day', 'hour', 'token', 'model', 'channel'] as const;

export type UsageGrouping = (typeof usageGroupings)[number];

export interface UsageQuery {
  groupBy: UsageGrouping;
  /** Rounded down to the hour. */
  fromMs: number;
  /** Excluded; rounded up to the hour. */
  toMs: number;
  tokenId?: string | undefined;
  accountId?: string | undefined;
  model?: string | undefined;
  channelId?: string | undefined;
}

/** The sums of one day, hour, token, model, or channel. */
export interface UsageSums {
  /** Milliseconds at which the day or hour begins, or an id or a name. Empty: none. */
  key: number | string;
  requests: number;
  errors: number;
  inputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  costNanoUsd: number;
  /** The sum of the times to the first byte, of the `ttfbCount` requests that have one. */
  ttfbMs: number;
  ttfbCount: number;
}

/** The most groups in one answer: a year of hours fits. */
const mostUsageGroups = 10_000;

const hourMs = 3_600_000;

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
    .bind(...parts.flatMap(({ values }) => values))
    .all<UsageSums & { grouping: string }>();
  const of = (groupBy: string) => results.filter(({ grouping }) => grouping === groupBy);
  return { model: of('model'), token: of('token'), channel: of('channel') };
}

interface Statement {
  sql: string;
  values: unknown[];
}

/** Returns the statement behind `usage`, so that a test can check its query plan. */
export function usageStatement(query: UsageQuery, limit = mostUsageGroups): Statement {
  const parts = sourcesOf(query);
  const byTime = query.groupBy === 'day' || query.groupBy === 'hour';
  const sums = Object.entries(names).map(([column, name]) => `SUM(${column}) AS ${name}`);
  const sql = `SELECT key, ${sums.join(', ')} FROM (${parts.map((part) => part.sql).join(' UNION ALL ')})
    GROUP BY 1 HAVING requests <> 0 OR costNanoUsd <> 0 ORDER BY ${byTime ? '1' : 'costNanoUsd DESC, 1'} LIMIT ${limit}`;
  return { sql, values: parts.flatMap(({ values }) => values) };
}

/** Columns that are summed, and their names in the answer. */
const names = {
  requests: 'requests',
  errors: 'errors',
  input_tokens: 'inputTokens',
  cached_tokens: 'cachedTokens',
  cache_write_tokens: 'cacheWriteTokens',
  output_tokens: 'outputTokens',
  reasoning_tokens: 'reasoningTokens',
  cost_nano_usd: 'costNanoUsd',
  ttfb_ms: 'ttfbMs',
  ttfb_count: 'ttfbCount',
} satisfies Record<(typeof summedColumns)[number], keyof UsageSums>;

/**
 * Where the figures take the fewest rows: sums by one key if nothing else is needed; else the cells of days, and
 * those of hours for partial days or hourly groups.
 */
function sourcesOf(query: UsageQuery): Statement[] {
  const hours: Range = [Math.floor(query.fromMs / hourMs), Math.ceil(query.toMs / hourMs)];
  const days: Range = [Math.ceil(hours[0] / 24), Math.floor(hours[1] / 24)];
  const one = onlyThing(query);
  const byTime = query.groupBy === 'day' || query.groupBy === 'hour';
  const isShort = days[0] >= days[1];
  if (one !== null && (byTime || isShort || one.key !== null)) return [totals(query, hourlyOf(one), hours)];
  if (query.groupBy === 'hour' || isShort) return [cellsOfHours(query, hours)];
  const edges: Range[] = [
    [hours[0], days[0] * 24],
    [days[1] * 24, hours[1]],
  ];
  const edge = (range: Range) =>
    one === null ? cellsOfHours(query, range) : totals(query, hourlyOf(one), range);
  return [
    one === null ? cellsOfDays(query, days) : totals(query, one, days),
    ...edges.filter(([from, to]) => from < to).map(edge),
  ];
}

/** The first is included, the last is not. */
type Range = readonly [from: number, to: number];

interface Total {
  dimension: TotalDimension;
  /** Null: every key. */
  key: string | null;
}

const dimensionOf = {
  token_id: 'token',
  model: 'model',
  channel_id: 'channel',
  account_id: 'account-hour',
} as const satisfies Record<string, TotalDimension>;

/**
 * Returns the one key that sums are needed for: all, by time; every key of the grouping; or the one key of a
 * filter.
 */
function onlyThing(query: UsageQuery): Total | null {
  const { groupBy } = query;
  const byTime = groupBy === 'day' || groupBy === 'hour';
  const [filter, ...others] = filtersOf(query);
  if (others.length > 0) return null;
  if (filter === undefined)
    return byTime ? { dimension: 'hour', key: '' } : { dimension: groupBy, key: null };
  const [column, key] = filter;
  const dimension = dimensionOf[column];
  return byTime || groupBy === dimension ? { dimension, key } : null;
}

/** The same by the hour. */
function hourlyOf({ dimension, key }: Total): Total {
  const hourly = { token: 'token-hour', model: 'model-hour', channel: 'channel-hour' } as const;
  const isDaily = dimension === 'token' || dimension === 'model' || dimension === 'channel';
  return { dimension: isDaily ? hourly[dimension] : dimension, key };
}

function totals({ groupBy }: UsageQuery, { dimension, key }: Total, [from, to]: Range): Statement {
  const unit = totalDimensions[dimension].at === 'hour' ? 1 : 24;
  const keys = { day: `at * ${unit} / 24 * 86400000`, hour: 'at * 3600000' };
  const group = groupBy === 'day' || groupBy === 'hour' ? keys[groupBy] : 'key';
  const index = key === null ? '' : 'INDEXED BY usage_totals_by_key';
  const where =
    key === null
      ? 'dimension = ? AND at >= ? AND at < ?'
      : 'dimension = ? AND key = ? AND at >= ? AND at < ?';
  return {
    sql: `SELECT ${group} AS key, ${columns} FROM usage_totals ${index} WHERE ${where}`,
    values: [dimension, ...(key === null ? [] : [key]), from, to],
  };
}

const columns = Object.keys(names).join(', ');

const cellKeys = { token: 'token_id', model: 'model', channel: 'channel_id' } as const;

function cellsOfHours(query: UsageQuery, [from, to]: Range): Statement {
  const keys = { ...cellKeys, day: 'hour / 24 * 86400000', hour: 'hour * 3600000' };
  const filters = filtersOf(query);
  const index = query.tokenId === undefined ? '' : 'INDEXED BY usage_hourly_by_token';
  const where = [...filters.map(([column]) => `${column} = ?`), 'hour >= ? AND hour < ?'];
  return {
    sql: `SELECT ${keys[query.groupBy]} AS key, ${columns} FROM usage_hourly ${index} WHERE ${where.join(' AND ')}`,
    values: [...filters.map(([, value]) => value), from, to],
  };
}

const dailyIndexes = {
  token_id: 'usage_daily_by_token',
  model: 'usage_daily_by_model',
  channel_id: 'usage_daily_by_channel',
  account_id: 'usage_daily_by_account',
} as const;

function cellsOfDays(query: UsageQuery, [from, to]: Range): Statement {
  const keys = { ...cellKeys, day: 'day * 86400000', hour: 'day * 86400000' };
  const filters = filtersOf(query);
  const index = filters[0] === undefined ? '' : `INDEXED BY ${dailyIndexes[filters[0][0]]}`;
  const where = [...filters.map(([column]) => `${column} = ?`), 'day >= ? AND day < ?'];
  return {
    sql: `SELECT ${keys[query.groupBy]} AS key, ${columns} FROM usage_daily ${index} WHERE ${where.join(' AND ')}`,
    values: [...filters.map(([, value]) => value), from, to],
  };
}

/** Returns the given filters, the most selective first. */
function filtersOf(query: UsageQuery): [column: keyof typeof dailyIndexes, value: string][] {
  const { tokenId, model, channelId, accountId } = query;
  const all = [
    ['token_id', tokenId],
    ['model', model],
    ['channel_id', channelId],
    ['account_id', accountId],
  ] as const;
  return all.flatMap(([column, value]) => (value === undefined ? [] : [[column, value]]));
}
