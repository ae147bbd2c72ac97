// Logging in: is it the right password (or the admin key), and may it be tried at all? Nothing that is answered tells
// whether an email has an account.

import { accountLimits, adminAccountId } from './account.ts';
import type { AccountStore } from './account-store.ts';
import { forgetTries, mayTry } from './login-try-store.ts';
import { isPassword } from './password.ts';
import { hashOfSecret, newSecretValue } from './secret-value.ts';

export type Login =
  /** `value` belongs in the cookie, and nowhere else. */
  | { outcome: 'open'; value: string; expiresAtMs: number; accountId: string }
  | { outcome: 'wrong' }
  | { outcome: 'too-often' };

/** What a login needs of the rest. */
export interface LoginServices {
  db: D1Database;
  accounts: AccountStore;
  adminKey: string | null;
  now: () => number;
}

/** Who tries, from where. */
export interface LoginTry {
  ip: string;
  userAgent: string;
}

export async function logIn(
  services: LoginServices,
  email: string,
  password: string,
  from: LoginTry,
): Promise<Login> {
  const { db, accounts, now } = services;
  const name = normalEmail(email);
  if (!(await mayTry(db, name, from.ip, now()))) return { outcome: 'too-often' };
  const account = await accounts.findByEmail(name);
  const isRight = await isPassword(
    password.slice(0, accountLimits.passwordCharacters),
    account?.password ?? null,
  );
  if (!isRight || account === null || account.status !== 'active') return { outcome: 'wrong' };
  await forgetTries(db, name, from.ip);
  return openSession(services, account.id, from);
}

/** The way in before there is a password, and when it is lost. */
export async function logInWithAdminKey(
  services: LoginServices,
  key: string,
  from: LoginTry,
): Promise<Login> {
  const { db, adminKey, now } = services;
  if (!(await mayTry(db, 'admin key', from.ip, now()))) return { outcome: 'too-often' };
  if (adminKey === null || hashOfSecret(key.trim()) !== hashOfSecret(adminKey)) return { outcome: 'wrong' };
  await forgetTries(db, 'admin key', from.ip);
  return openSession(services, adminAccountId, from);
}

/** A new session of an account that has proven itself; `untilMs`: it ends then, if not sooner. */
export async function openSession(
  { accounts, now }: Pick<LoginServices, 'accounts' | 'now'>,
  accountId: string,
  { userAgent }: Pick<LoginTry, 'userAgent'>,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<Login & { outcome: 'open' }> {
  const value = newSecretValue();
  const createdAtMs = now();
  const expiresAtMs = Math.min(createdAtMs + accountLimits.sessionMs, untilMs);
  const shown = userAgent.slice(0, accountLimits.userAgentCharacters);
  const id = newSecretValue('ses_').slice(0, 20);
  await accounts.openSession(hashOfSecret(value), {
    id,
    accountId,
    userAgent: shown,
    createdAtMs,
    expiresAtMs,
  });
  return { outcome: 'open', value, expiresAtMs, accountId };
}

/** Emails are compared without case and without what surrounds them. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}
