// A token in the two forms that travel: the identity that a request resolves to, and the policy that its ledger
// decides by.

export type TokenStatus = 'active' | 'disabled' | 'deleted';
export type BudgetPeriod = 'day' | 'week' | 'month';

/** An amount that renews each UTC day, ISO week, or month. */
export interface Budget {
  nanoUsd: number;
  period: BudgetPeriod;
}

/** Requests and tokens per minute, and concurrent requests. Absent: unlimited. */
export interface TokenLimits {
  rpm?: number;
  tpm?: number;
  concurrency?: number;
}

/**
 * What an admin has set on a member's token. It applies beside the owner's own values, and the owner cannot
 * change it. Absent: not set.
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

/** A group's limits for each of its tokens. `version` grows with every edit of the group. */
export interface GroupBounds {
  version: number;
  /** 1,000,000 is the table's price. */
  priceMultiplierMillionths: number;
  /** Exact names or `*` wildcards; empty is all. */
  models: readonly string[];
  /** Channel ids; empty is all. */
  channels: readonly string[];
  /** Apply to each token separately; the lower of the group's and the token's own counts. */
  limits: TokenLimits;
}

/** The limits of a group that does not exist (or is not known yet): none. Any real version is newer. */
export const unbounded: GroupBounds = {
  version: 0,
  priceMultiplierMillionths: 1_000_000,
  models: [],
  channels: [],
  limits: {},
};

/** One accepted value of a token. After a rotation the old one expires. */
export interface TokenHash {
  hash: string;
  /** Milliseconds since 1970; null: never. */
  validUntilMs: number | null;
}

/**
 * Everything that decides whether a request of this token is allowed, as effective-policy.ts combines it. D1
 * records it; the token's ledger (a Durable Object) holds the copy that counts. `version` grows with every edit,
 * and the ledger ignores an older one.
 */
export interface TokenPolicy {
  tokenId: string;
  accountId: string;
  group: string;
  /** The group's limits when the policy was read. */
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
  /** Addresses that an admin has allowed: these and `allowedIps` must both contain the caller's. */
  adminIps?: string[];
  /** The account that owns it is disabled: none of its tokens may be used, whatever their own status. */
  accountDisabled?: true;
  /**
   * The budget that all tokens of the account share. Absent: none. The account's ledger holds the amount that
   * counts.
   */
  accountBudget?: Budget & { version: number };
  /** `key=value`, in the log rows of its requests. Absent: none. */
  tags?: string[];
  /** Answers say what they cost, also when the caller does not ask. */
  includesCost?: true;
}

/**
 * The owner of a credential, as the isolate and KV cache it. Whether a request is allowed is the ledger's
 * decision; it notices by `version` that this copy is old.
 */
export interface TokenIdentity {
  tokenId: string;
  accountId: string;
  group: string;
  /** The group's limits that a request is planned by. */
  bounds: Pick<GroupBounds, 'version' | 'priceMultiplierMillionths' | 'channels'>;
  version: number;
  /** The hash that the credential resolved by. */
  hash: string;
  /** As in the policy. */
  tags?: readonly string[];
  includesCost?: true;
}
