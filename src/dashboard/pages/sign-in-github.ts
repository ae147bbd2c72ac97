// Sign-in with GitHub, linking it to the own account, and accepting an invitation with it: one redirect to GitHub
// and one back, with the purpose sealed in a cookie. An account is never found by its email: the GitHub user with
// an address may not be the person whom an admin invited with it.
import type { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { GithubApp } from '../../config.ts';
import { accountLimits } from '../accounts/account.ts';
import { beginGithub, finishGithub, type GithubStep, type GithubUser } from '../accounts/github.ts';
import type { Identity } from '../accounts/identity-store.ts';
import { acceptInvite, findInvite } from '../accounts/invite-store.ts';
import { normalEmail, openSession } from '../accounts/log-in.ts';
import { openState, sealedStateMs, sealState } from '../accounts/sealed-state.ts';
import { hashOfSecret, newId } from '../accounts/secret-value.ts';
import { hostCookie, sessionValue } from '../accounts/session-cookie.ts';
import { principalOfSession } from '../api/authenticate.ts';
import { messages } from '../i18n/messages.ts';
import { type PageContext, type PageEnv, PageProblem } from './page-env.ts';
import { record, showLogin, tryOf, welcome } from './sign-in-session.tsx';

/** The purpose of a redirect to GitHub. */
type Purpose = { for: 'login' } | { for: 'link'; accountId: string } | { for: 'invitation'; secret: string };

const path = '/dashboard/login/github';
const cookieName = 'oo8_github';
const sealedFor = 'github login';

/** Adds the routes under /dashboard/login/github. */
export function addGithubLogin(routes: Hono<PageEnv>): void {
  routes.get('/login/github', async (context) => {
    const { app, encryptionKey } = githubOf(context);
    const purpose = await purposeOf(context);
    if (purpose === null) return context.redirect('/dashboard/login', 303);
    const { address, step } = await beginGithub(app, redirectUri(context));
    const sealed = await sealState({ purpose, step }, sealedFor, encryptionKey, context.var.services.now());
    setCookie(context, hostCookie(cookieName, context.req.url), sealed, {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: context.req.url.startsWith('https:'),
      maxAge: sealedStateMs / 1_000,
    });
    return context.redirect(address, 303);
  });
  routes.get('/login/github/callback', async (context) => {
    const { app, encryptionKey } = githubOf(context);
    const { now } = context.var.services;
    const cookie = hostCookie(cookieName, context.req.url);
    const sealed = getCookie(context, cookie) ?? '';
    deleteCookie(context, cookie, { path: '/', secure: context.req.url.startsWith('https:') });
    const begun = await openState<{ purpose: Purpose; step: GithubStep }>(
      sealed,
      sealedFor,
      encryptionKey,
      now(),
    );
    if (begun === null) return showLogin(context, { error: messages().login.githubAgain }, 400);
    const user = await userOf(context, app, begun.step);
    if (user === null) return showLogin(context, { error: messages().login.githubFailed }, 401);
    return arrive(context, begun.purpose, user);
  });
}

/** Returns null if it should be linked to an account that nobody is signed in to. */
async function purposeOf(context: PageContext): Promise<Purpose | null> {
  const secret = context.req.query('secret');
  if (secret !== undefined) return { for: 'invitation', secret };
  if (context.req.query('link') === undefined) return { for: 'login' };
  const accountId = await loggedIn(context);
  return accountId === null ? null : { for: 'link', accountId };
}

async function loggedIn(context: PageContext): Promise<string | null> {
  const value = sessionValue(context);
  const principal = value === null ? null : await principalOfSession(value, context.var.services);
  return principal?.accountId ?? null;
}

/** Returns null if GitHub refuses or does not answer. */
async function userOf(context: PageContext, app: GithubApp, step: GithubStep): Promise<GithubUser | null> {
  try {
    return await finishGithub(app, new URL(context.req.url), redirectUri(context), step);
  } catch (error) {
    context.var.services.report('github-login-failed', error);
    return null;
  }
}

function arrive(context: PageContext, purpose: Purpose, user: GithubUser): Promise<Response> {
  switch (purpose.for) {
    case 'login':
      return enter(context, user);
    case 'link':
      return link(context, purpose.accountId, user);
    case 'invitation':
      return accept(context, purpose.secret, user);
  }
}

async function enter(context: PageContext, user: GithubUser): Promise<Response> {
  const { services } = context.var;
  const accountId = await services.identities.accountOf('github', user.id);
  if (accountId === null) {
    return showLogin(context, { error: messages().login.githubUnknown(user.login) }, 403);
  }
  return welcome(context, await openSession(services, accountId, tryOf(context)), 'github');
}

async function link(context: PageContext, accountId: string, user: GithubUser): Promise<Response> {
  const { identities, now } = context.var.services;
  // If somebody else has signed in meanwhile, they do not get this GitHub user.
  if ((await loggedIn(context)) !== accountId) return context.redirect('/dashboard/login', 303);
  if (!(await identities.link(accountId, identityOf(user), now()))) {
    throw new PageProblem(409, messages().login.githubTaken(user.login));
  }
  await record(context, accountId, '/identities/github', { label: user.login });
  return context.redirect('/dashboard/account', 303);
}

async function accept(context: PageContext, secret: string, user: GithubUser): Promise<Response> {
  const { services } = context.var;
  const account = {
    id: newId('acc'),
    name: user.name.slice(0, accountLimits.nameCharacters),
    email: user.email === null ? null : normalEmail(user.email),
    password: null,
    identity: identityOf(user),
    // GitHub returns a verified address, or none.
    isEmailProven: true,
    nowMs: services.now(),
  };
  const hash = hashOfSecret(secret);
  const invite = await findInvite(services.db, hash, services.now());
  const outcome = await acceptInvite(services.db, hash, account);
  switch (outcome) {
    case 'gone':
      return showLogin(context, { error: messages().invite.gone }, 410);
    case 'taken':
      return showLogin(context, { error: messages().login.githubTaken(user.login) }, 409);
    case 'accepted': {
      const { name, email } = account;
      const made = { name, email, role: invite?.role ?? null, invitation: invite?.id ?? null };
      await record(context, account.id, '/invite', { ...made, label: user.login });
      return welcome(context, await openSession(services, account.id, tryOf(context)), 'github');
    }
  }
}

function identityOf({ id, login }: GithubUser): Identity {
  return { provider: 'github', subject: id, label: login };
}

function redirectUri(context: PageContext): string {
  return `${new URL(context.req.url).origin}${path}/callback`;
}

function githubOf(context: PageContext): { app: GithubApp; encryptionKey: string } {
  const { signIn, encryptionKey } = context.var.services;
  if (signIn.github === null || encryptionKey === null)
    throw new PageProblem(404, messages().errors.notFound);
  return { app: signIn.github, encryptionKey };
}
