// Every route with every role, and every change from every origin.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { managementApi } from '../../../src/dashboard/api/management-api.ts';
import { dashboard } from '../../../src/dashboard/pages/dashboard.tsx';
import type { PageServices } from '../../../src/dashboard/pages/page-env.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { relay as fakeRelay } from '../api/relay.ts';
import { logRow } from '../stores/rows.ts';
import { openDashboard, type Person } from './open-dashboard.ts';

const services = { ...fakeRelay().services } as PageServices;

function routesOf(routes: readonly { method: string; path: string }[]): [method: string, path: string][] {
  const own = routes.filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'));
  const keys = new Set(own.map(({ method, path }) => `${method} ${path}`));
  return [...keys].map((key) => key.split(' ') as [string, string]);
}

const apiRoutes = routesOf(managementApi(services).routes);
const pageRoutes = routesOf(dashboard(services).routes);

/** Management API routes that members may call; a complete list, so each new route needs a decision here. */
const forMembers = new Set([
  'POST /tokens/lookup',
  'GET /tokens',
  'POST /tokens',
  'GET /tokens/:id',
  'PATCH /tokens/:id',
  'DELETE /tokens/:id',
  'POST /tokens/:id/rotate',
  'POST /tokens/:id/playground-secret',
  'GET /logs',
  'GET /logs/:id',
  'GET /logs.csv',
  'GET /usage',
  'GET /usage.csv',
  'GET /usage/top',
  'GET /served-models',
  'GET /sessions',
  'DELETE /sessions/:id',
  'GET /access-keys',
  'POST /access-keys',
  'DELETE /access-keys/:id',
  'POST /password',
  'GET /login-methods',
  'GET /ways-in',
  'POST /passkeys/options',
  'POST /passkeys',
  'DELETE /passkeys/:id',
  'DELETE /identities/:provider',
]);
const forAnybody = new Set(['GET /health', 'GET /openapi.json']);
const adminPages = /^\/dashboard\/(channels|models\/.|groups|people|alerts|audit)/;
/** Pages for visitors; /pricing has tests of its own. */
const publicPages = /^\/(pricing|docs|llms\.txt)|^\/dashboard\/(login|setup|invite|logout|language)/;

const filled = (path: string, id: string) => path.replace(/:(id|model|name|key|provider)(\{.+\})?/g, id);

it('covers every route', () => {
  expect(apiRoutes.length).toBeGreaterThan(30);
  expect(pageRoutes.length).toBeGreaterThan(30);
  const known = new Set(apiRoutes.map(([method, path]) => `${method} ${path}`));
  for (const route of forMembers) expect(known).toContain(route);
});

it('requires credentials for the management API, and limits members to their own objects', async () => {
  const { relay, member } = await openDashboard();
  for (const [method, path] of apiRoutes) {
    const route = `${method} ${path}`;
    const nobody = await relay.fetch(`/api${filled(path, 'x')}`, { method });
    expect([route, nobody.status]).toEqual([route, forAnybody.has(route) ? 200 : 401]);
    const status = (await member.api(method, filled(path, 'x'))).status;
    if (!forMembers.has(route) && !forAnybody.has(route)) expect([route, status]).toEqual([route, 403]);
    else expect([route, [401, 403, 405, 500].includes(status)]).toEqual([route, false]);
  }
});

it('shows pages to signed-in users, and admin pages to admins only', async () => {
  const { relay, admin, member } = await openDashboard();
  for (const [method, path] of pageRoutes) {
    if (publicPages.test(path)) continue;
    const route = `${method} ${path}`;
    const address = filled(path, 'x');
    const send = (person: Person) => (method === 'GET' ? person.get(address) : person.post(address));
    const headers = { origin: 'https://relay.test' };
    const nobody = await relay.fetch(address, { method, headers, redirect: 'manual' });
    expect([route, nobody.status, nobody.headers.get('location')]).toEqual([route, 303, '/dashboard/login']);
    const { status } = await send(member);
    expect([route, status === 403]).toEqual([route, adminPages.test(path)]);
    expect([route, (await send(admin)).status < 500]).toEqual([route, true]);
  }
}, 30_000);

it('hides tokens, logs and usage of other accounts, whatever a member puts into the URL', async () => {
  const { relay, admin, member, other } = await openDashboard();
  const theirs = (await other.api('POST', '/tokens', { name: 'secret name' })).body;
  const ofAdmin = (await admin.api('POST', '/tokens', { name: 'secret name' })).body;
  for (const { id } of [theirs, ofAdmin]) {
    const tries = [
      member.api('GET', `/tokens/${id}`),
      member.api('PATCH', `/tokens/${id}`, { name: 'mine' }),
      member.api('DELETE', `/tokens/${id}`),
      member.api('POST', `/tokens/${id}/rotate`, {}),
      member.get(`/dashboard/tokens/${id}`),
      member.get(`/dashboard/tokens/${id}/edit`),
      member.get(`/dashboard/tokens/${id}/delete`),
      member.post(`/dashboard/tokens/${id}/edit`, { name: 'mine' }),
      member.post(`/dashboard/tokens/${id}/delete`),
      member.post(`/dashboard/tokens/${id}/rotate`, { overlap_seconds: '0' }),
      member.post(`/dashboard/tokens/${id}/status`, { status: 'disabled' }),
      member.post(`/dashboard/tokens/${id}/top-up`, { amount: '1' }),
    ];
    for (const reply of await Promise.all(tries)) {
      expect(reply.status).toBe(404);
      expect(reply.text).not.toContain('secret name');
    }
  }
  expect(
    (await relay.fetch('/v1/models', { headers: { authorization: `Bearer ${theirs.token}` } })).status,
  ).toBe(200);
  const lists = [
    '/tokens',
    `/tokens?account=${other.accountId}`,
    `/logs?token=${theirs.id}`,
    `/usage?group_by=token&account=${other.accountId}`,
  ];
  for (const path of lists) expect([path, (await member.api('GET', path)).body.data]).toEqual([path, []]);
  const csv = await member.get(`/dashboard/logs/csv?token=${theirs.id}`);
  expect(csv.text.trim().split('\n')).toHaveLength(1);
  expect((await admin.api('GET', `/tokens/${theirs.id}`)).status).toBe(200);
});

