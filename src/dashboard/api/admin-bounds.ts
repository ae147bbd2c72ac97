// The values that an admin sets on a member's token, as the management API writes them: `admin` of a token. Pure.
import { usdFromNano } from '../../lib/money.ts';
import type { AdminChanges } from '../../tokens/store.ts';
import type { AdminBounds, TokenLimits } from '../../tokens/token.ts';
import { type AdminView, limitsOf, type TokenEdit } from './token-fields.ts';
import { isoOf, msOf, nanoOf } from './values.ts';

/** Returns null if an admin has set nothing. */
export function adminView(admin: AdminBounds | null): AdminView | null {
  if (admin === null) return null;
  const { status, quotaNanoUsd, budget, models, allowedIps, expiresAtMs, limits } = admin;
  return {
    status: status ?? 'active',
    quota_usd: quotaNanoUsd === undefined ? null : usdFromNano(quotaNanoUsd),
    budget: budget ? { usd: usdFromNano(budget.nanoUsd), period: budget.period } : null,
    models: models ?? [],
    allowed_ips: allowedIps ?? [],
    expires_at: isoOf(expiresAtMs ?? null),
    limits: limits ?? {},
  };
}

/** Returns what an admin has set on an exported token, or sets on a new one. Null: nothing. */
export function adminBoundsOf(fields: Omit<TokenEdit, 'name' | 'group' | 'admin'>): AdminBounds | null {
  const limits = limitsOf(fields.limits);
  const changes = { ...adminChangesOf(fields), limits: Object.keys(limits).length === 0 ? null : limits };
  const set = Object.entries(changes).filter(([, value]) => value !== null);
  return set.length === 0 ? null : (Object.fromEntries(set) as AdminBounds);
}

/** Returns what an admin's edit of a member's token sets. Null removes a value. */
export function adminChangesOf(edit: Omit<TokenEdit, 'name' | 'group' | 'admin'>): AdminChanges {
  const { status, quota_usd, budget, models, allowed_ips, expires_at, limits } = edit;
  return {
    ...(status !== undefined && { status: status === 'disabled' ? ('disabled' as const) : null }),
    ...(quota_usd !== undefined && { quotaNanoUsd: quota_usd ? nanoOf(quota_usd) : null }),
    ...(budget !== undefined && { budget: budget && { nanoUsd: nanoOf(budget.usd), period: budget.period } }),
    ...(models !== undefined && { models: models?.length ? models : null }),
    ...(allowed_ips !== undefined && { allowedIps: allowed_ips?.length ? allowed_ips : null }),
    ...(expires_at !== undefined && { expiresAtMs: expires_at === null ? null : msOf(expires_at) }),
    ...(limits !== undefined && { limits: limitsChange(limits) }),
  };
}

/** Limits are replaced whole: a merge (RFC 7396) removes only what is null. */
function limitsChange(limits: TokenEdit['limits']): TokenLimits | null {
  const set = limitsOf(limits);
  const none = { rpm: null, tpm: null, concurrency: null };
  return Object.keys(set).length === 0 ? null : ({ ...none, ...set } as unknown as TokenLimits);
}
