// Accounts, sessions, access keys, and invitations. account-store.ts stores them.

import type { BudgetPeriod } from '../../tokens/token.ts';

export type Role = 'admin' | 'member';

/** The account that ADMIN_KEY acts for; schema.sql creates it. */
export const adminAccountId = 'acc_admin';

/** The account that a call is made for, and how that was proven. */
export interface Principal {
  accountId: string;
  role: Role;
  /** For a session: its id, so that the list of sessions can mark it. */
  sessionId?: string;
  /** For a session: the name that the dashboard shows. */
  name?: string;
}

export interface Account {
  id: string;
  name: string;
  email: string | null;
  /** The email is verified: Cloudflare Access opens the account by it. */
  isEmailProven: boolean;
  role: Role;
  status: 'active' | 'disabled';
  createdAtMs: number;
  lastLoginAtMs: number | null;
  /** The budget that all its tokens share. Null: none. */
  budgetNanoUsd: number | null;
  budgetPeriod: BudgetPeriod | null;
  /** Grows with each edit of the budget. */
  budgetVersion: number;
  /** The group of all its tokens. Null: each has its own. */
  group: string | null;
  /** The models that its tokens may use at most. Empty: all. */
  models: string[];
  /** When all its tokens expire, if not sooner. Null: never. */
  expiresAtMs: number | null;
}

/** A session. Its value is only in the cookie. */
export interface Session {
  id: string;
  accountId: string;
  /** The browser's own description at the sign-in. */
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

/** A link with which one person creates one account. Its value is shown once. */
export interface Invite {
  id: string;
  /** The person's name as the admin wrote it, which becomes the account's name. */
  name: string;
  role: Role;
  createdAtMs: number;
  expiresAtMs: number;
}

/** Limits of accounts and their credentials. */
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
