// The document that an export writes and an import reads: everything that makes a deployment except its log and
// its secrets. It contains tokens as hashes and channel keys sealed. Every section may be omitted or split:
// importing the parts, in any number of calls, imports the whole.
import { z } from '@hono/zod-openapi';
import { providerNames } from '../../providers/provider-name.ts';
import { settings } from './channel-fields.ts';
import { priceFields } from './price-fields.ts';
import { adminBounds } from './token-fields.ts';
import { isoTime, usd, usdAmount } from './values.ts';

/** Raised when an older relay can no longer read the document. */
export const transferVersion = 1;

const limits = z.object({
  rpm: z.int().optional(),
  tpm: z.int().optional(),
  concurrency: z.int().optional(),
});

const account = z
  .object({
    id: z.string().min(1),
    name: z.string(),
    email: z.string().nullable(),
    role: z.enum(['admin', 'member']),
    status: z.enum(['active', 'disabled']),
    created_at: isoTime,
    // Earlier files have none of these.
    password: z.string().nullable().default(null).openapi({ description: 'As its hash (scrypt).' }),
    budget: z
      .object({ usd: usdAmount, period: z.enum(['day', 'week', 'month']) })
      .nullable()
      .default(null),
    budget_version: z.int().min(0).default(0),
    group: z.string().nullable().default(null),
    models: z.array(z.string()).default([]),
    expires_at: isoTime.nullable().default(null),
    bounds_version: z
      .int()
      .min(0)
      .default(0)
      .openapi({ description: 'Of group, models and expires_at; the higher one counts.' }),
    email_proven: z
      .boolean()
      .default(true)
      .openapi({ description: 'Whether the email is known to be this person’s.' }),
    budget_spent: z
      .object({ usd, since: isoTime })
      .nullable()
      .default(null)
      .openapi({ description: 'In the period that began then; null: its ledger could not be asked.' }),
  })
  .openapi('ExportedAccount');

const group = z
  .object({
    name: z.string().min(1),
    price_multiplier_millionths: z.int().min(0),
    models: z.array(z.string()),
    channels: z.array(z.string()),
    limits,
    version: z.int(),
  })
  .openapi('ExportedGroup');

const sealedKey = z.object({
  id: z.string(),
  hint: z.string(),
  iv: z.string(),
  sealed: z.string(),
  encryption_key_id: z.string().openapi({ description: 'Which ENCRYPTION_KEY opens it.' }),
  // Earlier files have none.
  address_proof: z
    .string()
    .optional()
    .openapi({ description: 'That it was stored with this address; an import takes it for no other.' }),
});

const channel = z
  .object({
    id: z.string().min(1),
    name: z.string(),
    provider: z.enum(providerNames),
    base_url: z.string().nullable(),
    keys: z.array(sealedKey),
    models: z.array(z.string()),
    model_map: z.record(z.string(), z.string()),
    priority: z.int(),
    weight: z.int(),
    enabled: z.boolean(),
    headers: z.record(z.string(), z.string()),
    groups: z.array(z.string()),
    // Earlier files have none.
    settings: settings.default({}),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('ExportedChannel');

const alias = z
  .object({ name: z.string().min(1), models: z.array(z.string()), updated_at: isoTime })
  .openapi('ExportedAlias');

const price = z
  .object({ model: z.string().min(1), ...priceFields, updated_at: isoTime })
  .openapi('ExportedPrice');

const token = z
  .object({
    id: z.string().min(1),
    account_id: z.string(),
    group: z.string(),
    name: z.string(),
    hint: z.string(),
    status: z.enum(['active', 'disabled']),
    version: z.int().min(1),
    hashes: z.array(z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), valid_until: isoTime.nullable() })),
    expires_at: isoTime.nullable(),
    quota_usd: usd.nullable(),
    budget: z.object({ usd, period: z.enum(['day', 'week', 'month']) }).nullable(),
    models: z.array(z.string()),
    allowed_ips: z.array(z.string()),
    limits,
    // Earlier files have none of these.
    tags: z.array(z.string()).default([]),
    note: z.string().default(''),
    include_cost: z.boolean().default(false),
    admin: adminBounds.nullable().default(null),
    created_at: isoTime,
    last_used_at: isoTime.nullable(),
    spent_usd: usdAmount,
    balance_from: z
      .enum(['ledger', 'database'])
      .optional()
      .openapi({ description: '`database`: the ledger could not be asked, so the sum may be seconds old.' }),
  })
  .openapi('ExportedToken');

export const transferDocument = z
  .object({
    version: z.literal(transferVersion, { error: 'this relay reads documents of version 1' }),
    exported_at: isoTime.optional(),
    accounts: z.array(account).default([]),
    groups: z.array(group).default([]),
    channels: z.array(channel).default([]),
    prices: z.array(price).default([]),
    aliases: z.array(alias).default([]),
    tokens: z.array(token).default([]),
    next_cursor: z.string().nullish().openapi({ description: 'null: all tokens are in it.' }),
  })
  .openapi('Export');

export type TransferDocument = z.infer<typeof transferDocument>;
export type TransferredAccount = z.infer<typeof account>;
export type TransferredGroup = z.infer<typeof group>;
export type TransferredChannel = z.infer<typeof channel>;
export type TransferredAlias = z.infer<typeof alias>;
export type TransferredPrice = z.infer<typeof price>;
export type TransferredToken = z.infer<typeof token>;
