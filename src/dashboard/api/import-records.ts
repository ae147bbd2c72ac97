// Converts the sections of an import to records. Pure.
import type { StoredPrice } from '../../metering/price-store.ts';
import type { AccountStanding } from '../../quota/account-budget.ts';
import type { StoredAlias } from '../../routing/alias-store.ts';
import type { Group } from '../../routing/channel.ts';
import type { ChannelRecord } from '../../routing/store.ts';
import type { TokenRecord } from '../../tokens/columns.ts';
import { effectivePolicy, type OwnBounds } from '../../tokens/effective-policy.ts';
import { unbounded } from '../../tokens/token.ts';
import { adminBoundsOf } from './admin-bounds.ts';
import { settingsOf } from './channel-views.ts';
import type { AccountRecord } from './store.ts';
import type {
  TransferredAccount,
  TransferredAlias,
  TransferredChannel,
  TransferredGroup,
  TransferredPrice,
  TransferredToken,
} from './transfer-document.ts';
import { msOf, nanoOf } from './values.ts';

export function accountRecord(account: TransferredAccount): AccountRecord {
  const { id, name, email, role, status, created_at, password, budget, budget_version } = account;
  const { group, models, expires_at, bounds_version } = account;
  return {
    id,
    name,
    email,
    role,
    status,
    createdAtMs: msOf(created_at),
    password,
    budgetNanoUsd: budget && nanoOf(budget.usd),
    budgetPeriod: budget?.period ?? null,
    budgetVersion: budget_version,
    group,
    models,
    expiresAtMs: msOrNull(expires_at),
    boundsVersion: bounds_version,
    isEmailProven: account.email_proven,
  };
}

/** Null: the document does not say. */
export function standingOfAccount({ budget_spent: spent }: TransferredAccount): AccountStanding | null {
  return spent && { spentNanoUsd: nanoOf(spent.usd), periodStartMs: msOf(spent.since) };
}

export function groupRecord({ price_multiplier_millionths, limits, ...same }: TransferredGroup): Group {
  return {
    ...same,
    priceMultiplierMillionths: price_multiplier_millionths,
    limits: present(limits),
  };
}

export function aliasRecord({ updated_at, ...same }: TransferredAlias): StoredAlias {
  return { ...same, updatedAtMs: msOf(updated_at) };
}

export function channelRecord(channel: TransferredChannel): ChannelRecord {
  const { base_url, model_map, created_at, updated_at, keys, settings, ...same } = channel;
  const sealedKeys = keys.map(({ encryption_key_id, ...key }) => ({
    ...key,
    encryptionKeyId: encryption_key_id,
  }));
  return {
    channel: {
      ...same,
      baseUrl: base_url,
      modelMap: model_map,
      keys: sealedKeys,
      settings: settingsOf(settings),
    },
    createdAtMs: msOf(created_at),
    updatedAtMs: msOf(updated_at),
  };
}

export function priceRecord({ model, updated_at, ...price }: TransferredPrice): StoredPrice {
  return { model, price, updatedAtMs: msOf(updated_at) };
}

/** The limits of its group and account come from this deployment: see importTokens. */
export function tokenRecord(token: TransferredToken): TokenRecord {
  const { quota_usd, budget, expires_at, last_used_at } = token;
  const own: OwnBounds = {
    group: token.group,
    status: token.status,
    expiresAtMs: msOrNull(expires_at),
    quotaNanoUsd: quota_usd === null ? null : nanoOf(quota_usd),
    budget: budget && { nanoUsd: nanoOf(budget.usd), period: budget.period },
    models: token.models,
    allowedIps: token.allowed_ips,
    limits: present(token.limits),
    tags: token.tags,
    note: token.note,
    includesCost: token.include_cost,
  };
  const parts = { own, admin: token.admin && adminBoundsOf(token.admin), account: null };
  const hashes = token.hashes.map(({ hash, valid_until }) => ({ hash, validUntilMs: msOrNull(valid_until) }));
  const { id: tokenId, account_id: accountId, version } = token;
  return {
    policy: effectivePolicy({ tokenId, accountId, version, hashes, bounds: unbounded, ...parts }),
    ...parts,
    name: token.name,
    hint: token.hint,
    createdAtMs: msOf(token.created_at),
    lastUsedAtMs: msOrNull(last_used_at),
    spentNanoUsd: nanoOf(token.spent_usd),
  };
}

function msOrNull(time: string | null): number | null {
  return time === null ? null : msOf(time);
}

/** Drops members that are present but undefined, which TokenLimits does not allow. */
function present(limits: TransferredToken['limits']): TokenRecord['policy']['limits'] {
  return JSON.parse(JSON.stringify(limits));
}
