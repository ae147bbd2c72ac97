// Converts between the management API's fields of a token and the stored record. Pure.
import { usdFromNano } from '../../lib/money.ts';
import type { Balance } from '../../quota/quota.ts';
import type { TokenChanges, TokenRecord } from '../../tokens/columns.ts';
import type { AccountBounds, OwnBounds } from '../../tokens/effective-policy.ts';
import { adminView } from './admin-bounds.ts';
import { limitsOf, type NewToken, type Token, type TokenEdit } from './token-fields.ts';
import { isoOf, msOf, nanoOf } from './values.ts';

/** A token with the figures of its record. */
export function tokenView(record: TokenRecord): Token {
  const { policy, own, name, hint, createdAtMs, lastUsedAtMs, spentNanoUsd } = record;
  const { quotaNanoUsd: quotaInForce, status } = policy;
  const { quotaNanoUsd, budget } = own;
  return {
    id: policy.tokenId,
    name,
    hint,
    status: status === 'active' ? 'active' : 'disabled',
    account_id: policy.accountId,
    group: own.group,
    created_at: isoOf(createdAtMs),
    last_used_at: isoOf(lastUsedAtMs),
    expires_at: isoOf(own.expiresAtMs),
    quota_usd: quotaNanoUsd === null ? null : usdFromNano(quotaNanoUsd),
    spent_usd: usdFromNano(spentNanoUsd),
    remaining_usd: quotaInForce === null ? null : usdFromNano(Math.max(0, quotaInForce - spentNanoUsd)),
    budget: budget && { usd: usdFromNano(budget.nanoUsd), period: budget.period },
    models: own.models,
    allowed_ips: own.allowedIps,
    limits: own.limits,
    ...labelsView(own),
    admin: adminView(record.admin),
    account: accountView(record.account),
  };
}

/** What an admin sets too on the token itself. */
export function labelsView({ tags = [], note = '', includesCost = false }: OwnBounds) {
  return { tags, note, include_cost: includesCost };
}

function accountView(account: AccountBounds | null): Token['account'] {
  if (account === null) return null;
  const { group, models, expiresAtMs } = account;
  const isBound = group !== null || models.length > 0 || expiresAtMs !== null;
  return isBound ? { group, models, expires_at: isoOf(expiresAtMs) } : null;
}

/** A token with the live figures of its ledger. */
export function tokenViewWithBalance(record: TokenRecord, balance: Balance) {
  const { spentNanoUsd, reservedNanoUsd, open, budgetSpentNanoUsd } = balance;
  const lastUsedAtMs = balance.lastUsedAtMs ?? record.lastUsedAtMs;
  return {
    ...tokenView({ ...record, spentNanoUsd, lastUsedAtMs }),
    reserved_usd: usdFromNano(reservedNanoUsd),
    open_requests: open,
    budget_spent_usd: usdFromNano(budgetSpentNanoUsd),
  };
}

/** Returns what an admin's edit of a member's token sets on the token itself: nothing that binds it, but for the group. */
export function sharedChangesOf({
  name,
  group,
  tags,
  note,
  include_cost,
}: TokenEdit | NewToken): TokenChanges {
  return {
    ...(name !== undefined && { name }),
    ...(group !== undefined && { group }),
    ...(tags !== undefined && { tags: tags ?? [] }),
    ...(note !== undefined && { note: note ?? '' }),
    ...(include_cost !== undefined && { includesCost: include_cost }),
  };
}

/** Returns the fields that an edit (or a new token) sets. Null means "none" or "all". */
export function changesOf(edit: TokenEdit | NewToken): TokenChanges {
  const { status, quota_usd, budget, models, allowed_ips, expires_at, limits } = edit;
  return {
    ...sharedChangesOf(edit),
    ...(status !== undefined && { status }),
    ...(quota_usd !== undefined && { quotaNanoUsd: quota_usd ? nanoOf(quota_usd) : null }),
    ...(budget !== undefined && { budget: budget && { nanoUsd: nanoOf(budget.usd), period: budget.period } }),
    ...(models !== undefined && { models: models ?? [] }),
    ...(allowed_ips !== undefined && { allowedIps: allowed_ips ?? [] }),
    ...(expires_at !== undefined && { expiresAtMs: expires_at === null ? null : msOf(expires_at) }),
    ...(limits !== undefined && { limits: limitsOf(limits) }),
  };
}
