// Values that an admin sets on a member's token or account apply beside the member's own, from the very next
// request on.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDashboard } from '../dashboard/open-dashboard.ts';
import { addChannels } from '../routes/open-relay.ts';
import { jsonBody } from '../routes/routes.ts';

const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
let scene: Awaited<ReturnType<typeof openDashboard>>;
let id: string;
let token: string;

beforeEach(async () => {
  scene = await openDashboard();
  scene.relay.upstream = () => Response.json({ id: 'c', object: 'chat.completion', choices: [], usage });
  await addChannels(scene.relay);
  const made = await scene.member.api('POST', '/tokens', { name: 'mine' });
  ({ id, token } = made.body);
  expect((await send()).status).toBe(200);
});

const send = (model = 'gpt-4o', value = token, ip = '192.0.2.1') =>
  scene.relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${value}`,
      'cf-connecting-ip': ip,
    },
    body: JSON.stringify(jsonBody(model)),
  });
const codeOf = async (...of: Parameters<typeof send>) => (await send(...of)).body?.error?.code ?? 'served';
const asAdmin = (edit: object) => scene.admin.api('PATCH', `/tokens/${id}`, edit);
const asMember = (edit: object) => scene.member.api('PATCH', `/tokens/${id}`, edit);
const lifts = {
  quota_usd: null,
  budget: null,
  models: null,
  allowed_ips: null,
  expires_at: null,
  limits: null,
  status: 'active',
};

describe('values that an admin sets on a member’s token', () => {
  const bounds: [string, object, string][] = [
    ['quota_usd', { quota_usd: 0.000000001 }, 'insufficient_quota'],
    ['budget', { budget: { usd: 0.000000001, period: 'month' } }, 'insufficient_quota'],
    ['models', { models: ['claude-*'] }, 'model_not_allowed'],
    ['allowed_ips', { allowed_ips: ['10.0.0.0/8'] }, 'ip_not_allowed'],
    ['expires_at', { expires_at: '2020-01-01' }, 'token_expired'],
    ['status', { status: 'disabled' }, 'token_disabled'],
  ];
  it.each(bounds)('%s applies at once, and the member cannot lift it', async (_, bound, code) => {
    const set = await asAdmin(bound);
    expect([set.status, set.body.admin]).toEqual([200, expect.objectContaining(bound_(bound))]);
    expect(await codeOf()).toBe(code);
    const lifted = await asMember(lifts);
    expect(lifted.body.admin).toEqual(set.body.admin);
    expect(await codeOf()).toBe(code);
    const rotated = (await scene.member.api('POST', `/tokens/${id}/rotate`, {})).body;
    expect(await codeOf('gpt-4o', rotated.token)).toBe(code);
    expect((await asMember({ admin: null })).body.errors[0].field).toBe('admin');
    await asAdmin(lifts);
    expect((await asAdmin({ name: 'x' })).body.admin).toBeNull();
    expect(await codeOf('gpt-4o', rotated.token)).toBe('served');
  });

  it('holds for a token that an admin creates for the member', async () => {
    const { accountId } = scene.member;
    const body = { name: 'theirs', account_id: accountId, models: ['claude-*'], limits: { rpm: 5 } };
    const made = await scene.admin.api('POST', '/tokens', body);
    expect([made.status, made.body.account_id, made.body.models]).toEqual([201, accountId, []]);
    expect(made.body.admin).toMatchObject({ models: ['claude-*'], limits: { rpm: 5 } });
    expect(await codeOf('gpt-4o', made.body.token)).toBe('model_not_allowed');
    const lifted = await scene.member.api('PATCH', `/tokens/${made.body.id}`, lifts);
    expect(lifted.body.admin).toEqual(made.body.admin);
    expect(await codeOf('gpt-4o', made.body.token)).toBe('model_not_allowed');
  });

  it('is for admins: a member cannot create a token for another account, nor an admin for an unknown one', async () => {
    const create = (who: 'admin' | 'member', account_id: string) =>
      scene[who].api('POST', '/tokens', { name: 't', account_id });
    for (const refused of [await create('member', 'acc_admin'), await create('admin', 'acc_nobody')])
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'account_id']);
    expect((await create('member', scene.member.accountId)).status).toBe(201);
  });

  /** Returns the bound as the API returns it. */
  const bound_ = (bound: object) =>
    'expires_at' in bound ? { expires_at: '2020-01-01T00:00:00.000Z' } : bound;

  it('applies the lower value of each kind of limit', async () => {
    await asAdmin({ limits: { rpm: 2, tpm: 1_000_000_000 } });
    expect((await asMember({ limits: { rpm: 100 } })).body.limits).toEqual({ rpm: 100 });
    const statuses = [await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toContain(429);
    expect((await asAdmin({ limits: { concurrency: 5 } })).body.admin.limits).toEqual({ concurrency: 5 });
    expect((await send()).status).toBe(200);
  });

  it('requires models and addresses to match both lists, wildcards exactly', async () => {
    await asMember({ models: ['gpt-4o*', 'claude-*'], allowed_ips: ['192.0.2.0/24'] });
    await asAdmin({ models: ['*-mini'], allowed_ips: ['192.0.2.1', '10.0.0.1'] });
    expect(await codeOf('gpt-4o-mini')).toBe('served');
    for (const model of ['gpt-4o', 'gpt-4.1-mini']) expect(await codeOf(model)).toBe('model_not_allowed');
    expect(await codeOf('gpt-4o-mini', token, '192.0.2.2')).toBe('ip_not_allowed');
    expect(await codeOf('gpt-4o-mini', token, '10.0.0.1')).toBe('ip_not_allowed');
    const list = await scene.relay.fetch('/v1/models', {
      headers: { authorization: `Bearer ${token}`, 'cf-connecting-ip': '192.0.2.1' },
    });
    const names = list.body.data.map(({ id }: { id: string }) => id);
    expect(names).toContain('gpt-4o-mini');
    expect(names.filter((name: string) => !name.endsWith('-mini'))).toEqual([]);
  });

  it('shows the admin’s values beside the member’s own, and applies the stricter ones', async () => {
    await asMember({ quota_usd: 5, expires_at: '2090-01-01', models: ['gpt-*'] });
    const { body } = await asAdmin({ quota_usd: 7, status: 'disabled' });
    expect(body).toMatchObject({ quota_usd: 5, status: 'disabled', models: ['gpt-*'] });
    expect(body.admin).toEqual({
      status: 'disabled',
      quota_usd: 7,
      budget: null,
      models: [],
      allowed_ips: [],
      expires_at: null,
      limits: {},
    });
    const seen = (await scene.member.api('GET', `/tokens/${id}`)).body;
    expect(seen.admin).toEqual(body.admin);
    expect(seen.remaining_usd).toBeLessThanOrEqual(5);
    expect((await asAdmin({ admin: null })).body).toMatchObject({ admin: null, status: 'active' });
  });

  it('stores an admin’s values on an admin’s token as the token’s own', async () => {
    const own = (await scene.admin.api('POST', '/tokens', { name: 'own' })).body;
    const edited = await scene.admin.api('PATCH', `/tokens/${own.id}`, { quota_usd: 3 });
    expect(edited.body).toMatchObject({ quota_usd: 3, admin: null });
    expect(
      (await scene.admin.api('PATCH', `/tokens/${own.id}`, { quota_usd: null })).body.quota_usd,
    ).toBeNull();
  });

  it('keeps both of two concurrent edits', async () => {
    await Promise.all([
      asAdmin({ quota_usd: 3 }),
      asAdmin({ models: ['gpt-*'] }),
      asMember({ quota_usd: 9 }),
    ]);
    expect((await asAdmin({})).body).toMatchObject({
      quota_usd: 9,
      admin: { quota_usd: 3, models: ['gpt-*'] },
    });
  });

  it('exports and imports admin values, and reads old files without them', async () => {
    await asAdmin({ quota_usd: 3, limits: { rpm: 7 } });
    const document = (await scene.admin.api('GET', '/export')).body;
    const exported = document.tokens.find((one: { id: string }) => one.id === id);
    expect(exported).toMatchObject({ quota_usd: null, admin: { quota_usd: 3, limits: { rpm: 7 } } });
    await env.DB.prepare('UPDATE tokens SET admin = NULL, version = version - 1').run();
    expect((await scene.admin.api('POST', '/import', document)).status).toBe(200);
    expect((await scene.member.api('GET', `/tokens/${id}`)).body.admin).toMatchObject({ limits: { rpm: 7 } });
    const { admin, ...old } = exported;
    const again = await scene.admin.api('POST', '/import', { version: 1, tokens: [{ ...old, version: 90 }] });
    expect([again.status, admin.quota_usd]).toEqual([200, 3]);
  });

  it('edits admin values in the form, which shows whose values they are', async () => {
    await asMember({ quota_usd: 5 });
    const form = await scene.admin.get(`/dashboard/tokens/${id}/edit`);
    expect(form.text).toContain('belongs to someone else');
    expect(form.text).toMatch(/name="quota_usd"[^>]*value=""/);
    const sent = { name: 'mine', quota_usd: '2', models: '', shown: JSON.stringify({ name: 'mine' }) };
    expect((await scene.admin.post(`/dashboard/tokens/${id}/edit`, sent)).status).toBe(303);
    await scene.admin.post(`/dashboard/tokens/${id}/status`, { status: 'disabled' });
    const page = await scene.member.get(`/dashboard/tokens/${id}`);
    expect(page.text).toContain('Set by an admin');
    expect(page.text).not.toContain('Enable');
    expect((await asMember({})).body).toMatchObject({ quota_usd: 5, admin: { quota_usd: 2 } });
    await scene.admin.post(`/dashboard/tokens/${id}/top-up`, { amount: '4' });
    expect((await asMember({})).body.admin.quota_usd).toBe(6);
  });
});

describe('budgets that an admin sets', () => {
  it('counts an admin’s budget separately: a member’s budget changes do not reset it', async () => {
    const cost = (await scene.member.api('GET', `/tokens/${id}`)).body.spent_usd;
    await asAdmin({ budget: { usd: cost * 2, period: 'week' } });
    await asMember({ budget: { usd: 100, period: 'day' } });
    expect(await codeOf()).toBe('served');
    await asMember({ budget: null });
    expect(await codeOf()).toBe('served');
    await asMember({ budget: { usd: 100, period: 'month' } });
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(refused.text).toContain("week's budget");
  });
});

describe('bounds of an account', () => {
  const bind = (edit: object) => scene.admin.api('PATCH', `/accounts/${scene.member.accountId}`, edit);

  it('restricts models from the next request on, for later tokens too, and in the lists', async () => {
    expect((await bind({ models: ['claude-*'] })).body.models).toEqual(['claude-*']);
    expect(await codeOf()).toBe('model_not_allowed');
    const later = (await scene.member.api('POST', '/tokens', { name: 'later', models: ['gpt-*'] })).body;
    expect(later.account).toEqual({ group: null, models: ['claude-*'], expires_at: null });
    expect(await codeOf('gpt-4o', later.token)).toBe('model_not_allowed');
    const list = await scene.relay.fetch('/v1/models', { headers: { authorization: `Bearer ${token}` } });
    const names: string[] = list.body.data.map(({ id }: { id: string }) => id);
    expect(names.length).toBeGreaterThan(0);
    expect(names.every((name) => name.startsWith('claude-'))).toBe(true);
    await bind({ models: [] });
    expect(await codeOf()).toBe('served');
    expect(await codeOf('gpt-4o', later.token)).toBe('served');
  });

  it('applies the earlier expiry of account and token', async () => {
    await asMember({ expires_at: '2090-01-01' });
    await bind({ expires_at: '2020-01-01' });
    expect(await codeOf()).toBe('token_expired');
    await bind({ expires_at: null });
    expect(await codeOf()).toBe('served');
  });

  it('applies the account’s group before the token’s, in price and models, and follows its edits', async () => {
    const name = `team-${crypto.randomUUID().slice(0, 8)}`;
    await scene.relay.manage('POST', '/groups', { name, price_multiplier: 3 });
    const spent = async () => (await scene.member.api('GET', `/tokens/${id}`)).body.spent_usd;
    const once = await spent();
    expect((await bind({ group: name })).body.group).toBe(name);
    expect(await codeOf()).toBe('served');
    expect(await spent()).toBeCloseTo(once * 4, 9);
    await scene.relay.manage('PATCH', `/groups/${name}`, { models: ['claude-*'] });
    const refused = await send();
    expect([refused.body.error.code, refused.text]).toEqual([
      'model_not_allowed',
      expect.stringContaining(name),
    ]);
    expect((await scene.admin.api('GET', `/tokens?group=${name}`)).body.data).toHaveLength(1);
    expect((await scene.admin.api('DELETE', `/groups/${name}`)).status).toBe(409);
    expect((await bind({ group: 'nowhere' })).body.errors[0].field).toBe('group');
    await bind({ group: null });
    expect(await codeOf()).toBe('served');
  });

  it('exports and imports account bounds, edits them on the people page, and rejects edits by members', async () => {
    await bind({ models: ['claude-*'], expires_at: '2090-05-06' });
    const document = (await scene.admin.api('GET', '/export')).body;
    await bind({ models: null });
    await env.DB.prepare('UPDATE accounts SET bounds_version = 0').run();
    expect((await scene.admin.api('POST', '/import', document)).status).toBe(200);
    expect(await codeOf()).toBe('model_not_allowed');
    const path = `/dashboard/people/${scene.member.accountId}`;
    const page = await scene.admin.get(path);
    expect(page.text).toContain('value="2090-05-06"');
    const saved = await scene.admin.post(`${path}/bounds`, {
      more_models: 'gpt-*\nclaude-*',
      expires_at: '',
    });
    expect(saved.status).toBe(303);
    expect(await codeOf()).toBe('served');
    expect((await scene.member.get(path)).status).toBe(403);
    const own = await scene.member.api('PATCH', `/accounts/${scene.member.accountId}`, { models: null });
    expect(own.status).toBe(403);
  });
});
