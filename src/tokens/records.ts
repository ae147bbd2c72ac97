// A token as D1 holds it, and what an edit may change. Types only.
import type { AccountBounds, OwnBounds } from './effective-policy.ts';
import type { AdminBounds, TokenPolicy, TokenStatus } from './token.ts';

/** A token as D1 holds it. */
export interface TokenRecord {
  /** What its ledger decides by: `own`, `admin`, `account`, and the group together. */
  policy: TokenPolicy;
  own: OwnBounds;
  /** Null: an admin has set nothing. */
  admin: AdminBounds | null;
  /** Null: there is no such account. */
  account: AccountBounds | null;
  name: string;
  hint: string;
  createdAtMs: number;
  lastUsedAtMs: number | null;
  /** As the ledger last reported it: about a second behind. */
  spentNanoUsd: number;
}

/** The fields that an edit may change. Absent fields stay; lists and limits are replaced whole. */
export type TokenChanges = Partial<
  Omit<OwnBounds, 'status'> & { name: string; status: Exclude<TokenStatus, 'deleted'> }
>;
