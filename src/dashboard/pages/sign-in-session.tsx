// What every way of logging in shares: who tries, what happens when it worked, and the page to try again on.
import { accessHeader, visitorOf } from '../accounts/access-jwt.ts';
import { appendAudit } from '../accounts/audit-log.ts';
import { clientAddress } from '../accounts/client-address.ts';
import { deviceSecretsOf, knownDevice, markDevice } from '../accounts/device-cookie.ts';
import { type Login, type LoginTry, normalEmail } from '../accounts/log-in.ts';
import { newId } from '../accounts/secret-value.ts';
import { setSessionCookie } from '../accounts/session-cookie.ts';
import { messages } from '../i18n/messages.ts';
import { showAlone } from './layout.tsx';
import type { PageContext } from './page-env.ts';
import { returnTo } from './return-to.ts';
import { type LoginFacts, LoginPage } from './sign-in-pages.tsx';

/** How somebody logged in, as the audit says it. */
export type WayIn = 'password' | 'admin key' | 'invitation' | 'passkey' | 'github' | 'access';

/** Who tries, from where. */
export function tryOf(context: PageContext): LoginTry {
  const { services } = context.var;
  return {
    ip: clientAddress(context.req.raw),
    userAgent: context.req.header('user-agent') ?? '',
    deviceOf: (accountId) => knownDevice(context, accountId, deviceSecretsOf(services), services.now()),
  };
}

/** Puts something into the audit that no call of the API did. `detail` has no secret. */
export function record(
  context: PageContext,
  accountId: string,
  path: string,
  detail: Record<string, string | null>,
): Promise<void> {
  const { db, now } = context.var.services;
  const row = { id: newId('aud'), atMs: now(), accountId, method: 'POST', path };
  return appendAudit(db, { ...row, detail: JSON.stringify(detail) });
}

/** Puts the session into the browser, marks it as known to the account, and puts the sign-in into the audit. */
export async function admit(
  context: PageContext,
  login: Login & { outcome: 'open' },
  way: WayIn,
): Promise<void> {
  const { services } = context.var;
  const { accountId, value, expiresAtMs } = login;
  await record(context, accountId, '/login', { way });
  if (way !== 'access') await proveEmail(context, accountId);
  setSessionCookie(context, value, expiresAtMs);
  markDevice(context, accountId, deviceSecretsOf(services), services.now());
}

/** Access stands in front and says an email: if it is the account's, it is the person's. Never fails a sign-in. */
async function proveEmail(context: PageContext, accountId: string): Promise<void> {
  const { accounts, signIn, report } = context.var.services;
  const jwt = context.req.header(accessHeader);
  if (signIn.access === null || jwt === undefined) return;
  try {
    const visitor = await visitorOf(jwt, signIn.access);
    if (visitor !== null) await accounts.proveEmail(accountId, normalEmail(visitor.email));
  } catch (error) {
    report('access-keys-unreachable', error);
  }
}

/** … and shows the page that was asked for. */
export async function welcome(
  context: PageContext,
  login: Login & { outcome: 'open' },
  way: WayIn,
): Promise<Response> {
  await admit(context, login, way);
  return context.redirect(returnTo(context), 303);
}

/** The login page, with the ways in that this deployment has. */
export function showLogin(context: PageContext, facts: LoginFacts = {}, status = 200): Promise<Response> {
  const { signIn, encryptionKey } = context.var.services;
  const ways = {
    passkeys: encryptionKey !== null,
    github: signIn.github !== null && encryptionKey !== null,
    access: signIn.access !== null,
  };
  return showAlone(messages().login.title, <LoginPage {...facts} ways={ways} />, status);
}
