// Sums by what callers say about requests: end users, sessions, tags. There are too many of them for roll-ups, so they are read from the log,
// the newest rows of the range, as far back as the log goes. Throws when D1 fails.
import { mostUsageGroups, type UsageSums } from './usage-log.ts';
import type { AttributedGrouping, UsageGrouping, UsageQuery } from './usage-query.ts';

/** Limits of such sums. */
export const attributedUsageLimits = {
  /** Rows of the log that one call examines, the newest of its range. */
  rowsExamined: 100_000,
} as const;

/** Sums, and from when on rows were examined: older ones of the range were not. Null: all were. */
interface AttributedUsage {
  sums: UsageSums[];
  examinedFromMs: number | null;
}

type Query = Omit<UsageQuery, 'groupBy'> & { groupBy: readonly (UsageGrouping | AttributedGrouping)[] };

const hourMs = 3_600_000;

/** By time: oldest first. Otherwise: most expensive first. */
export async function attributedUsage(
  db: D1Database,
  query: Query,
  rowsExamined: number = attributedUsageLimits.rowsExamined,
): Promise<AttributedUsage> {
  const range = [Math.floor(query.fromMs / hourMs) * hourMs, Math.ceil(query.toMs / hourMs) * hourMs];
  const { sql, values } = attributedUsageStatement(query, range, rowsExamined);
  const [sums, edge] = await db.batch([
    db.prepare(sql).bind(...values),
    db.prepare(edgeSql).bind(...range, rowsExamined),
  ]);
  const found = edge?.results[0] as { created_at: number } | undefined;
  return { sums: (sums?.results ?? []) as UsageSums[], examinedFromMs: found?.created_at ?? null };
}

/** The first row that is not examined. */
const edgeSql = `SELECT created_at FROM request_log WHERE created_at >= ?1 AND created_at < ?2
  ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?3`;

/** Returns the statement, so that a test can check its query plan. */
export function attributedUsageStatement(
  { groupBy, ...query }: Query,
  range: readonly number[],
  rowsExamined: number,
): { sql: string; values: unknown[] } {
  const values: unknown[] = [...range, rowsExamined];
  const add = (value: unknown) => `?${values.push(value)}`;
  const [first = 'end_user', second] = groupBy;
  const keys = [keyOf(first, add), second === undefined ? 'NULL' : keyOf(second, add)];
  const isByTime = first === 'day' || first === 'hour' || first === 'month';
  const sql = `SELECT ${keys[0]} AS key, ${keys[1]} AS secondKey, ${sums}
    FROM (SELECT * FROM request_log WHERE created_at >= ?1 AND created_at < ?2
      ORDER BY created_at DESC, id DESC LIMIT ?3)
    ${whereOf(query, add)} GROUP BY 1, 2
    ORDER BY ${isByTime ? '1, costNanoUsd DESC, 2' : 'costNanoUsd DESC, 1, 2'} LIMIT ${mostUsageGroups}`;
  return { sql, values };
}

const sums = `SUM(count) AS requests, SUM(CASE WHEN status >= 400 THEN count ELSE 0 END) AS errors,
  SUM(input_tokens) AS inputTokens, SUM(cached_tokens) AS cachedTokens, SUM(cache_write_tokens) AS cacheWriteTokens,
  SUM(output_tokens) AS outputTokens, SUM(reasoning_tokens) AS reasoningTokens,
  SUM(COALESCE(cost_nano_usd, 0)) AS costNanoUsd, CAST(SUM(ROUND(COALESCE(ttfb_ms, 0))) AS INTEGER) AS ttfbMs,
  SUM(ttfb_ms IS NOT NULL) AS ttfbCount, SUM(count) AS attempts`;

const served = `COALESCE(served_model, requested_model, '')`;
const group = `COALESCE((SELECT group_name FROM tokens WHERE tokens.id = token_id), '')`;

function keyOf(grouping: UsageGrouping | AttributedGrouping, add: (value: unknown) => string): string {
  if (isTag(grouping)) {
    const start = add(`${grouping.slice('tag:'.length)}=`);
    return `CASE WHEN tags = '[]' THEN '' ELSE COALESCE((SELECT substr(tag.value, length(${start}) + 1) FROM json_each(tags) AS tag
      WHERE substr(tag.value, 1, length(${start})) = ${start} LIMIT 1), '') END`;
  }
  return columns[grouping];
}

function isTag(grouping: string): grouping is `tag:${string}` {
  return grouping.startsWith('tag:');
}

const columns: Record<Exclude<UsageGrouping | AttributedGrouping, `tag:${string}`>, string> = {
  end_user: `COALESCE(end_user, '')`,
  session: `COALESCE(session, '')`,
  hour: 'created_at / 3600000 * 3600000',
  day: 'created_at / 86400000 * 86400000',
  month: `unixepoch(created_at / 1000, 'unixepoch', 'start of month') * 1000`,
  token: 'token_id',
  account: 'account_id',
  group,
  model: served,
  requested_model: `COALESCE(requested_model, '')`,
  channel: `COALESCE(channel_id, '')`,
};

function whereOf(query: Omit<Query, 'groupBy'>, add: (value: unknown) => string): string {
  const filters: [column: string, asked: string | readonly string[] | undefined][] = [
    ['token_id', query.tokenId],
    ['account_id', query.accountId],
    [served, query.model],
    ['requested_model', query.requestedModel],
    ['channel_id', query.channelId],
    [group, query.group],
  ];
  const conditions = filters.flatMap(([column, asked]) =>
    asked === undefined
      ? []
      : [`${column} IN (SELECT value FROM json_each(${add(JSON.stringify([asked].flat()))}))`],
  );
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}
