// Sign-in: checks the password (or the admin key), and whether another try is allowed. No answer reveals whether
// an email has an account.

import { accountLimits, adminAccountId } from './account.ts';
import type { AccountStore } from './account-store.ts';
import { recordFailedSignIn } from './failed-sign-in-log.ts';
import { adminKeyCounters, passwordCounters } from './login-limits.ts';
import { forgetTries, takeTry } from './login-try-store.ts';
import { isPassword } from './password.ts';
import { hashOfSecret, newSecretValue } from './secret-value.ts';

export type Login =
  /** `value` belongs only in the cookie. */
  | { outcome: 'open'; value: string; expiresAtMs: number; accountId: string }
  | { outcome: 'wrong' }
  | { outcome: 'too-often' };

/** What a sign-in needs from the rest of the Worker. */
export interface LoginServices {
  db: D1Database;
  accounts: AccountStore;
  adminKey: string | null;
  now: () => number;
}

/** Who tries, and from where. */
export interface LoginTry {
  ip: string;
  userAgent: string;
  /** The id of the device, if it has signed in to that account before (device-cookie.ts), or null. */
  deviceOf: (accountId: string) => string | null;
}

export async function logIn(
  services: LoginServices,
  email: string,
  password: string,
  from: LoginTry,
): Promise<Login> {
  const { db, accounts, now } = services;
  const name = normalEmail(email);
  const account = await accounts.findByEmail(name);
  const counters = passwordCounters(name, from.ip, account && from.deviceOf(account.id));
  if ((await takeTry(db, counters, now())).outcome === 'refused') return { outcome: 'too-often' };
  const isRight = await isPassword(
    password.slice(0, accountLimits.passwordCharacters),
    account?.password ?? null,
  );
  if (!isRight || account === null || account.status !== 'active') {
    const failed = { way: 'password', accountId: account?.id ?? null, ip: from.ip, nowMs: now() };
    await recordFailedSignIn(db, failed);
    return { outcome: 'wrong' };
  }
  await forgetTries(db, counters);
  return openSession(services, account.id, from);
}

/** Signs in before there is a password, and after it is lost. */
export async function logInWithAdminKey(
  services: LoginServices,
  key: string,
  from: LoginTry,
): Promise<Login> {
  const proof = await proveAdminKey(services, key, from);
  return proof === 'right' ? openSession(services, adminAccountId, from) : { outcome: proof };
}

/** Returns whether it is the admin key. Counts and records a wrong one. */
export async function proveAdminKey(
  { db, adminKey, now }: Pick<LoginServices, 'db' | 'adminKey' | 'now'>,
  key: string,
  { ip, deviceOf }: LoginTry,
): Promise<'right' | 'wrong' | 'too-often'> {
  const counters = adminKeyCounters(ip, deviceOf(adminAccountId));
  if ((await takeTry(db, counters, now())).outcome === 'refused') return 'too-often';
  if (adminKey === null || hashOfSecret(key.trim()) !== hashOfSecret(adminKey)) {
    await recordFailedSignIn(db, { way: 'admin key', accountId: adminAccountId, ip, nowMs: now() });
    return 'wrong';
  }
  await forgetTries(db, counters);
  return 'right';
}

/** Creates a session of an authenticated account. `untilMs`: it ends then, if not sooner. */
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

/** Emails are compared without case and surrounding white space. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}
