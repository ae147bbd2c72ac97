// /api/logs: the request log, newest first. No prompt, no answer, no key is in it.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { usdFromNano } from '../../lib/money.ts';
import { pageOfRows } from '../../metering/log.ts';
import type { LogRow } from '../../quota/quota.ts';
import type { ApiEnv } from './authenticate.ts';
import { cutPage, pageOf, pageParameters, timeCursor } from './pages.ts';
import { callFailures, inputFailures, json } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { instant, isoOf, isoTime, msOf, usd } from './values.ts';

const attempt = z.object({
  channel_id: z.string(),
  key_id: z.string().nullable(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  duration_ms: z.number(),
});

const logRow = z
  .object({
    id: z.string().openapi({ description: 'The request id.' }),
    created_at: isoTime,
    token_id: z.string(),
    account_id: z.string(),
    format: z.string(),
    endpoint: z.string(),
    requested_model: z.string().nullable(),
    upstream_model: z.string().nullable(),
    channel_id: z.string().nullable(),
    attempts: z.array(attempt),
    status: z.int(),
    error_code: z.string().nullable(),
    stream: z.boolean(),
    input_tokens: z.int().openapi({ description: 'All input, cached included.' }),
    cached_tokens: z.int(),
    cache_write_tokens: z.int(),
    output_tokens: z.int().openapi({ description: 'All output, reasoning included.' }),
    reasoning_tokens: z.int(),
    usage_source: z.enum(['upstream', 'estimated']).nullable(),
    cost_usd: usd.nullable().openapi({ description: 'null: the model had no price.' }),
    ttfb_ms: z.number().nullable(),
    duration_ms: z.number().nullable(),
    dropped: z.array(z.string()),
    count: z.int().openapi({ description: 'Equal refusals within a minute that the row stands for.' }),
  })
  .openapi('LogRow');

const listLogsRoute = createRoute({
  method: 'get',
  path: '/logs',
  summary: 'Requests, newest first.',
  tags: ['logs'],
  security: [{ adminKey: [] }],
  request: {
    query: z.object({
      ...pageParameters,
      token: z.string().optional().openapi({ description: 'Token id.' }),
      account: z.string().optional().openapi({ description: 'Account id.' }),
      model: z.string().optional().openapi({ description: 'As it was requested.' }),
      channel: z.string().optional().openapi({ description: 'Channel id.' }),
      status: z.coerce.number().int().min(100).max(599).optional(),
      from: instant.optional(),
      to: instant.optional().openapi({ description: 'Not included.' }),
    }),
  },
  responses: { 200: json(pageOf(logRow), 'A page.'), ...inputFailures, ...callFailures },
});

/** Adds the route of the log. */
export function addLogRoutes(api: OpenAPIHono<ApiEnv>, { db }: ManagementServices): void {
  api.openapi(listLogsRoute, async (context) => {
    const { limit, cursor, token, account, model, channel, status, from, to } = context.req.valid('query');
    const filter = {
      tokenId: token,
      accountId: account,
      model,
      channelId: channel,
      status,
      fromMs: from === undefined ? undefined : msOf(from),
      toMs: to === undefined ? undefined : msOf(to),
    };
    const rows = await pageOfRows(db, filter, timeCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, ({ createdAtMs, id }) => ({ createdAtMs, id }));
    return context.json({ data: page.map(logRowView), next_cursor }, 200);
  });
}

function logRowView(row: LogRow): z.infer<typeof logRow> {
  return {
    id: row.id,
    created_at: isoOf(row.createdAtMs),
    token_id: row.tokenId,
    account_id: row.accountId,
    format: row.format,
    endpoint: row.endpoint,
    requested_model: row.requestedModel,
    upstream_model: row.upstreamModel,
    channel_id: row.channelId,
    attempts: row.attempts.map(attemptView),
    status: row.status,
    error_code: row.errorCode,
    stream: row.stream,
    input_tokens: row.inputTokens,
    cached_tokens: row.cachedTokens,
    cache_write_tokens: row.cacheWriteTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    usage_source: row.usageSource,
    cost_usd: row.costNanoUsd === null ? null : usdFromNano(row.costNanoUsd),
    ttfb_ms: row.ttfbMs,
    duration_ms: row.durationMs,
    dropped: row.dropped,
    count: row.count,
  };
}

function attemptView(tried: LogRow['attempts'][number]): z.infer<typeof attempt> {
  const { channelId, keyId, status, error, durationMs } = tried;
  return { channel_id: channelId, key_id: keyId, status, error, duration_ms: durationMs };
}
