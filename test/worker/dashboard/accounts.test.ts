import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { accountLimits } from '../../../src/dashboard/accounts/account.ts';
import { openDashboard } from './open-dashboard.ts';

const models = (token: string) => ['/v1/models', { headers: { authorization: `Bearer ${token}` } }] as const;

it('stops all tokens of a disabled account at the next request, and resumes them when it is enabled', async () => {
  const { relay, admin, member, other } = await openDashboard();
  const mine = await Promise.all(
    ['1', '2', '3'].map(async (name) => (await member.api('POST', '/tokens', { name })).body.token as string),
  );
  const theirs = (await other.api('POST', '/tokens', { name: 'x' })).body.token as string;
  const statuses = () => Promise.all(mine.map(async (token) => (await relay.fetch(...models(token))).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  expect((await admin.api('PATCH', '/accounts/acc_bob', { status: 'disabled' })).status).toBe(200);
  expect(await statuses()).toEqual([401, 401, 401]);
  const refused = await relay.fetch(...models(mine[0] ?? ''));
  expect(refused.body.error).toMatchObject({
    code: 'token_disabled',
    message: expect.stringContaining('The account of this API key is disabled'),
  });
  expect((await relay.fetch(...models(theirs))).status).toBe(200);
  expect((await member.api('GET', '/tokens')).status).toBe(401);
  await admin.api('PATCH', '/accounts/acc_bob', { status: 'active' });
  expect(await statuses()).toEqual([200, 200, 200]);
});

it('keeps a token disabled that was edited or rotated while its account was disabled', async () => {
  const { relay, admin, member } = await openDashboard();
  const { id, token } = (await member.api('POST', '/tokens', { name: 'x' })).body;
  await admin.api('PATCH', '/accounts/acc_bob', { status: 'disabled' });
  await admin.api('PATCH', `/tokens/${id}`, { name: 'y' });
  expect((await relay.fetch(...models(token))).status).toBe(401);
  const rotated = (await admin.api('POST', `/tokens/${id}/rotate`, {})).body.token;
  expect((await relay.fetch(...models(rotated))).body.error.code).toBe('token_disabled');
});

it('limits all tokens of an account, and no others, by the budget that an admin sets', async () => {
  const { relay, admin, member, other } = await openDashboard();
  const edited = await admin.api('PATCH', '/accounts/acc_bob', { budget: { usd: 0.000001, period: 'day' } });
  expect([edited.status, edited.body.budget]).toEqual([200, { usd: 0.000001, period: 'day' }]);
  const mine = (await member.api('POST', '/tokens', { name: 'x' })).body.token as string;
  const theirs = (await other.api('POST', '/tokens', { name: 'x' })).body.token as string;
  await relay.channel({ name: 'o', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-4o'] });
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  relay.upstream = () => Response.json({ choices: [], usage });
  const send = (token: string) =>
    relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }),
    });
  const refused = await send(mine);
  expect([refused.status, refused.body.error.code]).toEqual([429, 'insufficient_quota']);
  expect(refused.body.error.message).toContain("budget of this API key's account");
  expect((await send(theirs)).status).toBe(200);
  await admin.api('PATCH', '/accounts/acc_bob', { budget: { usd: 1, period: 'day' } });
  expect((await send(mine)).status).toBe(200);
  await admin.api('PATCH', '/accounts/acc_bob', { budget: null });
  expect((await send(mine)).status).toBe(200);
});

it('revokes the access keys of a disabled account', async () => {
  const { relay, admin, member } = await openDashboard();
  const { key } = (await member.api('POST', '/access-keys', { name: 'CI' })).body;
  const call = () => relay.fetch('/api/tokens', { headers: { authorization: `Bearer ${key}` } });
  expect((await call()).status).toBe(200);
  const stored = await env.DB.prepare('SELECT * FROM access_keys').all();
  expect(JSON.stringify(stored.results)).not.toContain(key);
  await admin.api('PATCH', '/accounts/acc_bob', { status: 'disabled' });
  expect((await call()).status).toBe(401);
});

it('requires no Origin with an access key, and applies its account’s role', async () => {
  const { relay, member } = await openDashboard();
  const { key } = (await member.api('POST', '/access-keys', { name: 'CI' })).body;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const made = await relay.fetch('/api/tokens', { method: 'POST', headers, body: '{"name": "by key"}' });
  expect([made.status, made.body.account_id]).toEqual([201, 'acc_bob']);
  expect((await relay.fetch('/api/channels', { headers })).status).toBe(403);
});

it('keeps the admin an active admin, and lets no account lock itself out', async () => {
  const { admin } = await openDashboard();
  for (const edit of [{ status: 'disabled' }, { role: 'member' }]) {
    expect((await admin.api('PATCH', '/accounts/acc_admin', edit)).status).toBe(400);
  }
  expect((await admin.api('PATCH', '/accounts/acc_none', { name: 'x' })).status).toBe(404);
});

