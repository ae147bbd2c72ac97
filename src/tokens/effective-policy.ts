// What binds a token: its owner's values, an admin's values, the account's, and the group's. The stricter one
// applies; where there are several lists, all must allow. Pure.
import type {
  AdminBounds,
  Budget,
  GroupBounds,
  ModelBound,
  TokenHash,
  TokenLimits,
  TokenPolicy,
  TokenStatus,
} from './token.ts';

/** What the owner has set (or an admin, on the admin's own token). */
export interface OwnBounds {
  /** Only admins set it, so it needs no second value. */
  group: string;
  status: TokenStatus;
  expiresAtMs: number | null;
  quotaNanoUsd: number | null;
  budget: Budget | null;
  models: string[];
  allowedIps: string[];
  limits: TokenLimits;
  /** `key=value`, in the log rows of its requests. Absent: none. */
  tags?: string[];
  /** Answers say what they cost. Absent: only when the caller asks. */
  includesCost?: boolean;
  /** A text for people. Absent: none. */
  note?: string;
}

/** What applies to all tokens of an account. */
export interface AccountBounds {
  status: 'active' | 'disabled';
  budget: (Budget & { version: number }) | null;
  /** Wins over the group of each token. Null: the tokens' own groups count. */
  group: string | null;
  models: string[];
  expiresAtMs: number | null;
}

export interface PolicyParts {
  tokenId: string;
  accountId: string;
  version: number;
  hashes: TokenHash[];
  own: OwnBounds;
  admin: AdminBounds | null;
  /** Null: there is no such account. */
  account: AccountBounds | null;
  /** The limits of the group that `groupInForce` names. */
  bounds: GroupBounds;
}

/** Returns the group that a token is in: its account's, else its own. */
export function groupInForce(own: Pick<OwnBounds, 'group'>, account: AccountBounds | null): string {
  return account?.group ?? own.group;
}

/** Returns the policy that the token's ledger decides by. */
export function effectivePolicy(parts: PolicyParts): TokenPolicy {
  const { tokenId, accountId, version, hashes, own, admin, account, bounds } = parts;
  const isAdminDisabled = admin?.status === 'disabled' && own.status !== 'deleted';
  const furtherModels = furtherModelsOf(admin, account);
  return {
    tokenId,
    accountId,
    group: groupInForce(own, account),
    bounds,
    version,
    status: isAdminDisabled ? 'disabled' : own.status,
    hashes,
    expiresAtMs: lowest(own.expiresAtMs, admin?.expiresAtMs, account?.expiresAtMs),
    quotaNanoUsd: lowest(own.quotaNanoUsd, admin?.quotaNanoUsd),
    budget: own.budget,
    models: own.models,
    allowedIps: own.allowedIps,
    limits: lowerLimits(own.limits, admin?.limits ?? {}),
    ...(isAdminDisabled && { disabledByAdmin: true as const }),
    ...(admin?.budget && { adminBudget: admin.budget }),
    ...(furtherModels.length > 0 && { furtherModels }),
    ...(admin?.allowedIps?.length && { adminIps: admin.allowedIps }),
    ...(account?.status === 'disabled' && { accountDisabled: true as const }),
    ...(account?.budget && { accountBudget: account.budget }),
    ...(own.tags?.length && { tags: own.tags }),
    ...(own.includesCost && { includesCost: true as const }),
  };
}

function furtherModelsOf(admin: AdminBounds | null, account: AccountBounds | null): ModelBound[] {
  const bounds: ModelBound[] = [
    { by: 'admin', models: admin?.models ?? [] },
    { by: 'account', models: account?.models ?? [] },
  ];
  return bounds.filter(({ models }) => models.length > 0);
}

/** Returns the lower one of each kind. Absent in both: no limit. */
export function lowerLimits(one: TokenLimits, other: TokenLimits): TokenLimits {
  const kinds = ['rpm', 'tpm', 'concurrency'] as const;
  const lower = kinds.map((kind) => [kind, Math.min(one[kind] ?? Infinity, other[kind] ?? Infinity)]);
  return Object.fromEntries(lower.filter(([, limit]) => limit !== Infinity));
}

/** Returns null if none of them is set. */
function lowest(...bounds: (number | null | undefined)[]): number | null {
  const set = bounds.filter((bound) => bound != null);
  return set.length === 0 ? null : Math.min(...set);
}
