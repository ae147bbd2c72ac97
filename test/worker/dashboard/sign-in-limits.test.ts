// Strangers' failed sign-ins lock nobody out of a device, an invitation or the management API, and the stored
// counters stay bounded.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { failedSignInRows, recordFailedSignIn } from '../../../src/dashboard/accounts/failed-sign-in-log.ts';
import { loginLimits } from '../../../src/dashboard/accounts/login-limits.ts';
import { forgetTries, takeTry } from '../../../src/dashboard/accounts/login-try-store.ts';
import { adminKey, relay as apiRelay, emptyDatabase } from '../api/relay.ts';
import type { OpenRelay } from '../routes/open-relay.ts';
import { logIn, openDashboard, origin, password } from './open-dashboard.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded', origin };

const send = (
  relay: OpenRelay,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) =>
  relay.fetch(path, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...form, ...headers },
    body: String(new URLSearchParams(fields)),
  });

/** Returns the cookies of a response as the browser sends them back; `like` filters by a part of the name. */
const cookiesOf = (headers: Headers, like = '') =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .filter((cookie) => cookie.includes(like))
    .join('; ');

const useUp = (name: string, tries: number) =>
  env.DB.prepare('INSERT OR REPLACE INTO login_tries VALUES (?, ?, ?)')
    .bind(name, tries, Date.now() + loginLimits.windowMs)
    .run();

const triesOf = (name: string) =>
  env.DB.prepare('SELECT tries FROM login_tries WHERE counted_for = ?').bind(name).first<number>('tries');

it('signs in from a known device while strangers exhausted the tries of the account and the network', async () => {
  const { relay } = await openDashboard();
  const known = cookiesOf((await logIn(relay, 'bob@example.com', password)).headers, 'oo8_device');
  expect(known).toMatch(/^__Host-oo8_device_/);
  await useUp('email bob@example.com', loginLimits.sameEmail);
  await useUp('address 192.0.2.50', loginLimits.sameAddress);
  const fields = { email: 'bob@example.com', password };
  const from = (cookie: string) => ({ 'cf-connecting-ip': '192.0.2.50', ...(cookie && { cookie }) });
  expect((await send(relay, '/dashboard/login', fields, from(''))).status).toBe(429);
  expect((await send(relay, '/dashboard/login', fields, from(known))).status).toBe(303);
  const forged = known.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  expect((await send(relay, '/dashboard/login', fields, from(forged))).status).toBe(429);
  const others = cookiesOf((await logIn(relay, 'eve@example.com', password)).headers, 'oo8_device');
  const renamed = others.replace(/acc\w+/, 'acc_bob');
  for (const cookie of [others, renamed])
    expect((await send(relay, '/dashboard/login', fields, from(cookie))).status).toBe(429);
});

it('gives a known device its own limited tries', async () => {
  const { relay } = await openDashboard();
  const cookie = cookiesOf((await logIn(relay, 'bob@example.com', password)).headers, 'oo8_device');
  const id = cookie.split('=')[1]?.split('.')[0];
  await useUp(`device ${id}`, loginLimits.sameDevice - 1);
  const guess = () =>
    send(relay, '/dashboard/login', { email: 'bob@example.com', password: 'wrong' }, { cookie });
  expect([(await guess()).status, (await guess()).status]).toEqual([401, 429]);
  expect((await logIn(relay, 'bob@example.com', password)).status).toBe(303);
});

it('does not count refused tries: three networks alone cannot exhaust an account’s tries', async () => {
  const { relay } = await openDashboard();
  for (const network of ['192.0.2.61', '192.0.2.62', '192.0.2.63'])
    await useUp(`both ${network} bob@example.com`, loginLimits.sameBoth);
  const tries = ['192.0.2.61', '192.0.2.62', '192.0.2.63'].flatMap((ip) =>
    Array.from({ length: 34 }, () => logIn(relay, 'bob@example.com', 'wrong', ip)),
  );
  const statuses = new Set((await Promise.all(tries)).map(({ status }) => status));
  expect([...statuses]).toEqual([429]);
  expect(await triesOf('email bob@example.com')).toBe(0);
  expect((await logIn(relay, 'bob@example.com', password, '192.0.2.64')).status).toBe(303);
});

it('counts failed tries only: a success returns its own try and no stranger’s', async () => {
  await openDashboard();
  const counters = [
    { countedFor: 'address x', limit: 3, isPersonal: false },
    { countedFor: 'both x', limit: 3, isPersonal: true },
  ];
  for (const _ of [1, 2]) expect((await takeTry(env.DB, counters, 1_000)).outcome).toBe('taken');
  await forgetTries(env.DB, counters);
  expect([await triesOf('address x'), await triesOf('both x')]).toEqual([1, null]);
  for (const _ of [1, 2]) await takeTry(env.DB, counters, 1_000);
  expect(await takeTry(env.DB, counters, 2_000)).toEqual({
    outcome: 'refused',
    retryAfterMs: loginLimits.windowMs - 1_000,
  });
  expect(await triesOf('address x')).toBe(3);
  expect((await takeTry(env.DB, counters, 1_000 + loginLimits.windowMs)).outcome).toBe('taken');
});

