// The row of the request log as the management API writes it. Pure.
import { z } from '@hono/zod-openapi';
import { usdFromNano } from '../../lib/money.ts';
import type { ChargeItem } from '../../metering/charge.ts';
import { errorClasses, type LogRow } from '../../metering/log-row.ts';
import type { Role } from '../accounts/account.ts';
import { isoOf, isoTime, usd } from './values.ts';

const attempt = z.object({
  channel_id: z.string(),
  key_id: z.string().nullable(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  message: z
    .string()
    .nullable()
    .openapi({ description: 'What the upstream said, or why it did not answer. For admins; else null.' }),
  duration_ms: z.number(),
});

const chargeItem = z.object({
  kind: z
    .string()
    .openapi({ description: 'What was charged: input, cache_read, output, web_search, audio …' }),
  count: z.number().openapi({ description: 'How often; of audio, milliseconds.' }),
  usd: usd.openapi({ description: 'The price of `per` of them.' }),
  per: z.int(),
  model: z.string().optional().openapi({ description: "Where it was not the row's own." }),
});

const charge = z
  .object({
    source: z.enum(['override', 'table', 'published']),
    service_tier: z.string().nullable(),
    multiplier: z.number().openapi({ description: "The group's." }),
    items: z.array(chargeItem),
  })
  .openapi('Charge');

export const logRow = z
  .object({
    id: z.string().openapi({ description: 'The request id.' }),
    created_at: isoTime,
    token_id: z.string(),
    account_id: z.string(),
    format: z.string(),
    endpoint: z.string(),
    requested_model: z.string().nullable(),
    upstream_model: z.string().nullable(),
    served_model: z
      .string()
      .nullable()
      .openapi({ description: 'The model that answered, by its catalog name. null: the requested one.' }),
    channel_id: z.string().nullable(),
    attempts: z.array(attempt),
    status: z.int(),
    error_code: z.string().nullable(),
    error_class: z.enum(errorClasses).nullable().openapi({
      description: "Whose fault the error is: the caller's, the relay's own limits, or the upstream's.",
    }),
    error_message: z
      .string()
      .nullable()
      .openapi({ description: 'Why it failed, in words, without keys, addresses, and text of the request.' }),
    stream: z.boolean(),
    input_tokens: z.int().openapi({ description: 'All input, cached included.' }),
    cached_tokens: z.int(),
    cache_write_tokens: z.int(),
    output_tokens: z.int().openapi({ description: 'All output, reasoning included.' }),
    reasoning_tokens: z.int(),
    usage_source: z.enum(['upstream', 'estimated']).nullable(),
    cost_usd: usd.nullable().openapi({ description: 'null: the model had no price.' }),
    charge: charge.nullable().openapi({
      description:
        'The prices that held at the settlement: the sum of count × usd ÷ per, times the multiplier, rounded up to the nano-USD once, is the cost. null: nothing was charged by prices.',
    }),
    ttfb_ms: z.number().nullable(),
    duration_ms: z.number().nullable(),
    dropped: z.array(z.string()),
    end_user: z.string().nullable().openapi({ description: 'Whom the caller named.' }),
    session: z.string().nullable().openapi({ description: 'The conversation.' }),
    tags: z.array(z.string()).openapi({ description: '`key=value`.' }),
    count: z.int().openapi({ description: 'Equal refusals within a minute that the row stands for.' }),
  })
  .openapi('LogRow');
export type LogRowView = z.infer<typeof logRow>;

/** `role`: only admins see what upstreams said to single attempts. */
export function logRowView(row: LogRow, role: Role = 'member'): LogRowView {
  return {
    id: row.id,
    created_at: isoOf(row.createdAtMs),
    token_id: row.tokenId,
    account_id: row.accountId,
    format: row.format,
    endpoint: row.endpoint,
    requested_model: row.requestedModel,
    upstream_model: row.upstreamModel,
    served_model: row.servedModel ?? null,
    channel_id: row.channelId,
    attempts: row.attempts.map((tried) => attemptView(tried, role)),
    status: row.status,
    error_code: row.errorCode,
    error_class: row.errorClass ?? null,
    error_message: row.errorMessage ?? null,
    stream: row.stream,
    input_tokens: row.inputTokens,
    cached_tokens: row.cachedTokens,
    cache_write_tokens: row.cacheWriteTokens,
    output_tokens: row.outputTokens,
    reasoning_tokens: row.reasoningTokens,
    usage_source: row.usageSource,
    cost_usd: row.costNanoUsd === null ? null : usdFromNano(row.costNanoUsd),
    charge: chargeView(row.charge),
    ttfb_ms: row.ttfbMs,
    duration_ms: row.durationMs,
    dropped: row.dropped,
    end_user: row.endUser ?? null,
    session: row.session ?? null,
    tags: row.tags ?? [],
    count: row.count,
  };
}

function attemptView(tried: LogRow['attempts'][number], role: Role): z.infer<typeof attempt> {
  const { channelId, keyId, status, error, message = null, durationMs } = tried;
  const shown = role === 'admin' ? message : null;
  return { channel_id: channelId, key_id: keyId, status, error, message: shown, duration_ms: durationMs };
}

function chargeView(charged: LogRow['charge']): z.infer<typeof charge> | null {
  if (charged === null) return null;
  const { source, tier = null, multiplier = 1, items } = charged;
  return { source, service_tier: tier, multiplier, items: items.map(itemView) };
}

/** What is not counted in tokens or characters is priced per item. */
const singles = /request|search|session|unit|^image$/i;

function itemView([kind, count, picoEach, model]: ChargeItem): z.infer<typeof chargeItem> {
  const per = kind === 'audio' ? 3_600_000 : singles.test(kind) ? 1 : 1_000_000;
  // An hour's rate is for the whole hour, the others for one item.
  const pico = kind === 'audio' ? picoEach : picoEach * per;
  const name = kind.replace(/[A-Z]|1h$/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    kind: name,
    count,
    usd: Number((pico / 1e12).toFixed(12)),
    per,
    ...(model !== undefined && { model }),
  };
}
