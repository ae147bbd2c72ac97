// Sign-in by Cloudflare Access: JWTs that the test signs with its own keys as the team's, and forged ones.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import type { OpenRelay } from '../routes/open-relay.ts';
import { openDashboard, origin, password } from './open-dashboard.ts';

const domain = 'https://team.cloudflareaccess.test';
const application = { ACCESS_TEAM_DOMAIN: `${domain}/`, ACCESS_AUD: 'tag-of-the-application' };

const team = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = {
  keys: [{ ...team.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }],
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const inSeconds = (offset: number) => Math.floor(Date.now() / 1_000) + offset;

function jwt(claims: object = {}, { key = team.privateKey, alg = 'RS256' } = {}): string {
  const all = {
    iss: domain,
    aud: [application.ACCESS_AUD],
    email: 'Bob@example.com',
    exp: inSeconds(3_600),
    iat: inSeconds(-5),
    ...claims,
  };
  const signed = `${part({ alg, kid: 'one', typ: 'JWT' })}.${part(all)}`;
  if (alg === 'none') return `${signed}.`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`;
}

async function open() {
  const world = await openDashboard(application);
  world.relay.upstream = ({ url }) =>
    url === `${domain}/cdn-cgi/access/certs` ? Response.json(keys) : new Response(null, { status: 404 });
  return world;
}

const visit = (relay: OpenRelay, token: string, path = '/dashboard/login') =>
  relay.fetch(path, { headers: { 'cf-access-jwt-assertion': token }, redirect: 'manual' });

it('signs in users whom Access authenticated, until Access requires a new sign-in', async () => {
  const { relay, accounts } = await open();
  const exp = inSeconds(1_800);
  const reply = await visit(relay, jwt({ exp }));
  expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
  const cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await relay.fetch('/dashboard/account', { headers: { cookie } })).text).toContain('acc_bob');
  const sessions = await accounts.sessionsOf('acc_bob', Date.now());
  expect(sessions.map(({ expiresAtMs }) => expiresAtMs)).toContain(exp * 1_000);
});

it('rejects an assertion with a wrong signature, audience or time', async () => {
  const { relay } = await open();
  const forged: Record<string, string> = {
    'another key': jwt({}, { key: stranger.privateKey }),
    'no signature': jwt({}, { alg: 'none' }),
    'another application': jwt({ aud: ['another'] }),
    'another team': jwt({ iss: 'https://other.cloudflareaccess.com' }),
    'its time is over': jwt({ exp: inSeconds(-120) }),
    'no end': jwt({ exp: undefined }),
    'no email': jwt({ email: undefined }),
    altered: jwt().replace(/\.[^.]+\./, `.${part({ email: 'ada@example.com' })}.`),
    'no JWT': 'hello',
  };
  for (const [what, token] of Object.entries(forged)) {
    const { status, headers } = await visit(relay, token);
    expect([what, status, headers.get('set-cookie')]).toEqual([what, 401, null]);
  }
});

it('creates no account, and reports an unknown email or a disabled account', async () => {
  const { relay, accounts } = await open();
  const unknown = await visit(relay, jwt({ email: 'nobody@example.com' }));
  expect([unknown.status, unknown.text.includes('nobody@example.com')]).toEqual([403, true]);
  await accounts.update('acc_bob', { status: 'disabled' });
  expect((await visit(relay, jwt())).status).toBe(403);
});

it('does not sign a user in again right after a sign-out', async () => {
  const { relay } = await open();
  const out = await visit(relay, jwt(), '/dashboard/login?out');
  expect([out.status, out.headers.get('set-cookie')]).toEqual([200, null]);
  expect(out.text).toContain('Log in with Cloudflare Access');
});

it('reports that Access is unavailable when its keys cannot be fetched', async () => {
  const { relay } = await openDashboard({ ...application, ACCESS_TEAM_DOMAIN: 'https://away.test' });
  relay.upstream = () => new Response('away', { status: 500 });
  const { status, text } = await visit(relay, jwt({ iss: 'https://away.test' }));
  expect([status, text.includes('is unavailable at the moment')]).toEqual([503, true]);
});

it('ignores the Access header where Access is not configured', async () => {
  const { relay } = await openDashboard();
  expect((await visit(relay, jwt())).status).toBe(200);
});

it('signs in to no account by an unproven email of an invitation until its person proves it', async () => {
  const { relay, admin } = await open();
  const { secret } = (await admin.api('POST', '/invites', { name: 'Mallory' })).body;
  const post = (path: string, fields: Record<string, string>, token?: string) =>
    relay.fetch(path, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin,
        ...(token !== undefined && { 'cf-access-jwt-assertion': token }),
      },
      body: String(new URLSearchParams(fields)),
    });
  const carols = jwt({ email: 'carol@example.com' });
  const fields = { secret, name: 'Mallory', email: 'carol@example.com', password };
  const accepted = await post('/dashboard/invite', fields, jwt({ email: 'mallory@example.com' }));
  expect(accepted.status).toBe(303);
  const refused = await visit(relay, carols);
  expect([refused.status, refused.text.includes('confirmed as yours')]).toEqual([403, true]);
  expect(refused.headers.get('set-cookie')).toBeNull();
  const signIn = { email: 'carol@example.com', password };
  expect((await post('/dashboard/login', signIn, jwt({ email: 'mallory@example.com' }))).status).toBe(303);
  expect((await visit(relay, carols)).status).toBe(403);
  const forged = jwt({ email: 'carol@example.com' }, { key: stranger.privateKey });
  expect((await post('/dashboard/login', signIn, forged)).status).toBe(303);
  expect((await visit(relay, carols)).status).toBe(403);
  expect((await post('/dashboard/login', signIn, carols)).status).toBe(303);
  expect((await visit(relay, carols)).status).toBe(303);
});

it('signs in at once when an invitation was accepted behind Access with the same email', async () => {
  const { relay, admin } = await open();
  const { secret } = (await admin.api('POST', '/invites', { name: 'Carol' })).body;
  const token = jwt({ email: 'Carol@example.com' });
  const accepted = await relay.fetch('/dashboard/invite', {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin,
      'cf-access-jwt-assertion': token,
    },
    body: String(new URLSearchParams({ secret, name: 'Carol', email: 'carol@example.com', password })),
  });
  expect(accepted.status).toBe(303);
  expect((await visit(relay, token)).status).toBe(303);
});
