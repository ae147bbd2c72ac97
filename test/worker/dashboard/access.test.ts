// Cloudflare Access in front: its JWT, signed here by keys of our own as its team's, and everything that a forger might try.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import type { OpenRelay } from '../doors/open-relay.ts';
import { openDashboard } from './open-dashboard.ts';

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

it('logs in whom Access lets through, until Access wants to see them again', async () => {
  const { relay, accounts } = await open();
  const exp = inSeconds(1_800);
  const reply = await visit(relay, jwt({ exp }));
  expect([reply.status, reply.headers.get('location')]).toEqual([303, '/']);
  const cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await relay.fetch('/dashboard/account', { headers: { cookie } })).text).toContain('acc_bob');
  const sessions = await accounts.sessionsOf('acc_bob', Date.now());
  expect(sessions.map(({ expiresAtMs }) => expiresAtMs)).toContain(exp * 1_000);
});

it('refuses what Access has not signed, for this application, for now', async () => {
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

it('makes no account: an unknown email, or a disabled account’s, is told so', async () => {
  const { relay, accounts } = await open();
  const unknown = await visit(relay, jwt({ email: 'nobody@example.com' }));
  expect([unknown.status, unknown.text.includes('nobody@example.com')]).toEqual([403, true]);
  await accounts.update('acc_bob', { status: 'disabled' });
  expect((await visit(relay, jwt())).status).toBe(403);
});

it('lets nobody in by itself who has just logged out', async () => {
  const { relay } = await open();
  const out = await visit(relay, jwt(), '/dashboard/login?out');
  expect([out.status, out.headers.get('set-cookie')]).toEqual([200, null]);
  expect(out.text).toContain('Log in with Cloudflare Access');
});

it('says that Access cannot be asked when its keys cannot be had', async () => {
  const { relay } = await openDashboard({ ...application, ACCESS_TEAM_DOMAIN: 'https://away.test' });
  relay.upstream = () => new Response('away', { status: 500 });
  const { status, text } = await visit(relay, jwt({ iss: 'https://away.test' }));
  expect([status, text.includes('cannot be asked')]).toEqual([503, true]);
});

it('believes no such header where Access is not set up', async () => {
  const { relay } = await openDashboard();
  expect((await visit(relay, jwt())).status).toBe(200);
});
