// Pages that ask before a change, and the line that says what was changed, with its inverse.
import { beforeEach, expect, it } from 'vitest';
import { openDashboard, type Person } from './open-dashboard.ts';

let dashboard: Awaited<ReturnType<typeof openDashboard>>;
beforeEach(async () => {
  dashboard = await openDashboard();
});

/** Follows the redirect of a form as a browser does, with the cookie that it set. */
async function pageAfter(person: Person, path: string, fields: Record<string, string> = {}) {
  const reply = await person.post(path, fields);
  expect(reply.status).toBe(303);
  const [set = ''] = reply.headers.getSetCookie();
  expect(set).toMatch(/^__Host-oo8_done=[\w.%-]+; .*HttpOnly; Secure; SameSite=Lax$/);
  const cookie = `${person.cookie}; ${set.split(';')[0]}`;
  return dashboard.relay.fetch(reply.headers.get('location') ?? '', { headers: { cookie } });
}

const line = (text: string) =>
  /<div role="status" class="alert good done">(.*?)<\/div>/s.exec(text)?.[1] ?? '';

it('says once what a form has changed, with a button for the inverse', async () => {
  const { member } = dashboard;
  const { id } = (await member.api('POST', '/tokens', { name: 'x' })).body;
  const status = async () => (await member.api('GET', `/tokens/${id}`)).body.status;
  const shown = await pageAfter(member, `/dashboard/tokens/${id}/status`, { status: 'disabled' });
  expect(line(shown.text)).toMatch(/^Token disabled\./);
  expect(line(shown.text)).toMatch(
    new RegExp(`action="/dashboard/tokens/${id}/status".*name="status" value="active".*Undo`),
  );
  expect(shown.headers.getSetCookie()[0]).toMatch(/^__Host-oo8_done=; Max-Age=0/);
  const undone = await pageAfter(member, `/dashboard/tokens/${id}/status`, { status: 'active' });
  expect([line(undone.text).startsWith('Token enabled.'), await status()]).toEqual([true, 'active']);
  expect(line((await member.get(`/dashboard/tokens/${id}`)).text)).toBe('');
});

it('shows no text of a cookie or an address that the dashboard did not set', async () => {
  const { relay, member } = dashboard;
  for (const value of ['<b>paid</b>', 'constructor.x', 'tokenSaved', 'tokenDisabled.a/b', 'nothing.x']) {
    const cookie = `${member.cookie}; __Host-oo8_done=${encodeURIComponent(value)}`;
    const { text } = await relay.fetch('/dashboard/tokens?done=tokenSaved', { headers: { cookie } });
    expect([value, line(text)]).toEqual([value, '']);
  }
});

it('asks before a token is rotated, and keeps the old secret valid for an hour by default', async () => {
  const { relay, member } = dashboard;
  const { id, token } = (await member.api('POST', '/tokens', { name: 'Slack bot' })).body;
  const page = await member.get(`/dashboard/tokens/${id}/rotate`);
  expect(page.text).toContain('Rotate this token?');
  expect(page.text).toContain('<option value="3600" selected');
  expect(page.text).toContain('Slack bot');
  const models = async () =>
    (await relay.fetch('/v1/models', { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await models()).toBe(200);
  const rotated = await member.post(`/dashboard/tokens/${id}/rotate`, { overlap_seconds: '3600' });
  expect(rotated.text).toMatch(/value="sk-oo8-/);
  expect(await models()).toBe(200);
});

it('asks before a key of a channel is removed, and says more about the last one', async () => {
  const { relay, admin } = dashboard;
  const keys = ['key-one-0123456789', 'key-two-0123456789'];
  const { id } = await relay.channel({
    name: 'Main',
    provider: 'openai-compatible',
    base_url: 'https://up.test/v1',
    keys,
    models: ['m'],
  });
  const known = async () => (await admin.api('GET', `/channels/${id}`)).body.keys as { id: string }[];
  const [first, second] = await known();
  const address = (key = first) => `/dashboard/channels/${id}/keys/${key?.id}/delete`;
  expect((await admin.get(address())).text).toContain('Requests go on with the channel’s other keys.');
  expect(await known()).toHaveLength(2);
  expect(line((await pageAfter(admin, address())).text)).toBe('Key removed.');
  expect(await known()).toEqual([expect.objectContaining({ id: second?.id })]);
  expect((await admin.get(address(second))).text).toContain('It is the only key of this channel');
  expect((await admin.get(address(first))).status).toBe(404);
});

it('asks before a role changes and before an account is disabled, and offers the way back', async () => {
  const { admin, other } = dashboard;
  const person = async () => (await admin.api('GET', '/accounts/acc_bob')).body;
  const list = (await admin.get('/dashboard/people')).text;
  for (const page of ['disable', 'role']) expect(list).toContain(`href="/dashboard/people/acc_bob/${page}"`);
  expect((await admin.get('/dashboard/people/acc_bob/role')).text).toContain('Make this account an admin?');
  expect((await admin.get('/dashboard/people/acc_bob/disable')).text).toContain('Disable this account?');
  expect(await person()).toMatchObject({ role: 'member', status: 'active' });
  const made = line((await pageAfter(admin, '/dashboard/people/acc_bob', { role: 'admin' })).text);
  expect(made).toBe('The account is an admin now.<a href="/dashboard/people/acc_bob/role">Undo</a>');
  expect((await admin.get('/dashboard/people/acc_bob/role')).text).toContain('Make this account a member?');
  await admin.post('/dashboard/people/acc_bob', { role: 'member' });
  const off = line((await pageAfter(admin, '/dashboard/people/acc_bob', { status: 'disabled' })).text);
  expect(off).toMatch(/^Account disabled\..*name="status" value="active"/);
  await pageAfter(admin, '/dashboard/people/acc_bob', { status: 'active' });
  expect((await other.get('/dashboard/people/acc_bob/role')).status).toBe(403);
});
