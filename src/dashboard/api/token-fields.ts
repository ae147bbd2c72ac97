// The token as the management API reads and writes it.
import { z } from '@hono/zod-openapi';
import ipaddr from 'ipaddr.js';
import { isIpRange } from '../../lib/ip-ranges.ts';
import { rowLimits } from '../../metering/log-row.ts';
import type { TokenLimits } from '../../tokens/token.ts';
import { managementLimits } from './limits.ts';
import { instant, isoTime, usd, usdAmount } from './values.ts';

const name = z.string().trim().min(1, 'must not be empty').max(managementLimits.nameCharacters);

/** Exact model names or `*` wildcards. */
export const modelList = z
  .array(z.string().trim().min(1, 'must not be empty').max(managementLimits.modelCharacters))
  .max(managementLimits.models, `at most ${managementLimits.models} entries`);

const addressList = z
  .array(z.string().refine(isAddressRange, 'must be an IPv4 or IPv6 address or a CIDR range'))
  .max(managementLimits.allowedIps, `at most ${managementLimits.allowedIps} entries`);

const rate = z
  .int()
  .min(1, 'must be at least 1; leave it out or send null for no limit')
  .max(managementLimits.rate);

export const limits = z.strictObject({
  rpm: rate.nullish(),
  tpm: rate.nullish(),
  concurrency: rate.nullish(),
});

const period = z.enum(['day', 'week', 'month']);

/** An amount that renews each UTC day, week, or month. */
export const budget = z.strictObject({
  usd: usdAmount.refine((amount) => amount > 0, 'must be more than 0'),
  period,
});

/** `key=value`, each key once. */
const tagList = z
  .array(
    z
      .string()
      .trim()
      .max(rowLimits.tagCharacters)
      .regex(/^[^=,\s][^=,]*=[^,]+$/, 'must be `key=value`, without commas'),
  )
  .max(rowLimits.tags, `at most ${rowLimits.tags} tags`)
  .refine(
    (tags) => new Set(tags.map((tag) => tag.split('=')[0])).size === tags.length,
    'must name each key once',
  );

const optionalFields = {
  quota_usd: usdAmount.nullish().openapi({ description: 'Total; 0 or null is unlimited.' }),
  budget: budget.nullish().openapi({ description: 'Comes back at each UTC day, week (Monday) or month.' }),
  models: modelList.nullish().openapi({ description: 'Exact names or `*` wildcards; empty is all.' }),
  allowed_ips: addressList.nullish().openapi({ description: 'Addresses and CIDR ranges; empty is all.' }),
  expires_at: instant.nullish(),
  limits: limits.nullish().openapi({ description: 'Replaced whole.' }),
  status: z.enum(['active', 'disabled']).optional(),
  group: z.string().min(1).optional(),
  tags: tagList.nullish().openapi({
    description: '`key=value`, in the log row of each request. They win over `x-relay-tags`.',
  }),
  note: z.string().trim().max(managementLimits.noteCharacters).nullish(),
  include_cost: z
    .boolean()
    .optional()
    .openapi({ description: 'Whether every answer has its cost (`usage.cost`).' }),
};

export const newToken = z
  .strictObject({
    name,
    ...optionalFields,
    account_id: z.string().min(1).optional().openapi({
      description:
        'For admins: the account that owns the token; your own if absent. The values are then stored as an admin’s (`admin`), and its owner cannot change them.',
    }),
  })
  .openapi('NewToken');
export type NewToken = z.infer<typeof newToken>;

export const tokenEdit = z
  .strictObject({
    name: name.optional(),
    ...optionalFields,
    admin: z
      .null()
      .optional()
      .openapi({ type: 'null', description: 'For admins. null: takes away all that admins have set.' }),
  })
  .openapi('TokenEdit');
export type TokenEdit = z.infer<typeof tokenEdit>;

export const rotationRequest = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(managementLimits.overlapSeconds)
      .optional()
      .openapi({ description: 'How long the old value still works; 0, or nothing: not at all.' }),
  })
  .openapi('Rotation');

const limitsView = z.object({
  rpm: z.int().optional(),
  tpm: z.int().optional(),
  concurrency: z.int().optional(),
});

/** The values that an admin has set on a member's token. */
export const adminBounds = z
  .object({
    status: z.enum(['active', 'disabled']),
    quota_usd: usd.nullable(),
    budget: z.object({ usd, period }).nullable(),
    models: z.array(z.string()),
    allowed_ips: z.array(z.string()),
    expires_at: isoTime.nullable(),
    limits: limitsView,
  })
  .openapi('AdminBounds');
export type AdminView = z.infer<typeof adminBounds>;

const accountBounds = z
  .object({ group: z.string().nullable(), models: z.array(z.string()), expires_at: isoTime.nullable() })
  .openapi('AccountBounds');

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string(),
    status: z
      .enum(['active', 'disabled'])
      .openapi({ description: 'disabled: by its owner, or by an admin (`admin.status`).' }),
    account_id: z.string(),
    group: z.string(),
    created_at: isoTime,
    last_used_at: isoTime.nullable(),
    expires_at: isoTime.nullable(),
    quota_usd: usd.nullable().openapi({ description: 'null: unlimited.' }),
    spent_usd: usd,
    remaining_usd: usd
      .nullable()
      .openapi({ description: 'Of the lower of both quotas, the own one and an admin’s; null: unlimited.' }),
    budget: z.object({ usd, period }).nullable(),
    models: z.array(z.string()),
    allowed_ips: z.array(z.string()),
    limits: limitsView,
    tags: z.array(z.string()).openapi({ description: '`key=value`, in the log row of each request.' }),
    note: z.string(),
    include_cost: z.boolean().openapi({ description: 'Whether every answer has its cost.' }),
    admin: adminBounds.nullable().openapi({
      description:
        'What an admin has set on the token. It binds beside the owner’s own values: the stricter one applies, and both lists must allow. null: nothing.',
    }),
    account: accountBounds.nullable().openapi({
      description: 'What binds all tokens of the account; its group wins over the token’s. null: nothing.',
    }),
  })
  .openapi('Token');
export type Token = z.infer<typeof token>;

export const tokenWithBalance = token
  .extend({
    reserved_usd: usd.openapi({ description: 'Held for requests that run now.' }),
    open_requests: z.int(),
    budget_spent_usd: usd.openapi({ description: "In the budget's current period." }),
  })
  .openapi('TokenWithBalance');

export const tokenWithSecret = token
  .extend({ token: z.string().openapi({ description: 'Shown this once.' }) })
  .openapi('TokenWithSecret');

/** Returns the limits that are set. Null means no limit. */
export function limitsOf(limits: z.infer<typeof optionalFields.limits>): TokenLimits {
  const { rpm, tpm, concurrency } = limits ?? {};
  return {
    ...(rpm != null && { rpm }),
    ...(tpm != null && { tpm }),
    ...(concurrency != null && { concurrency }),
  };
}

/** Stricter than the library about IPv4: `10.1` and `1` are typos, not addresses. */
function isAddressRange(text: string): boolean {
  const address = text.split('/')[0] ?? '';
  return isIpRange(text) && (address.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(address));
}