it('limits the number of access keys of an account', async () => {
  const { member } = await openDashboard();
  const insert = 'INSERT INTO access_keys VALUES (?, ?, ?, ?, ?, 1)';
  const rows = Array.from({ length: accountLimits.accessKeysOfAccount - 1 }, (_, index) =>
    env.DB.prepare(insert).bind(`h${index}`, `ak${index}`, 'acc_bob', 'k', 'h'),
  );
  await env.DB.batch(rows);
  expect((await member.api('POST', '/access-keys', { name: 'last' })).status).toBe(201);
  expect((await member.api('POST', '/access-keys', { name: 'one more' })).status).toBe(400);
});

it('lists accounts, invitations, sessions and access keys in pages without repeats or gaps', async () => {
  const { admin, member } = await openDashboard();
  for (const name of ['one', 'two', 'three']) {
    await admin.api('POST', '/invites', { name });
    await member.api('POST', '/access-keys', { name });
  }
  for (const [user, path] of [
    [admin, '/accounts'],
    [admin, '/invites'],
    [admin, '/sessions'],
    [member, '/access-keys'],
  ] as const) {
    const all = (await user.api('GET', path)).body;
    expect(all.next_cursor).toBeNull();
    const seen: unknown[] = [];
    let cursor = '';
    do {
      const page = (await user.api('GET', `${path}?limit=1${cursor}`)).body;
      expect(page.data).toHaveLength(1);
      seen.push(...page.data);
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(all.data);
    expect((await user.api('GET', `${path}?limit=0`)).status).toBe(400);
    expect((await user.api('GET', `${path}?cursor=x`)).status).toBe(400);
  }
});

it('records who changed what, without secrets', async () => {
  const { admin, member } = await openDashboard();
  await member.api('POST', '/tokens', { name: 'recorded' });
  const channel = {
    name: 'c',
    provider: 'openai',
    keys: ['sk-the-upstream-key-1'],
    models: ['*'],
    headers: { a: 'header-secret' },
  };
  await admin.api('POST', '/channels', channel);
  await member.api('POST', '/password', { current_password: 'wrong one', password: 'never to be seen' });
  await member.api('POST', '/tokens', { name: '' });
  const { data } = (await admin.api('GET', '/audit')).body;
  const changes = data.filter(({ path }: { path: string }) => path !== '/login');
  expect(
    changes.map(({ account_id, method, path }: Record<string, string>) => [account_id, method, path]),
  ).toEqual([
    ['acc_admin', 'POST', '/channels'],
    ['acc_bob', 'POST', '/tokens'],
  ]);
  const text = JSON.stringify(data);
  expect(text).toContain('recorded');
  for (const secret of ['sk-the-upstream-key-1', 'header-secret', 'never to be seen'])
    expect(text).not.toContain(secret);
});

/** Statements of a page with a search of the log. */
const mostOfSearch = 13;

it('sends at most five statements for any page, and a search of the log in at most five calls', async () => {
  const { relay, admin } = await openDashboard();
  const { id } = (await admin.api('POST', '/tokens', { name: 'x' })).body;
  const channel = { name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['*'] };
  const channelId = (await admin.api('POST', '/channels', channel)).body.id;
  const paths = [
    '/',
    '/dashboard/tokens',
    '/dashboard/tokens/new',
    `/dashboard/tokens/${id}`,
    `/dashboard/tokens/${id}/edit`,
    `/dashboard/tokens/${id}/delete`,
    '/dashboard/logs?model=gpt-4o&status=200',
    '/dashboard/playground',
    '/dashboard/channels',
    `/dashboard/channels/${channelId}`,
    '/dashboard/models',
    '/dashboard/models?sort=input',
    '/dashboard/models/prices',
    '/dashboard/connect',
    '/dashboard/connect/progress',
    '/dashboard/usage?by=token&and=account',
    '/dashboard/groups',
    '/dashboard/groups/new',
    '/dashboard/groups/default',
    '/dashboard/people',
    '/dashboard/audit',
    '/dashboard/account',
  ];
  for (const path of paths) {
    const before = { ...relay.traffic };
    expect([path, (await admin.get(path)).status]).toEqual([path, 200]);
    const { d1, d1Calls } = relay.traffic;
    // A search reads the packed index: several statements in one batch.
    const most = /\/logs(\/rows)?\?|\/tokens\/tok_\w+$/.test(path) ? mostOfSearch : 5;
    expect([path, d1 - before.d1 <= most, d1Calls - before.d1Calls <= 5]).toEqual([path, true, true]);
  }
});
