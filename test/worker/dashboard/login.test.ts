import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { loginLimits } from '../../../src/dashboard/accounts/login-limits.ts';
import { logIn, openDashboard, origin, password } from './open-dashboard.ts';

it('sets a cookie that is HttpOnly, SameSite and Secure', async () => {
  const { relay } = await openDashboard();
  const { status, headers } = await logIn(relay, ' ADA@example.com ', password);
  expect([status, headers.get('location')]).toEqual([303, '/']);
  const cookie = headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^__Host-oo8_session=[0-9A-Za-z]{43}; /);
  for (const flag of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(flag);
  const value = cookie.split(/[=;]/)[1] ?? '';
  const { results } = await env.DB.prepare('SELECT * FROM sessions').all();
  expect(JSON.stringify(results)).not.toContain(value);
});

it('answers a wrong password, an unknown email and a disabled account alike', async () => {
  const { relay, accounts } = await openDashboard();
  await accounts.update('acc_eve', { status: 'disabled' });
  const answerTo = async (email: string, secret: string) => {
    const { status, text } = await logIn(relay, email, secret);
    return [status, text.replaceAll(email, 'EMAIL')];
  };
  const wrong = await answerTo('bob@example.com', 'not the password');
  expect(wrong[0]).toBe(401);
  expect(wrong[1]).toContain('Wrong email or password.');
  expect(await answerTo('nobody@example.com', 'not the password')).toEqual(wrong);
  expect(await answerTo('eve@example.com', password)).toEqual(wrong);
});

