// /api/usage: sums of requests, tokens, cost, and errors, by time, token, model, or channel.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { usdFromNano } from '../../lib/money.ts';
import {
  topUsage,
  type UsageGrouping,
  type UsageSums,
  usage,
  usageGroupings,
} from '../../metering/usage-log.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { fieldProblem } from './problem.ts';
import { callFailures, inputFailures, json } from './responses.ts';
import { accountInView } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { instant, isoOf, isoTime, msOf, usd } from './values.ts';

const usageRow = z
  .object({
    key: z.string().openapi({
      description: 'The date, the hour (ISO 8601), the token id, the model or the channel id; empty: none.',
    }),
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
      .openapi({ description: 'Time to the first byte, on average; null: of none is it known.' }),
    ttfb_requests: z.int().openapi({ description: 'Requests of which it is known.' }),
  })
  .openapi('Usage');

const answer = z.object({
  group_by: z.enum(usageGroupings),
  from: isoTime,
  to: isoTime,
  data: z.array(usageRow),
});

const usageRoute = createRoute({
  method: 'get',
  path: '/usage',
  summary:
    'Sums by day, hour (oldest first), token, model or channel (most expensive first). Whole hours, in UTC.',
  tags: ['usage'],
  security: [{ adminKey: [] }],
  request: {
    query: z.object({
      group_by: z.enum(usageGroupings).default('day'),
      from: instant.optional().openapi({ description: 'Thirty days before `to` when nothing is said.' }),
      to: instant.optional().openapi({ description: 'Not included; now when nothing is said.' }),
      token: z.string().optional(),
      account: z.string().optional(),
      model: z.string().optional(),
      channel: z.string().optional(),
    }),
  },
  responses: { 200: json(answer, 'The sums.'), ...inputFailures, ...callFailures },
});

const topAnswer = z.object({
  from: isoTime,
  to: isoTime,
  models: z.array(usageRow),
  tokens: z.array(usageRow),
  channels: z.array(usageRow),
});

const topRoute = createRoute({
  method: 'get',
  path: '/usage/top',
  summary: 'The most expensive models, tokens and channels of a time. Whole hours, in UTC.',
  tags: ['usage'],
  security: [{ adminKey: [] }],
  request: {
    query: z.object({
      from: instant.optional().openapi({ description: 'Thirty days before `to` when nothing is said.' }),
      to: instant.optional().openapi({ description: 'Not included; now when nothing is said.' }),
      account: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(managementLimits.pageRows).default(10),
    }),
  },
  responses: { 200: json(topAnswer, 'The sums, most expensive first.'), ...inputFailures, ...callFailures },
});

const thirtyDaysMs = 30 * 86_400_000;

/** Adds the routes of usage. */
export function addUsageRoute(api: OpenAPIHono<ApiEnv>, { db, now }: ManagementServices): void {
  api.openapi(usageRoute, async (context) => {
    const { group_by, token, account, model, channel, ...range } = context.req.valid('query');
    const { fromMs, toMs } = rangeOf(range, now());
    const accountId = accountInView(context.var.principal, account);
    const filter = { tokenId: token, accountId, model, channelId: channel };
    const sums = await usage(db, { groupBy: group_by, fromMs, toMs, ...filter });
    const data = sums.map((row) => usageView(group_by, row));
    return context.json({ group_by, from: isoOf(fromMs), to: isoOf(toMs), data }, 200);
  });
  api.openapi(topRoute, async (context) => {
    const { account, limit, ...asked } = context.req.valid('query');
    const range = rangeOf(asked, now());
    const accountId = accountInView(context.var.principal, account);
    const { model, token, channel } = await topUsage(db, { ...range, accountId }, limit);
    const answer = {
      from: isoOf(range.fromMs),
      to: isoOf(range.toMs),
      models: model.map((row) => usageView('model', row)),
      tokens: token.map((row) => usageView('token', row)),
      channels: channel.map((row) => usageView('channel', row)),
    };
    return context.json(answer, 200);
  });
}

function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }, nowMs: number) {
  const toMs = to === undefined ? nowMs : msOf(to);
  const fromMs = from === undefined ? toMs - thirtyDaysMs : msOf(from);
  if (fromMs > toMs) throw fieldProblem('from', 'must not be after `to`');
  return { fromMs, toMs };
}

function usageView(grouping: UsageGrouping, sums: UsageSums): z.infer<typeof usageRow> {
  return {
    key: keyView(grouping, sums.key),
    requests: sums.requests,
    errors: sums.errors,
    input_tokens: sums.inputTokens,
    cached_tokens: sums.cachedTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    output_tokens: sums.outputTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost_usd: usdFromNano(sums.costNanoUsd),
    ttfb_requests: sums.ttfbCount,
    ttfb_ms: sums.ttfbCount > 0 ? Math.round(sums.ttfbMs / sums.ttfbCount) : null,
  };
}

function keyView(grouping: UsageGrouping, key: number | string): string {
  if (typeof key === 'string') return key;
  return grouping === 'day' ? isoOf(key).slice(0, 10) : isoOf(key);
}
