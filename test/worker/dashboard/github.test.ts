// Sign-in by GitHub, against an imitation that checks what GitHub checks (the app's secret, the code, PKCE, the
// redirect URI) and answers as docs.github.com describes ("Authorizing OAuth apps", read 2026-11-24).

import { env } from 'cloudflare:workers';
import { createHash, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { OpenRelay, Received, Reply } from '../routes/open-relay.ts';
import { openDashboard, type Person } from './open-dashboard.ts';

const app = {
  GITHUB_CLIENT_ID: 'Iv1.client',
  GITHUB_CLIENT_SECRET: 'secret-of-the-app',
  GITHUB_BASE_URL: 'https://github.test/',
};
const callback = 'https://relay.test/dashboard/login/github/callback';

interface GithubPerson {
  id: number;
  login: string;
  email: string;
  verified?: boolean;
}

/** An imitation of GitHub that remembers each code with the parameters of its authorization request. */
class Github {
  private readonly codes = new Map<string, { challenge: string; person: GithubPerson }>();
  private readonly accessTokens = new Map<string, GithubPerson>();

  /** Grants access at the URL that the relay redirected to, and returns the callback URL. */
  consent(address: string, person: GithubPerson): string {
    const { origin, pathname, searchParams } = new URL(address);
    expect(origin + pathname).toBe('https://github.test/login/oauth/authorize');
    expect(searchParams.get('client_id')).toBe(app.GITHUB_CLIENT_ID);
    expect(searchParams.get('redirect_uri')).toBe(callback);
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    const code = randomUUID();
    this.codes.set(code, { challenge: searchParams.get('code_challenge') ?? '', person });
    return `/dashboard/login/github/callback?${new URLSearchParams({ code, state: searchParams.get('state') ?? '' })}`;
  }

  answer({ url, method, headers, body }: Received): Response {
    const accessToken = headers.get('authorization')?.replace(/^Bearer /, '');
    switch (`${method} ${url}`) {
      case 'POST https://github.test/login/oauth/access_token':
        return this.exchange(new URLSearchParams(body));
      case 'GET https://github.test/api/v3/user':
        return this.about(accessToken, headers, ({ id, login }) => ({ id, login, name: null }));
      case 'GET https://github.test/api/v3/user/emails':
        return this.about(accessToken, headers, ({ email, verified = true }) => [
          { email: 'other@example.com', primary: false, verified: true },
          { email, primary: true, verified },
        ]);
      default:
        return Response.json({ message: 'Not Found' }, { status: 404 });
    }
  }

  private exchange(parameters: URLSearchParams): Response {
    const code = parameters.get('code') ?? '';
    const given = this.codes.get(code);
    this.codes.delete(code);
    const challenge = createHash('sha256')
      .update(parameters.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      given?.challenge === challenge &&
      parameters.get('client_id') === app.GITHUB_CLIENT_ID &&
      parameters.get('client_secret') === app.GITHUB_CLIENT_SECRET &&
      parameters.get('redirect_uri') === callback;
    // GitHub reports errors with status 200.
    if (!isRight || given === undefined) return Response.json({ error: 'bad_verification_code' });
    const access_token = `gho_${randomUUID()}`;
    this.accessTokens.set(access_token, given.person);
    return Response.json({ access_token, scope: 'read:user,user:email', token_type: 'bearer' });
  }

  private about(
    accessToken: string | undefined,
    headers: Headers,
    view: (person: GithubPerson) => unknown,
  ): Response {
    const person = this.accessTokens.get(accessToken ?? '');
    if (!headers.get('user-agent')) return Response.json({ message: 'no user agent' }, { status: 403 });
    return person === undefined
      ? Response.json({ message: 'Bad credentials' }, { status: 401 })
      : Response.json(view(person));
  }
}

async function open() {
  const world = await openDashboard(app);
  const github = new Github();
  world.relay.upstream = (received) => github.answer(received);
  return { ...world, github };
}

const cookieOf = ({ headers }: Reply) =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

/** Starts a sign-in: returns the redirect to GitHub and the state cookie. */
async function leave(relay: OpenRelay, query = '', cookie = '') {
  const reply = await relay.fetch(`/dashboard/login/github${query}`, {
    headers: { cookie },
    redirect: 'manual',
  });
  expect(reply.status).toBe(303);
  return { address: reply.headers.get('location') ?? '', cookie: cookieOf(reply) };
}

const comeBack = (relay: OpenRelay, path: string, cookie: string) =>
  relay.fetch(path, { headers: { cookie }, redirect: 'manual' });

const ada: GithubPerson = { id: 7, login: 'ada-l', email: 'ada@github.example' };

async function link(relay: OpenRelay, github: Github, person: Person, who: GithubPerson): Promise<Reply> {
  const out = await leave(relay, '?link=1', person.cookie);
  return comeBack(relay, github.consent(out.address, who), `${person.cookie}; ${out.cookie}`);
}

it('signs in a user who linked GitHub before, also after a change of the user name there', async () => {
  const { relay, github, member } = await open();
  expect((await link(relay, github, member, ada)).headers.get('location')).toBe('/dashboard/account');
  expect((await member.get('/dashboard/account')).text).toContain('ada-l');
  const out = await leave(relay);
  const back = await comeBack(relay, github.consent(out.address, { ...ada, login: 'renamed' }), out.cookie);
  expect([back.status, back.headers.get('location')]).toEqual([303, '/']);
  const session = cookieOf(back);
  expect(session).toMatch(/__Host-oo8_session=[0-9A-Za-z]{43}/);
  const page = await relay.fetch('/dashboard/account', { headers: { cookie: session } });
  expect(page.text).toContain('acc_bob');
});

it('stores the OAuth state in a cookie that no other host of the domain can set', async () => {
  const { relay, github } = await open();
  const reply = await relay.fetch('/dashboard/login/github', { redirect: 'manual' });
  const cookie = reply.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^__Host-oo8_github=/);
  for (const flag of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/;']) expect(cookie).toContain(flag);
  const planted = cookie.split(';')[0]?.replace('__Host-', '') ?? '';
  const path = github.consent(reply.headers.get('location') ?? '', ada);
  expect((await comeBack(relay, path, planted)).status).toBe(400);
  expect((await comeBack(relay, path, cookie.split(';')[0] ?? '')).status).toBe(403);
});

it('signs in no user without a linked account, even with a matching email', async () => {
  const { relay, github } = await open();
  const out = await leave(relay);
  const stranger = { id: 8, login: 'mallory', email: 'bob@example.com' };
  const back = await comeBack(relay, github.consent(out.address, stranger), out.cookie);
  expect(back.status).toBe(403);
  expect(back.text).toContain('mallory');
  expect(cookieOf(back)).not.toContain('session');
});

it('rejects a disabled account', async () => {
  const { relay, github, member, accounts } = await open();
  await link(relay, github, member, ada);
  await accounts.update(member.accountId, { status: 'disabled' });
  const out = await leave(relay);
  expect((await comeBack(relay, github.consent(out.address, ada), out.cookie)).status).toBe(403);
});

it('rejects a callback that another browser began, that is used twice, or whose state was altered', async () => {
  const { relay, github, member } = await open();
  await link(relay, github, member, ada);
  const out = await leave(relay);
  const path = github.consent(out.address, ada);
  expect((await comeBack(relay, path, '')).status).toBe(400);
  const other = await leave(relay);
  expect((await comeBack(relay, path, other.cookie)).status).toBe(401);
  const altered = path.replace(/state=(.)/, (_, first) => (first === 'A' ? 'state=B' : 'state=A'));
  expect((await comeBack(relay, altered, out.cookie)).status).toBe(401);
  expect((await comeBack(relay, path, `${out.cookie.slice(0, -3)}AAA`)).status).toBe(400);
  expect((await comeBack(relay, path, out.cookie)).status).toBe(303);
  expect((await comeBack(relay, path, out.cookie)).status).toBe(401);
});

it('reports that GitHub was unavailable or that the user denied access', async () => {
  const { relay, github } = await open();
  const out = await leave(relay);
  const state = new URL(out.address).searchParams.get('state') ?? '';
  const no = `/dashboard/login/github/callback?${new URLSearchParams({ error: 'access_denied', state })}`;
  expect((await comeBack(relay, no, out.cookie)).status).toBe(401);
  const again = await leave(relay);
  const path = github.consent(again.address, ada);
  relay.upstream = () => new Response('away', { status: 503 });
  const away = await comeBack(relay, path, again.cookie);
  expect([away.status, away.text.includes('GitHub didn’t confirm who you are')]).toEqual([401, true]);
});

it('links a GitHub user to one account only, and only to the one that requested it', async () => {
  const { relay, github, admin, member, other } = await open();
  await link(relay, github, member, ada);
  expect((await link(relay, github, other, ada)).status).toBe(409);
  const { data } = (await admin.api('GET', '/audit')).body;
  const linked = data.filter(({ event }: { event: string }) => event === 'identity-linked');
  expect(linked).toMatchObject([
    { account_id: member.accountId, path: '/identities/github', detail: '{"label":"ada-l"}' },
  ]);
  const out = await leave(relay, '?link=1', member.cookie);
  const path = github.consent(out.address, { ...ada, id: 9 });
  const elsewhere = await comeBack(relay, path, `${other.cookie}; ${out.cookie}`);
  expect(elsewhere.headers.get('location')).toBe('/dashboard/login');
  expect((await other.api('GET', '/login-methods')).body.identities).toEqual([]);
  const nobody = await leave(relay, '?link=1');
  expect(nobody.address).toBe('/dashboard/login');
});

it('creates one account, without a password, from an invitation', async () => {
  const { relay, github, admin } = await open();
  const { secret } = (await admin.api('POST', '/invites', { name: 'Cleo' })).body;
  expect((await relay.fetch(`/dashboard/invite?secret=${secret}`)).text).toContain('login/github?secret=');
  const cleo = { id: 11, login: 'cleo', email: 'Cleo@Example.com' };
  const first = await leave(relay, `?secret=${secret}`);
  const second = await leave(relay, `?secret=${secret}`);
  const back = await comeBack(relay, github.consent(first.address, cleo), first.cookie);
  expect(back.headers.get('location')).toBe('/');
  const gone = github.consent(second.address, { ...cleo, id: 12, email: 'x@example.com' });
  expect((await comeBack(relay, gone, second.cookie)).status).toBe(410);
  const made = await env.DB.prepare(`SELECT role, email, password FROM accounts WHERE name = 'cleo'`).all();
  expect(made.results).toEqual([{ role: 'member', email: 'cleo@example.com', password: null }]);
  const { data } = (await admin.api('GET', '/audit')).body;
  const accepted = data.find(({ event }: { event: string }) => event === 'invitation-accepted');
  expect(JSON.parse(accepted.detail)).toMatchObject({
    name: 'cleo',
    email: 'cleo@example.com',
    role: 'member',
  });
  const cookie = cookieOf(back);
  const ways = await relay.fetch('/api/login-methods', { headers: { cookie } });
  expect(ways.body).toMatchObject({ password: false, identities: [{ provider: 'github', label: 'cleo' }] });
  const former = await relay.fetch('/api/ways-in', { headers: { cookie }, redirect: 'manual' });
  expect([former.status, former.headers.get('location')]).toEqual([301, 'login-methods']);
  const unlink = await relay.fetch('/api/identities/github', {
    method: 'DELETE',
    headers: { cookie, origin: 'https://relay.test' },
  });
  expect([unlink.status, unlink.body.detail]).toEqual([409, expect.stringContaining('only way into')]);
});

it('keeps an invitation valid if the GitHub user or address has an account, and accepts only verified addresses', async () => {
  const { relay, github, admin, member } = await open();
  await link(relay, github, member, ada);
  const { secret } = (await admin.api('POST', '/invites', { name: 'Dora' })).body;
  const accept = async (person: GithubPerson) => {
    const out = await leave(relay, `?secret=${secret}`);
    return comeBack(relay, github.consent(out.address, person), out.cookie);
  };
  expect((await accept(ada)).status).toBe(409);
  expect((await accept({ id: 13, login: 'd', email: 'bob@example.com' })).status).toBe(409);
  const made = await accept({ id: 13, login: 'dora', email: 'bob@example.com', verified: false });
  expect(made.status).toBe(303);
  const { email } = (await relay.fetch('/api/login-methods', { headers: { cookie: cookieOf(made) } })).body;
  expect(email).toBeNull();
});

it('offers no GitHub sign-in where no app is configured', async () => {
  const { relay } = await openDashboard();
  expect((await relay.fetch('/dashboard/login')).text).not.toContain('github');
  expect((await relay.fetch('/dashboard/login/github')).status).toBe(404);
});
