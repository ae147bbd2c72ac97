// What every way of logging in shares: who tries, what happens when it worked, and the page to try again on.
import { appendAudit } from '../accounts/audit-log.ts';
import type { Login, LoginTry } from '../accounts/log-in.ts';
import { setSessionCookie } from '../accounts/session-cookie.ts';
import { newId } from '../api/identifiers.ts';
import { type LoginFacts, LoginPage } from './entry-pages.tsx';
import { showAlone } from './layout.tsx';
import type { PageContext } from './page-env.ts';
import { strings } from './strings.ts';
import { wantedPage } from './wanted-page.ts';

/** How somebody logged in, as the audit says it. */
export type WayIn = 'password' | 'admin key' | 'invitation' | 'passkey' | 'github' | 'access';

/** Who tries, from where. */
export function tryOf(context: PageContext): LoginTry {
  const ip = context.req.header('cf-connecting-ip') ?? 'unknown';
  return { ip, userAgent: context.req.header('user-agent') ?? '' };
}

/** Puts the session into the browser, and the login into the audit. */
export async function admit(
  context: PageContext,
  login: Login & { outcome: 'open' },
  way: WayIn,
): Promise<void> {
  const { db, now } = context.var.services;
  const { accountId, value, expiresAtMs } = login;
  await appendAudit(db, {
    id: newId('aud'),
    atMs: now(),
    accountId,
    method: 'POST',
    path: '/login',
    detail: JSON.stringify({ way }),
  });
  setSessionCookie(context, value, expiresAtMs);
}

/** … and shows the page that was asked for. */
export async function welcome(
  context: PageContext,
  login: Login & { outcome: 'open' },
  way: WayIn,
): Promise<Response> {
  await admit(context, login, way);
  return context.redirect(wantedPage(context), 303);
}

/** The login page, with the ways in that this deployment has. */
export function showLogin(context: PageContext, facts: LoginFacts = {}, status = 200): Promise<Response> {
  const { signIn, encryptionKey } = context.var.services;
  const ways = {
    passkeys: encryptionKey !== null,
    github: signIn.github !== null && encryptionKey !== null,
    access: signIn.access !== null,
  };
  return showAlone(strings().login.title, <LoginPage {...facts} ways={ways} />, status);
}
