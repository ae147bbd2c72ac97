// The sums of usage as the management API writes them. Pure.
import { z } from '@hono/zod-openapi';
import { usdFromNano } from '../../lib/money.ts';
import type { UsageSums } from '../../metering/usage-log.ts';
import type { AttributedGrouping, UsageGrouping } from '../../metering/usage-query.ts';
import { isoOf, usd } from './values.ts';

const sums = {
  requests: z.int(),
  errors: z.int(),
  input_tokens: z.int(),
  cached_tokens: z.int(),
  cache_write_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  cost_usd: usd,
  ttfb_ms: z
    .int()
    .nullable()
    .openapi({ description: 'Time to the first byte, on average. null: it is not known.' }),
  ttfb_requests: z.int().openapi({ description: 'How many requests (by channel: attempts) have it.' }),
  attempts: z.int().openapi({ description: 'By channel: attempts. Else requests.' }),
};

export const usageSums = z.object(sums);

export const usageRow = z
  .object({
    key: z.string().openapi({
      description:
        'The hour (ISO 8601), the date, the month, the id of the token, account, or channel, the name of the group or model, the end user, the session, or the tag’s value. Empty: none.',
    }),
    second_key: z.string().nullable().openapi({ description: 'The same for the second grouping.' }),
    ...sums,
  })
  .openapi('Usage');

export type UsageRowView = z.infer<typeof usageRow>;

export function usageView(
  [first = 'day', second = first]: readonly (UsageGrouping | AttributedGrouping)[],
  row: UsageSums,
): UsageRowView {
  return {
    key: keyView(first, row.key),
    second_key: row.secondKey === null ? null : keyView(second, row.secondKey),
    ...sumsView(row),
  };
}

function sumsView(row: Omit<UsageSums, 'key' | 'secondKey'>): z.infer<typeof usageSums> {
  return {
    requests: row.requests,
    errors: row.errors,
    input_tokens: row.inputTokens,
    cached_tokens: row.cachedTokens,
    cache_write_tokens: row.cacheWriteTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    cost_usd: usdFromNano(row.costNanoUsd),
    ttfb_ms: row.ttfbCount > 0 ? Math.round(row.ttfbMs / row.ttfbCount) : null,
    ttfb_requests: row.ttfbCount,
    attempts: row.attempts,
  };
}

/** Returns the sum of rows. */
export function totalOf(rows: readonly UsageSums[]): z.infer<typeof usageSums> {
  const sum = (of: (row: UsageSums) => number) => rows.reduce((all, row) => all + of(row), 0);
  return sumsView({
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    cachedTokens: sum(({ cachedTokens }) => cachedTokens),
    cacheWriteTokens: sum(({ cacheWriteTokens }) => cacheWriteTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens),
    costNanoUsd: sum(({ costNanoUsd }) => costNanoUsd),
    ttfbMs: sum(({ ttfbMs }) => ttfbMs),
    ttfbCount: sum(({ ttfbCount }) => ttfbCount),
    attempts: sum(({ attempts }) => attempts),
  });
}

function keyView(grouping: UsageGrouping | AttributedGrouping, key: number | string): string {
  if (typeof key === 'string') return key;
  const digits = { month: 7, day: 10, hour: undefined };
  return isoOf(key).slice(0, grouping in digits ? digits[grouping as keyof typeof digits] : undefined);
}
