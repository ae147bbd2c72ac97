// What an account, a session, an access key and an invitation are. How they are stored is account-store.ts's.

import type { BudgetPeriod } from '../../tokens/token.ts';

export type Role = 'admin' | 'member';

/** The account that ADMIN_KEY acts for; schema.sql makes it. */
export const adminAccountId = 'acc_admin';

/** On whose behalf a call is made, and how that was proven. */
export interface Principal {
  accountId: string;
  role: Role;
  /** Of a session: its id, so that the list of sessions can say which one this is. */
  sessionId?: string;
  /** Of a session: what the dashboard greets by. */
  name?: string;
}

export interface Account {
  id: string;
  name: string;
  email: string | null;
  /** It is known to be this person's: Cloudflare Access opens the account by it. */
  isEmailProven: boolean;
  role: Role;
  status: 'active' | 'disabled';
  createdAtMs: number;
  lastLoginAtMs: number | null;
  /** What all its tokens share; null: no bound. */
  budgetNanoUsd: number | null;
  budgetPeriod: BudgetPeriod | null;
  /** Grows with each edit of the budget. */
  budgetVersion: number;
  /** The group of all its tokens; null: each has its own. */
  group: string | null;
  /** What all its tokens may use at most; empty: all. */
  models: string[];
  /** When all its tokens end, if not sooner; null: never. */
  expiresAtMs: number | null;
}

/** A login that lasts. Its value is only in the cookie. */
export interface Session {
  id: string;
  accountId: string;
  /** As the browser named itself when it logged in. */
  userAgent: string;
  createdAtMs: number;
  expiresAtMs: number;
}

/** A key for the management API that acts for its account. Its value is shown once. */
export interface AccessKey {
  id: string;
  name: string;
  hint: string;
  createdAtMs: number;
}

/** A link by which one person makes one account. Its value is shown once. */
export interface Invite {
  id: string;
  /** Whom it is for, as the admin wrote it; the account's name at first. */
  name: string;
  role: Role;
  createdAtMs: number;
  expiresAtMs: number;
}

/** Bounds of accounts and of what proves them. */
export const accountLimits = {
  passwordCharacters: 256,
  passwordCharactersAtLeast: 10,
  emailCharacters: 254,
  nameCharacters: 200,
  userAgentCharacters: 200,
  sessionMs: 14 * 86_400_000,
  inviteMs: 7 * 86_400_000,
  accessKeysOfAccount: 50,
  passkeysOfAccount: 20,
  credentialIdCharacters: 1_400,
} as const;
