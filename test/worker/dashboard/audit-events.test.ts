// The audit log records sign-in events with readable messages and without secrets.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { auditEventOf, auditEvents } from '../../../src/dashboard/api/audit-events.ts';
import { logIn, openDashboard, origin, password } from './open-dashboard.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded', origin };

it('records setup, invitations, failed sign-ins and sign-outs, with messages in both languages', async () => {
  const { relay, admin, member } = await openDashboard();
  await env.DB.batch([
    env.DB.prepare('DELETE FROM audit'),
    env.DB.prepare(`UPDATE accounts SET password = NULL WHERE id = 'acc_admin'`),
  ]);
  const post = (path: string, fields: Record<string, string>) =>
    relay.fetch(path, {
      method: 'POST',
      redirect: 'manual',
      headers: form,
      body: String(new URLSearchParams(fields)),
    });
  const ada = { name: 'Ada', email: 'ada@example.com', password: 'the password of Ada' };
  expect((await post('/dashboard/setup', { ...ada, admin_key: env.ADMIN_KEY ?? '' })).status).toBe(303);
  const { secret, id: invitation } = (await admin.api('POST', '/invites', { name: 'Cleo' })).body;
  const cleo = { name: 'Cleo', email: 'cleo@example.com', password: 'the password of Cleo' };
  expect((await post('/dashboard/invite', { ...cleo, secret })).status).toBe(303);
  await logIn(relay, 'bob@example.com', 'wrong');
  expect((await member.post('/dashboard/logout')).status).toBe(303);
  await post('/dashboard/logout', {});

  const { data } = (await admin.api('GET', '/audit')).body;
  const rows = data.map((row: Record<string, string>) => ({
    who: row.account_id,
    event: row.event,
    summary: row.summary,
    detail: JSON.parse(row.detail || '{}'),
  }));
  const made = await env.DB.prepare(`SELECT id FROM accounts WHERE name = 'Cleo'`).first<string>('id');
  expect(rows).toEqual(
    expect.arrayContaining([
      {
        who: 'acc_admin',
        event: 'admin-created',
        summary: 'Created the admin account',
        detail: { name: 'Ada', email: 'ada@example.com', role: 'admin' },
      },
      {
        who: 'acc_admin',
        event: 'invitation-created',
        summary: 'Invited someone',
        detail: { id: invitation, name: 'Cleo', role: 'member' },
      },
      {
        who: made,
        event: 'invitation-accepted',
        summary: 'Accepted an invitation',
        detail: { name: 'Cleo', email: 'cleo@example.com', role: 'member', invitation },
      },
      {
        who: 'acc_bob',
        event: 'sign-in-failed',
        summary: 'Sign-in failed',
        detail: { way: 'password', address: '192.0.2.1', tries: 1 },
      },
      { who: 'acc_bob', event: 'sign-out', summary: 'Signed out', detail: {} },
    ]),
  );
  expect(rows.filter(({ event }: { event: string }) => event === 'sign-out')).toHaveLength(1);
  const text = JSON.stringify(data);
  for (const hidden of [secret, ada.password, cleo.password, env.ADMIN_KEY ?? '?', password])
    expect(text).not.toContain(hidden);
  const english = (await admin.get('/dashboard/audit')).text;
  for (const words of ['Created the admin account', 'Accepted an invitation', 'Sign-in failed', 'Signed out'])
    expect(english).toContain(words);
  const chinese = await relay.fetch('/dashboard/audit', {
    headers: { cookie: `${admin.cookie}; oo8_language=zh` },
  });
  for (const words of ['创建了管理员', '接受邀请', '登录失败', '退出登录'])
    expect(chinese.text).toContain(words);
});

it('shows any other event as a change', () => {
  expect(auditEventOf({ method: 'PATCH', path: '/accounts/acc_1' })).toBe('change');
  expect(auditEventOf({ method: 'POST', path: '/loginx' })).toBe('change');
  expect(auditEventOf({ method: 'DELETE', path: '/invites/inv_1' })).toBe('change');
  expect(new Set(auditEvents).size).toBe(auditEvents.length);
});
