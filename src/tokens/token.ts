// What a token is, in the two sizes that travel: the identity that a request resolves to, and the policy
// that its ledger decides by.

export type TokenStatus = 'active' | 'disabled' | 'deleted';
export type BudgetPeriod = 'day' | 'week' | 'month';

/** A sum that comes back at each UTC day, ISO week or month. */
export interface Budget {
  nanoUsd: number;
  period: BudgetPeriod;
}

/** Requests and tokens a minute, requests at a time. Absent is unlimited. */
export interface TokenLimits {
  rpm?: number;
  tpm?: number;
  concurrency?: number;
}

/**
 * What an admin has set on somebody else's token. It binds beside the owner's own values, and the owner cannot change
 * it. Absent: not set.
 */
export interface AdminBounds {
  status?: 'disabled';
  expiresAtMs?: number;
  quotaNanoUsd?: number;
  budget?: Budget;
  models?: string[];
  allowedIps?: string[];
  limits?: TokenLimits;
}

/** A list that must allow a model, besides the token's own and its group's. Not empty. */
export interface ModelBound {
  by: 'admin' | 'account';
  models: readonly string[];
}

/** What a group bounds each of its tokens by. `version` grows with every edit of the group. */
export interface GroupBounds {
  version: number;
  /** 1,000,000 is the table's price. */
  priceMultiplierMillionths: number;
  /** Exact names or `*` wildcards; empty is all. */
  models: readonly string[];
  /** Channel ids; empty is all. */
  channels: readonly string[];
  /** Of each token by itself; the lower of the group's and the token's own counts. */
  limits: TokenLimits;
}

/** The bounds of a group that is not there (or not known yet): none. Any real version is newer. */
export const unbounded: GroupBounds = {
  version: 0,
  priceMultiplierMillionths: 1_000_000,
  models: [],
  channels: [],
  limits: {},
};

/** One accepted value of a token. After a rotation the old one has an end. */
export interface TokenHash {
  hash: string;
  /** Milliseconds since 1970; null: no end. */
  validUntilMs: number | null;
}

/**
 * All that decides whether a request of this token is allowed, as effective-policy.ts puts it together. D1 records it, the token's ledger
 * (Durable Object) holds the copy that counts; `version` grows with every edit and the ledger ignores
 * an older one.
 */
export interface TokenPolicy {
  tokenId: string;
  accountId: string;
  group: string;
  /** Of that group, as they were when the policy was read. */
  bounds: GroupBounds;
  version: number;
  status: TokenStatus;
  hashes: TokenHash[];
  expiresAtMs: number | null;
  quotaNanoUsd: number | null;
  budget: Budget | null;
  /** Exact names or `*` wildcards; empty is all. */
  models: string[];
  /** Addresses and CIDR ranges; empty is all. */
  allowedIps: string[];
  limits: TokenLimits;
  /** An admin has disabled it: its owner cannot enable it. */
  disabledByAdmin?: true;
  /** A budget that an admin has set, counted apart from `budget`: both must have room. */
  adminBudget?: Budget;
  /** Lists of an admin and of the account: each must allow a model, as `models` must. */
  furtherModels?: readonly ModelBound[];
  /** Addresses that an admin has allowed: these and `allowedIps` must both have the caller's. */
  adminIps?: string[];
  /** The account that owns it is disabled: nothing of it may be used, whatever its own status is. */
  accountDisabled?: true;
  /** What all tokens of the account share; absent: no bound. The amount that counts is the account's ledger's. */
  accountBudget?: Budget & { version: number };
}

/**
 * Who a credential belongs to: what the isolate and KV cache. It says who, never whether: that is the
 * ledger's to decide, who notices by `version` that this copy is old.
 */
export interface TokenIdentity {
  tokenId: string;
  accountId: string;
  group: string;
  /** What of the group's bounds a request is planned by. */
  bounds: Pick<GroupBounds, 'version' | 'priceMultiplierMillionths' | 'channels'>;
  version: number;
  /** The hash that the credential resolved by. */
  hash: string;
}
