// What all login methods share: who tries, what happens after success, and the page to try again on.
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

/** The login method, as the audit names it. */
export type WayIn = 'password' | 'admin key' | 'invitation' | 'passkey' | 'github' | 'access';

/** Who tries, and from where. */
export function tryOf(context: PageContext): LoginTry {
  const { services } = context.var;
  return {
    ip: clientAddress(context.req.raw),
    userAgent: context.req.header('user-agent') ?? '',
    deviceOf: (accountId) => knownDevice(context, accountId, deviceSecretsOf(services), services.now()),
  };
}

/** Adds an audit entry for something that no API call did. `detail` contains no secret. */
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

/** Sets the session's cookie, marks the device as known to the account, and adds the sign-in to the audit. */
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

/** If Access in front reports the account's email, that email is verified. Never fails a sign-in. */
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

/** Does the same, and shows the requested page. */
export async function welcome(
  context: PageContext,
  login: Login & { outcome: 'open' },
  way: WayIn,
): Promise<Response> {
  await admit(context, login, way);
  return context.redirect(returnTo(context), 303);
}

/** Renders the sign-in page with this deployment's login methods. */
export function showLogin(context: PageContext, facts: LoginFacts = {}, status = 200): Promise<Response> {
  const { signIn, encryptionKey } = context.var.services;
  const ways = {
    passkeys: encryptionKey !== null,
    github: signIn.github !== null && encryptionKey !== null,
    access: signIn.access !== null,
  };
  return showAlone(messages().login.title, <LoginPage {...facts} ways={ways} />, status);
}