it('hides requests of other accounts from a member, also by id', async () => {
  const { admin, member, other } = await openDashboard();
  await appendRows(env.DB, [logRow({ id: 'req_theirs', accountId: other.accountId })]);
  expect((await other.api('GET', '/logs/req_theirs')).status).toBe(200);
  expect((await admin.get('/dashboard/logs/req_theirs')).status).toBe(200);
  expect((await member.api('GET', '/logs/req_theirs')).status).toBe(404);
  const page = await member.get('/dashboard/logs/req_theirs');
  expect([page.status, page.text.includes('gpt-4o')]).toEqual([404, false]);
});

it('lets a member see and end only its own sessions and access keys', async () => {
  const { member, other } = await openDashboard();
  const [session] = (await other.api('GET', '/sessions')).body.data;
  const key = (await other.api('POST', '/access-keys', { name: 'k' })).body;
  expect((await member.api('DELETE', `/sessions/${session.id}`)).status).toBe(404);
  expect((await member.api('DELETE', `/access-keys/${key.id}`)).status).toBe(404);
  expect((await member.api('GET', '/access-keys')).body.data).toEqual([]);
  expect((await other.api('DELETE', `/access-keys/${key.id}`)).status).toBe(204);
});

it('lets no member choose a group', async () => {
  const { member } = await openDashboard();
  const { status, body } = await member.api('POST', '/tokens', { name: 'x', group: 'default' });
  expect([status, body.errors]).toEqual([400, [{ field: 'group', message: 'only an admin may set it' }]]);
});

it('rejects forms and calls that another site sent', async () => {
  const { relay, admin } = await openDashboard();
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
  ];
  for (const headers of foreign) {
    for (const [method, path] of pageRoutes.filter(([method]) => method === 'POST')) {
      const { status } = await admin.post(filled(path, 'x'), {}, headers);
      expect([method, path, status]).toEqual([method, path, 403]);
    }
    for (const [method, path] of apiRoutes.filter(([method]) => method !== 'GET')) {
      const { status } = await admin.api(method, filled(path, 'x'), undefined, headers);
      expect([method, path, status]).toEqual([method, path, 403]);
    }
  }
  const without = await relay.fetch('/dashboard/logout', {
    method: 'POST',
    headers: { cookie: admin.cookie },
  });
  expect(without.status).toBe(403);
  expect((await admin.get('/')).status).toBe(200);
});

it('sets the page headers on every response, errors and redirects too', async () => {
  const { admin, relay } = await openDashboard();
  const answers = [
    await admin.get('/'),
    await admin.get('/dashboard/nothing'),
    await admin.get('/dashboard/tokens/tok_none'),
    await admin.post('/dashboard/tokens/new', { name: 'x' }),
    await relay.fetch('/dashboard/login'),
    await relay.fetch('/', { redirect: 'manual' }),
  ];
  for (const { headers } of answers) {
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

it('escapes user input', async () => {
  const { admin } = await openDashboard();
  const name = '<script>alert(1)</script>"><b>';
  const { id } = (await admin.api('POST', '/tokens', { name, models: ['<i>'] })).body;
  for (const path of [
    '/dashboard/tokens',
    `/dashboard/tokens/${id}`,
    `/dashboard/tokens/${id}/edit`,
    '/dashboard/audit',
  ]) {
    const { text } = await admin.get(path);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain('<b>');
    expect(text).not.toContain('<i>');
  }
});

it('shows an admin the account of each token and filters by account; a member sees its own only', async () => {
  const { admin, member, other } = await openDashboard();
  const { id } = (await member.api('POST', '/tokens', { name: 'of Bob' })).body;
  await other.api('POST', '/tokens', { name: 'of Eve' });
  const all = (await admin.get('/dashboard/tokens')).text;
  expect(all).toMatch(/of Bob<\/a><small>sk-oo8-[^<]* · acc_bob<\/small>/);
  const one = (await admin.get('/dashboard/tokens?account=acc_bob')).text;
  expect([one.includes('of Bob'), one.includes('of Eve')]).toEqual([true, false]);
  expect(one).toContain('<option value="acc_bob" selected');
  const link = 'href="/dashboard/tokens?account=acc_bob"';
  for (const path of ['/dashboard/people', `/dashboard/tokens/${id}`]) {
    expect((await admin.get(path)).text).toContain(link);
  }
  const own = (await member.get('/dashboard/tokens?account=acc_eve')).text;
  expect([own.includes('of Bob'), own.includes('of Eve'), own.includes('· acc_')]).toEqual([
    true,
    false,
    false,
  ]);
  expect((await member.get(`/dashboard/tokens/${id}`)).text).not.toContain('account=');
});
