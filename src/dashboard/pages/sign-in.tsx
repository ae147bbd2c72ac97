// The pages of people who are not signed in: setup, sign-in, invitation. Only their forms change something without
// a session.
import { Hono } from 'hono';
import { z } from 'zod';
import { accessHeader, visitorOf } from '../accounts/access-jwt.ts';
import { accountLimits, adminAccountId } from '../accounts/account.ts';
import { acceptInvite, findInvite } from '../accounts/invite-store.ts';
import { logIn, logInWithAdminKey, normalEmail, openSession, proveAdminKey } from '../accounts/log-in.ts';
import { invitationCounters } from '../accounts/login-limits.ts';
import { forgetTries, takeTry } from '../accounts/login-try-store.ts';
import { hashPassword } from '../accounts/password.ts';
import { hashOfSecret, newId } from '../accounts/secret-value.ts';
import { sessionValue, setSessionCookie } from '../accounts/session-cookie.ts';
import { newPassword } from '../api/me.ts';
import { messageOf } from '../api/problem-texts.ts';
import { messages } from '../i18n/messages.ts';
import { showAlone } from './layout.tsx';
import type { PageContext } from './page-env.ts';
import { formOf, type PageEnv, textOf, type Values } from './page-env.ts';
import { addGithubLogin } from './sign-in-github.ts';
import { type InviteFacts, InvitePage, SetupPage } from './sign-in-pages.tsx';
import { addPasskeyLogin } from './sign-in-passkey.ts';
import { record, showLogin, tryOf, welcome } from './sign-in-session.tsx';

/** The routes under /dashboard that need no session. */
export function signInRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/login', async (context) => {
    const { accounts } = context.var.services;
    if (!(await accounts.hasLogin())) return context.redirect('/dashboard/setup', 303);
    // A person who has just signed out is not signed in again automatically.
    const isOut = context.req.query('out') !== undefined;
    return (isOut ? null : await throughAccess(context)) ?? showLogin(context);
  });
  routes.post('/login', async (context) => {
    const values = await formOf(context);
    const email = textOf(values, 'email');
    const login = await logIn(context.var.services, email, textOf(values, 'password'), tryOf(context));
    if (login.outcome === 'open') return welcome(context, login, 'password');
    const error = login.outcome === 'wrong' ? messages().login.wrong : messages().login.tooOften;
    return showLogin(context, { email, error }, login.outcome === 'wrong' ? 401 : 429);
  });
  routes.post('/login/key', async (context) => {
    const key = textOf(await formOf(context), 'admin_key');
    const login = await logInWithAdminKey(context.var.services, key, tryOf(context));
    if (login.outcome === 'open') return welcome(context, login, 'admin key');
    const keyError = login.outcome === 'wrong' ? messages().login.wrongKey : messages().login.tooOftenKey;
    return showLogin(context, { keyError }, login.outcome === 'wrong' ? 401 : 429);
  });
  routes.post('/logout', async (context) => {
    const value = sessionValue(context);
    const { accounts, now } = context.var.services;
    const proven = value === null ? null : await accounts.proveSession(hashOfSecret(value), now());
    if (proven !== null) {
      await accounts.endSession(proven.accountId, proven.id);
      await record(context, proven.accountId, '/logout', {});
    }
    setSessionCookie(context, '', 0);
    return context.redirect('/dashboard/login?out', 303);
  });
  addPasskeyLogin(routes);
  addGithubLogin(routes);
  addSetup(routes);
  addInviteRoutes(routes);
  return routes;
}

function addSetup(routes: Hono<PageEnv>): void {
  routes.get('/setup', async (context) => {
    const problems = await context.var.services.setupProblems();
    if (problems.length === 0 && (await context.var.services.accounts.hasLogin())) {
      return context.redirect('/dashboard/login', 303);
    }
    return showSetup({ problems, origin: new URL(context.req.url).origin });
  });
  routes.post('/setup', async (context) => {
    const { services } = context.var;
    const values = await formOf(context);
    const from = tryOf(context);
    const origin = new URL(context.req.url).origin;
    const again = (errors: Record<string, string>, status: number) =>
      showSetup({ problems: [], origin, values, errors }, status);
    const proof = await proveAdminKey(services, textOf(values, 'admin_key'), from);
    if (proof === 'too-often') return again({ admin_key: messages().login.tooOftenKey }, 429);
    const isAdmin = proof === 'right';
    const person = checkedPerson(values);
    if (!isAdmin || !person.ok) {
      const keyError = isAdmin ? {} : { admin_key: messages().login.wrongKey };
      return again({ ...(person.ok ? {} : person.errors), ...keyError }, isAdmin ? 400 : 401);
    }
    const { name, email, password } = person.value;
    const hash = await hashPassword(password);
    switch (await services.accounts.claim(adminAccountId, name, email, hash)) {
      case 'has-password':
        return showLogin(context, { email, error: messages().setup.alreadyDone }, 409);
      case 'taken':
        return again({ email: messages().invite.taken }, 409);
      case 'claimed':
        await record(context, adminAccountId, '/setup', { name, email, role: 'admin' });
        return welcome(context, await openSession(services, adminAccountId, from), 'admin key');
    }
  });
}

