// Converts stored records to the sections of an export. Pure.
import { usdFromNano } from '../../lib/money.ts';
import type { StoredPrice } from '../../metering/price-store.ts';
import type { AccountStanding } from '../../quota/account-budget.ts';
import type { StoredAlias } from '../../routing/alias-store.ts';
import type { Group } from '../../routing/channel.ts';
import type { ChannelRecord } from '../../routing/store.ts';
import type { TokenRecord } from '../../tokens/columns.ts';
import { adminView } from './admin-bounds.ts';
import { channelView } from './channel-views.ts';
import { proofOfDestination } from './key-destination.ts';
import { type AccountRecord, budgetOf } from './store.ts';
import { labelsView } from './token-views.ts';
import type {
  TransferredAccount,
  TransferredAlias,
  TransferredChannel,
  TransferredGroup,
  TransferredPrice,
  TransferredToken,
} from './transfer-document.ts';
import { isoOf } from './values.ts';

export function exportedAccount(
  account: AccountRecord,
  standing: AccountStanding | null,
): TransferredAccount {
  const { id, name, email, role, status, createdAtMs, password, budgetVersion } = account;
  const budget = budgetOf(account);
  return {
    id,
    name,
    email,
    role,
    status,
    created_at: isoOf(createdAtMs),
    password,
    budget: budget && { usd: usdFromNano(budget.nanoUsd), period: budget.period },
    budget_version: budgetVersion,
    group: account.group,
    models: account.models,
    expires_at: isoOf(account.expiresAtMs),
    bounds_version: account.boundsVersion,
    email_proven: account.isEmailProven,
    budget_spent: standing && {
      usd: usdFromNano(standing.spentNanoUsd),
      since: isoOf(standing.periodStartMs),
    },
  };
}

export function exportedGroup(group: Group): TransferredGroup {
  return {
    name: group.name,
    price_multiplier_millionths: group.priceMultiplierMillionths,
    models: [...group.models],
    channels: [...group.channels],
    limits: group.limits,
    version: group.version,
  };
}

/** `encryptionKey` proves for each key the address that it was stored with. Null: not set, so no key can be used. */
export function exportedChannel(record: ChannelRecord, encryptionKey: string | null): TransferredChannel {
  const { channel } = record;
  const keys = channel.keys.map((key) => ({
    id: key.id,
    hint: key.hint,
    iv: key.iv,
    sealed: key.sealed,
    encryption_key_id: key.encryptionKeyId,
    ...(encryptionKey !== null && { address_proof: proofOfDestination(key, channel, encryptionKey) }),
  }));
  return { ...channelView(record), keys };
}

export function exportedAlias({ name, models, updatedAtMs }: StoredAlias): TransferredAlias {
  return { name, models: [...models], updated_at: isoOf(updatedAtMs) };
}

export function exportedPrice({ model, price, updatedAtMs }: StoredPrice): TransferredPrice {
  return { model, ...price, updated_at: isoOf(updatedAtMs) };
}

export function exportedToken(record: TokenRecord, balanceFrom: 'ledger' | 'database'): TransferredToken {
  const { policy, own, admin, name, hint, createdAtMs, lastUsedAtMs, spentNanoUsd } = record;
  const { budget, quotaNanoUsd } = own;
  return {
    id: policy.tokenId,
    account_id: policy.accountId,
    group: own.group,
    name,
    hint,
    status: own.status === 'active' ? 'active' : 'disabled',
    version: policy.version,
    hashes: policy.hashes.map(({ hash, validUntilMs }) => ({ hash, valid_until: isoOf(validUntilMs) })),
    expires_at: isoOf(own.expiresAtMs),
    quota_usd: quotaNanoUsd === null ? null : usdFromNano(quotaNanoUsd),
    budget: budget && { usd: usdFromNano(budget.nanoUsd), period: budget.period },
    models: own.models,
    allowed_ips: own.allowedIps,
    limits: own.limits,
    ...labelsView(own),
    admin: adminView(admin),
    created_at: isoOf(createdAtMs),
    last_used_at: isoOf(lastUsedAtMs),
    spent_usd: usdFromNano(spentNanoUsd),
    balance_from: balanceFrom,
  };
}