it('accepts a valid invitation after any number of invalid ones from the same address', async () => {
  const { relay, admin } = await openDashboard();
  const { secret } = (await admin.api('POST', '/invites', { name: 'Cleo' })).body;
  const accept = (of: string) =>
    send(
      relay,
      '/dashboard/invite',
      { secret: of, name: 'Cleo', email: 'cleo@example.com', password },
      { 'cf-connecting-ip': '192.0.2.70' },
    );
  const bogus = await Promise.all(Array.from({ length: 102 }, (_, index) => accept(`bogus ${index}`)));
  expect(new Set(bogus.map(({ status }) => status))).toEqual(new Set([410]));
  const rows = await env.DB.prepare('SELECT COUNT(*) AS count FROM login_tries').first<number>('count');
  expect(rows).toBeLessThan(10);
  expect((await accept(secret)).status).toBe(303);
});

it('limits the tries of a valid invitation from one network', async () => {
  const { relay, admin } = await openDashboard();
  const { secret } = (await admin.api('POST', '/invites', { name: 'Cleo' })).body;
  const accept = (email: string, ip: string) =>
    send(relay, '/dashboard/invite', { secret, name: 'Cleo', email, password }, { 'cf-connecting-ip': ip });
  expect((await accept('bob@example.com', '192.0.2.71')).status).toBe(409);
  await env.DB.prepare(`UPDATE login_tries SET tries = ? WHERE counted_for LIKE 'invitation %'`)
    .bind(loginLimits.invitation)
    .run();
  expect((await accept('new@example.com', '192.0.2.71')).status).toBe(429);
  expect((await accept('new@example.com', '192.0.2.72')).status).toBe(303);
});

it('counts admin key tries by network only, so strangers cannot lock its owner out', async () => {
  const { relay } = await openDashboard();
  const enter = (key: string, ip: string) =>
    send(relay, '/dashboard/login/key', { admin_key: key }, { 'cf-connecting-ip': ip });
  const statuses = [];
  for (let index = 0; index < loginLimits.adminKey + 2; index++)
    statuses.push((await enter(`guess ${index}`, '192.0.2.80')).status);
  expect(statuses).toEqual([...Array(loginLimits.adminKey).fill(401), 429, 429]);
  expect((await enter(env.ADMIN_KEY ?? '', '192.0.2.80')).status).toBe(429);
  expect((await enter(env.ADMIN_KEY ?? '', '192.0.2.81')).status).toBe(303);
});

it('limits wrong keys at /api by address, with a retry-after; a right key from elsewhere works', async () => {
  await emptyDatabase();
  const { call } = apiRelay();
  const callWith = (key: string, ip: string) =>
    call('GET', '/tokens', undefined, { authorization: `Bearer ${key}`, 'cf-connecting-ip': ip });
  const statuses = [];
  for (let index = 0; index < loginLimits.adminKey + 1; index++)
    statuses.push((await callWith(`guess ${index}`, '2001:db8::1')).status);
  expect(statuses).toEqual([...Array(loginLimits.adminKey).fill(401), 429]);
  const refused = await callWith(adminKey, '2001:db8::2');
  expect([refused.status, Number(refused.headers.get('retry-after')) > 800]).toEqual([429, true]);
  expect(refused.body).toMatchObject({ title: 'Too Many Requests', status: 429 });
  expect((await callWith(adminKey, '2001:db8:0:1::1')).status).toBe(200);
  await env.DB.prepare('UPDATE login_tries SET until = 1').run();
  expect((await callWith(adminKey, '2001:db8::2')).status).toBe(200);
});

it('limits unknown access keys by address, and never a valid one', async () => {
  await emptyDatabase();
  const { call } = apiRelay();
  const { key } = (await call('POST', '/access-keys', { name: 'mine' })).body;
  const callWith = (value: string) => call('GET', '/tokens', undefined, { authorization: `Bearer ${value}` });
  const statuses = [];
  for (let index = 0; index < loginLimits.accessKey + 1; index++)
    statuses.push((await callWith(`ok-oo8-${'x'.repeat(40)}${index}`)).status);
  expect(statuses).toEqual([...Array(loginLimits.accessKey).fill(401), 429]);
  expect([(await callWith(key)).status, (await callWith(adminKey)).status]).toEqual([200, 200]);
});

it('records failed sign-ins as a count, without the typed values, in a bounded number of rows', async () => {
  const { relay, admin } = await openDashboard();
  for (const _ of [1, 2, 3]) await logIn(relay, 'bob@example.com', 'a secret guess', '192.0.2.90');
  await logIn(relay, 'my password is this@example.com', 'wrong', '192.0.2.90');
  const { data } = (await admin.api('GET', '/audit')).body;
  const failed = data.filter(({ path }: { path: string }) => path === '/login/failed');
  expect(
    failed.map(({ account_id, detail }: Record<string, string>) => [account_id, JSON.parse(detail ?? '')]),
  ).toEqual(
    expect.arrayContaining([
      ['acc_bob', { way: 'password', address: '192.0.2.90', tries: 3 }],
      ['', { way: 'password', address: '192.0.2.90', tries: 1 }],
    ]),
  );
  expect(JSON.stringify(data)).not.toMatch(/secret guess|my password/);
  const nowMs = Date.now();
  for (let index = 0; index < failedSignInRows.eachHour + 20; index++)
    await recordFailedSignIn(env.DB, {
      way: 'password',
      accountId: 'acc_bob',
      ip: `10.0.${index % 250}.${index}`,
      nowMs,
    });
  const rows = await env.DB.prepare(
    `SELECT COUNT(*) AS count, SUM(detail ->> '$.tries') AS tries FROM audit WHERE path = '/login/failed'`,
  ).first<{ count: number; tries: number }>();
  expect(rows).toEqual({ count: failedSignInRows.eachHour + 1, tries: failedSignInRows.eachHour + 20 + 4 });
});