function addInviteRoutes(routes: Hono<PageEnv>): void {
  routes.get('/invite', async (context) => {
    const secret = context.req.query('secret') ?? '';
    const { db, now } = context.var.services;
    const invite = await findInvite(db, hashOfSecret(secret), now());
    if (invite === null) return showLogin(context, { error: messages().invite.gone }, 410);
    return showInvite(context, { secret, values: { name: invite.name } });
  });
  routes.post('/invite', async (context) => {
    const { services } = context.var;
    const values = await formOf(context);
    const secret = textOf(values, 'secret');
    const person = checkedPerson(values);
    if (!person.ok) return showInvite(context, { secret, values, errors: person.errors }, 400);
    const { name, email, password } = person.value;
    const from = tryOf(context);
    const hash = hashOfSecret(secret);
    // Nobody can guess a secret: an unknown one costs one read, and uses up no try of valid ones.
    const invite = await findInvite(services.db, hash, services.now());
    if (invite === null) {
      return showLogin(context, { error: messages().invite.gone }, 410);
    }
    const counters = invitationCounters(hash, from.ip);
    if ((await takeTry(services.db, counters, services.now())).outcome === 'refused') {
      return showInvite(context, { secret, values, errors: { email: messages().login.tooOftenKey } }, 429);
    }
    const account = {
      id: newId('acc'),
      name,
      email,
      password: await hashPassword(password),
      isEmailProven: false,
      nowMs: services.now(),
    };
    const outcome = await acceptInvite(services.db, hash, account);
    switch (outcome) {
      case 'gone':
        return showLogin(context, { error: messages().invite.gone }, 410);
      case 'taken':
        return showInvite(context, { secret, values, errors: { email: messages().invite.taken } }, 409);
      case 'accepted':
        await forgetTries(services.db, counters);
        await record(context, account.id, '/invite', {
          name,
          email,
          role: invite.role,
          invitation: invite.id,
        });
        return welcome(context, await openSession(services, account.id, from), 'invitation');
    }
  });
}

const person = z.object({
  name: z.string().trim().min(1).max(accountLimits.nameCharacters),
  email: z
    .string()
    .transform(normalEmail)
    .pipe(z.email({ error: () => messages().form.badEmail }).max(accountLimits.emailCharacters)),
  password: newPassword,
});

type Checked = { ok: true; value: z.infer<typeof person> } | { ok: false; errors: Record<string, string> };

function checkedPerson(values: Values): Checked {
  const read = person.safeParse({
    name: textOf(values, 'name'),
    email: textOf(values, 'email'),
    password: textOf(values, 'password'),
  });
  if (read.success) return { ok: true, value: read.data };
  const errors = read.error.issues.map((issue) => [String(issue.path[0]), messageOf(issue)] as const);
  return { ok: false, errors: Object.fromEntries(errors.reverse()) };
}

function showSetup(facts: Parameters<typeof SetupPage>[0], status = 200) {
  return showAlone(messages().setup.title, <SetupPage {...facts} />, status);
}

function showInvite(context: PageContext, facts: Omit<InviteFacts, 'github'>, status = 200) {
  const { signIn, encryptionKey } = context.var.services;
  const github = signIn.github !== null && encryptionKey !== null;
  return showAlone(messages().invite.title, <InvitePage {...facts} github={github} />, status);
}

// Signs in a person whom Cloudflare Access has let through, by the email that its JWT contains. An admin could have typed
// that email into an invitation, so it only opens accounts whose email is verified: by GitHub, or because the person has
// signed in another way while Access reported the same email.

/** Returns null if Access is not set up, or has let nobody through; the sign-in page is shown then. */
async function throughAccess(context: PageContext): Promise<Response | null> {
  const { services } = context.var;
  const jwt = context.req.header(accessHeader);
  const { access } = services.signIn;
  if (access === null || jwt === undefined) return null;
  try {
    const visitor = await visitorOf(jwt, access);
    if (visitor === null) return showLogin(context, { error: messages().login.accessWrong }, 401);
    const account = await services.accounts.findByEmail(normalEmail(visitor.email));
    if (account === null || account.status !== 'active') {
      return showLogin(context, { error: messages().login.accessUnknown(visitor.email) }, 403);
    }
    if (!account.isEmailProven) {
      return showLogin(context, { error: messages().login.accessUnproven(visitor.email) }, 403);
    }
    const session = await openSession(services, account.id, tryOf(context), visitor.expiresAtMs);
    return welcome(context, session, 'access');
  } catch (error) {
    services.report('access-keys-unreachable', error);
    return showLogin(context, { error: messages().login.accessAway }, 503);
  }
}