it('limits tries of one person from one address, and then refuses the right password too', async () => {
  const { relay } = await openDashboard();
  const ip = '192.0.2.7';
  const tries = Array.from({ length: loginLimits.sameBoth * 2 }, (_, index) =>
    logIn(relay, 'bob@example.com', `guess ${index}`, ip),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(loginLimits.sameBoth);
  expect(statuses.filter((status) => status === 429)).toHaveLength(loginLimits.sameBoth);
  expect((await logIn(relay, 'bob@example.com', password, ip)).status).toBe(429);
  expect((await logIn(relay, 'bob@example.com', password, '192.0.2.8')).status).toBe(303);
  // Hashes twelve passwords, which takes time by design.
}, 30_000);

it('limits tries from one address for any person, and of one person from any address', async () => {
  const { relay } = await openDashboard();
  const until = Date.now() + loginLimits.windowMs;
  const count = (name: string, tries: number) =>
    env.DB.prepare('INSERT INTO login_tries VALUES (?, ?, ?)').bind(name, tries, until).run();
  await count('address 192.0.2.9', loginLimits.sameAddress - 1);
  expect((await logIn(relay, 'x@example.com', 'wrong', '192.0.2.9')).status).toBe(401);
  expect((await logIn(relay, 'y@example.com', 'wrong', '192.0.2.9')).status).toBe(429);
  await count('email z@example.com', loginLimits.sameEmail - 1);
  expect((await logIn(relay, 'z@example.com', 'wrong', '192.0.2.10')).status).toBe(401);
  expect((await logIn(relay, 'z@example.com', 'wrong', '192.0.2.11')).status).toBe(429);
});

it('counts the addresses of one IPv6 network as one', async () => {
  const { relay } = await openDashboard();
  const count = (address: string) =>
    env.DB.prepare('INSERT INTO login_tries VALUES (?, ?, ?)')
      .bind(`address ${address}`, loginLimits.sameAddress - 1, Date.now() + loginLimits.windowMs)
      .run();
  await count('2001:db8:1:2::/64');
  expect((await logIn(relay, 'x@example.com', 'wrong', '2001:db8:1:2::7')).status).toBe(401);
  expect((await logIn(relay, 'y@example.com', 'wrong', '2001:db8:1:2:ffff::8')).status).toBe(429);
  expect((await logIn(relay, 'y@example.com', 'wrong', '2001:db8:1:3::7')).status).toBe(401);
});

it('writes nothing for an email over its limit, and nothing long', async () => {
  const { relay } = await openDashboard();
  await env.DB.prepare('INSERT INTO login_tries VALUES (?, ?, ?)')
    .bind('address 192.0.2.12', loginLimits.sameAddress, Date.now() + loginLimits.windowMs)
    .run();
  const rows = () => env.DB.prepare('SELECT COUNT(*) AS count FROM login_tries').first<number>('count');
  const before = await rows();
  for (const name of ['a', 'b', 'c'])
    expect((await logIn(relay, `${name}@example.com`, 'wrong', '192.0.2.12')).status).toBe(429);
  expect(await rows()).toBe(before);
  expect((await logIn(relay, 'x'.repeat(100_000), 'wrong', '192.0.2.13')).status).toBe(401);
  const longest = 'SELECT MAX(LENGTH(counted_for)) AS length FROM login_tries';
  expect(await env.DB.prepare(longest).first<number>('length')).toBeLessThan(2_000);
});

it('limits password tries of a signed-in account too', async () => {
  const { relay, member } = await openDashboard();
  const tries = Array.from({ length: loginLimits.sameBoth + 2 }, (_, index) =>
    member.api('POST', '/password', { current_password: `guess ${index}`, password: 'another password' }),
  );
  const replies = await Promise.all(tries);
  expect(replies.filter(({ status }) => status === 400)).toHaveLength(loginLimits.sameBoth);
  const late = replies.filter(({ status }) => status === 429);
  expect(late.map(({ body }) => body.errors[0].field)).toEqual(['current_password', 'current_password']);
  const right = { current_password: password, password: 'another password' };
  expect((await member.api('POST', '/password', right)).status).toBe(429);
  expect((await logIn(relay, 'bob@example.com', password)).status).toBe(303);
  await env.DB.prepare('UPDATE login_tries SET until = 1').run();
  expect((await member.api('POST', '/password', right)).status).toBe(204);
}, 30_000);

it('resets the tries after a quarter of an hour', async () => {
  const { relay } = await openDashboard();
  await env.DB.prepare('INSERT INTO login_tries VALUES (?, 999, ?)')
    .bind('both 192.0.2.1 bob@example.com', Date.now() - 1)
    .run();
  expect((await logIn(relay, 'bob@example.com', password)).status).toBe(303);
});

it('creates the admin once, and only with the admin key', async () => {
  const { relay } = await openDashboard();
  await env.DB.prepare(`UPDATE accounts SET password = NULL`).run();
  const setUp = (key: string, secret: string, name = 'Ada') =>
    relay.fetch('/dashboard/setup', {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      body: String(new URLSearchParams({ admin_key: key, name, email: 'ada@new.example', password: secret })),
    });
  expect((await setUp('wrong', password)).status).toBe(401);
  const short = await setUp('admin-key-of-the-tests', 'short');
  expect([short.status, short.text]).toEqual([400, expect.stringContaining('at least 10 characters')]);
  expect(short.text).not.toContain('admin-key-of-the-tests');
  expect((await setUp('admin-key-of-the-tests', password, ' ')).text).toMatch(
    /id="help-name"[^>]*><strong class="error">must not be empty/,
  );
  expect((await setUp('admin-key-of-the-tests', password)).status).toBe(303);
  expect((await setUp('admin-key-of-the-tests', 'another password')).status).toBe(409);
  expect((await logIn(relay, 'ada@new.example', password)).status).toBe(303);
});

it('creates one account from one invitation, however many follow its link concurrently', async () => {
  const { relay, admin } = await openDashboard();
  const { secret } = (await admin.api('POST', '/invites', { name: 'Cleo' })).body;
  const accept = (email: string) =>
    relay.fetch('/dashboard/invite', {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      body: String(new URLSearchParams({ secret, name: 'Cleo', email, password })),
    });
  expect((await accept('bob@example.com')).status).toBe(409);
  const statuses = await Promise.all(['1', '2', '3'].map((name) => accept(`cleo${name}@example.com`)));
  expect(statuses.map(({ status }) => status).sort()).toEqual([303, 410, 410]);
  const made = await env.DB.prepare(`SELECT role FROM accounts WHERE name = 'Cleo'`).all();
  expect(made.results).toEqual([{ role: 'member' }]);
});

it('rejects an expired or revoked invitation', async () => {
  const { relay, admin } = await openDashboard();
  const first = (await admin.api('POST', '/invites', { name: 'Late' })).body;
  await env.DB.prepare('UPDATE invites SET expires_at = 1').run();
  const second = (await admin.api('POST', '/invites', { name: 'Unwanted' })).body;
  expect((await admin.api('DELETE', `/invites/${second.id}`)).status).toBe(204);
  for (const { secret } of [first, second]) {
    expect((await relay.fetch(`/dashboard/invite?secret=${secret}`)).status).toBe(410);
  }
});

it('rejects an invitation of an account that is no active admin any more', async () => {
  const { relay, admin, member, other } = await openDashboard();
  for (const { accountId } of [member, other])
    await admin.api('PATCH', `/accounts/${accountId}`, { role: 'admin' });
  const invited = [];
  for (const person of [member, other, admin]) {
    invited.push((await person.api('POST', '/invites', { name: 'Friend' })).body.secret);
  }
  await admin.api('PATCH', `/accounts/${member.accountId}`, { status: 'disabled' });
  await admin.api('PATCH', `/accounts/${other.accountId}`, { role: 'member' });
  const statuses = await Promise.all(
    invited.map(async (secret) => (await relay.fetch(`/dashboard/invite?secret=${secret}`)).status),
  );
  expect(statuses).toEqual([410, 410, 200]);
});

it('creates the admin after other accounts exist, and rejects their emails', async () => {
  const { relay } = await openDashboard();
  await env.DB.prepare(`UPDATE accounts SET email = NULL, password = NULL WHERE id = 'acc_admin'`).run();
  const setUp = (email: string) =>
    relay.fetch('/dashboard/setup', {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      body: String(
        new URLSearchParams({ admin_key: 'admin-key-of-the-tests', name: 'Ada', email, password }),
      ),
    });
  const taken = await setUp('BOB@example.com');
  expect([taken.status, taken.text]).toEqual([
    409,
    expect.stringContaining('An account with this email already'),
  ]);
  expect((await setUp('new@example.com')).status).toBe(303);
  expect((await logIn(relay, 'new@example.com', password)).status).toBe(303);
});

it('sets no unusable password: an account without an email must enter one', async () => {
  const { relay, admin, member } = await openDashboard();
  await env.DB.prepare(`UPDATE accounts SET email = NULL, password = NULL WHERE id = 'acc_admin'`).run();
  const page = await admin.get('/dashboard/account');
  expect(page.text).toMatch(/<input[^>]*name="email"/);
  expect((await member.get('/dashboard/account')).text).not.toMatch(/<input[^>]*name="email"/);
  const set = (email?: string) => admin.api('POST', '/password', { password, ...(email && { email }) });
  expect((await set()).body.errors[0].field).toBe('email');
  expect((await set('nobody')).body.errors[0].field).toBe('email');
  expect((await set('bob@example.com')).body.errors[0].field).toBe('email');
  const typed = await admin.post('/dashboard/account/password', { email: 'a@b.example', password: 'short' });
  expect(typed.text).toContain('value="a@b.example"');
  expect((await set(' New@Example.com ')).status).toBe(204);
  expect((await logIn(relay, 'new@example.com', password)).status).toBe(303);
  const other = await member.api('POST', '/password', {
    current_password: password,
    password,
    email: 'x@y.example',
  });
  expect([other.status, other.body.errors[0].field]).toEqual([400, 'email']);
});

it('returns to the requested page after sign-in', async () => {
  const { relay } = await openDashboard();
  const requestPage = async (path: string) => {
    const reply = await relay.fetch(path, { redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/dashboard/login']);
    return reply.headers.get('set-cookie')?.split(';')[0] ?? '';
  };
  const enter = (cookie: string) =>
    relay.fetch('/dashboard/login', {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin, cookie },
      body: String(new URLSearchParams({ email: 'bob@example.com', password })),
    });
  const cookie = await requestPage('/dashboard/logs?model=gpt-4o&status=429');
  const entered = await enter(cookie);
  expect(entered.headers.get('location')).toBe('/dashboard/logs?model=gpt-4o&status=429');
  const taken = entered.headers.getSetCookie().find((one) => one.startsWith(cookie.split('=')[0] ?? '?'));
  expect(taken).toContain('Max-Age=0');
  expect(await requestPage('/')).toBe('');
  const name = cookie.split('=')[0];
  for (const address of [
    'https://evil.example/x',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
  ]) {
    const { headers } = await enter(`${name}=${encodeURIComponent(address)}`);
    expect(new URL(headers.get('location') ?? '', origin).origin).toBe(origin);
  }
});

it('keeps a form that was posted after the session ended, and explains how to resend it', async () => {
  const { relay, member } = await openDashboard();
  await env.DB.prepare('DELETE FROM sessions').run();
  const reply = await member.post('/dashboard/tokens/new', { name: 'a long story' });
  expect([reply.status, reply.headers.get('location')]).toEqual([401, null]);
  expect(reply.text).toContain('choose to resubmit the form');
  expect(reply.text).toMatch(/<a [^>]*href="\/dashboard\/login"[^>]*target="_blank"/);
  expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
  const again = (await logIn(relay, 'bob@example.com', password)).headers.get('set-cookie')?.split(';')[0];
  const sent = await member.post('/dashboard/tokens/new', { name: 'a long story' }, { cookie: again ?? '' });
  expect(sent.text).toContain('sk-oo8-');
});
