// Deleting an account deletes everything that identifies the person; its spend stays under its id.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { managementLimits } from '../../../src/dashboard/api/limits.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { ConversationStore } from '../../../src/routing/conversation-store.ts';
import { logIn, openDashboard, origin, password } from '../dashboard/open-dashboard.ts';
import { addChannels } from '../routes/open-relay.ts';
import { jsonBody } from '../routes/routes.ts';
import { logRow } from '../stores/rows.ts';
import { emptyDatabase, relay } from './relay.ts';

const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
const name = 'Robert Personal';
const email = 'robert@personal.example';

/** Returns every table of the database as text, without the sign-in counters of networks, which name no account. */
async function everything(): Promise<string> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*'`,
  ).all<{ name: string }>();
  const tables = await env.DB.batch(results.map((table) => env.DB.prepare(`SELECT * FROM ${table.name}`)));
  const rows = tables.flatMap(({ results: all }) => all as Record<string, unknown>[]);
  return JSON.stringify(rows.filter((row) => !String(row.counted_for).startsWith('address ')));
}

describe('deletion of an account', () => {
  let scene: Awaited<ReturnType<typeof openDashboard>>;
  beforeEach(async () => {
    scene = await openDashboard();
    scene.relay.upstream = () => Response.json({ id: 'c', object: 'chat.completion', choices: [], usage });
    await addChannels(scene.relay);
  });

  const send = (token: string) =>
    scene.relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(jsonBody('gpt-4o')),
    });

  /** Creates an account from an invitation that has used every feature. */
  async function newcomer() {
    const { secret } = (await scene.admin.api('POST', '/invites', { name: 'Robert Invited' })).body;
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin };
    await scene.relay.fetch('/dashboard/invite', {
      method: 'POST',
      redirect: 'manual',
      headers: form,
      body: String(new URLSearchParams({ secret, name, email, password })),
    });
    const id = (await scene.accounts.findByEmail(email))?.id ?? '';
    await logIn(scene.relay, email, 'wrong', '198.51.100.77');
    const login = await logIn(scene.relay, email, password);
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const api = (method: string, path: string, body?: object) =>
      scene.relay.fetch(`/api${path}`, {
        method,
        headers: { cookie, origin, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    const token = (await api('POST', '/tokens', { name: `${name}’s laptop` })).body.token;
    const { key } = (await api('POST', '/access-keys', { name: `${name}’s key` })).body;
    expect((await send(token)).status).toBe(200);
    await scene.admin.api('PATCH', `/accounts/${id}`, { name: 'Robert Renamed', group: 'default' });
    await env.DB.batch([
      env.DB.prepare(`INSERT INTO identities VALUES ('github', '7', ?, 'robert-at-github', 1)`).bind(id),
      env.DB.prepare(`INSERT INTO passkeys VALUES ('cred', ?, 'Robert’s phone', 'k', 0, 1, 1)`).bind(id),
      env.DB.prepare(`INSERT INTO conversations VALUES ('conv', ?, 'robert’s words', 9e15)`).bind(id),
      env.DB.prepare(`INSERT INTO upstream_ids VALUES ('resp', ?, 'ch', NULL, 'm', 1)`).bind(id),
    ]);
    return { id, token, key, cookie, api };
  }

  it('deletes the name, email and address of a person, and keeps what the account spent', async () => {
    const { id } = await newcomer();
    await appendRows(env.DB, [logRow({ accountId: id })]);
    const personal = /robert|198\.51\.100\.77/i;
    expect(await everything()).toMatch(personal);
    const sums = async () =>
      env.DB.prepare(
        'SELECT SUM(cost_nano_usd) AS cost, COUNT(*) AS rows FROM request_log WHERE account_id = ?',
      )
        .bind(id)
        .first();
    const before = await sums();
    expect((await scene.admin.api('DELETE', `/accounts/${id}`)).status).toBe(204);
    expect(await everything()).not.toMatch(personal);
    expect(await sums()).toEqual(before);
    expect(before).toMatchObject({ rows: 1 });
    for (const table of [
      'identities',
      'passkeys',
      'conversations',
      'upstream_ids',
      'sessions',
      'access_keys',
    ]) {
      const left = await env.DB.prepare(`SELECT COUNT(*) AS n FROM ${table} WHERE account_id = ?`)
        .bind(id)
        .first('n');
      expect([table, left]).toEqual([table, 0]);
    }
    const { data } = (await scene.admin.api('GET', '/audit')).body;
    expect(data[0]).toMatchObject({
      event: 'account-deleted',
      path: `/accounts/${id}`,
      detail: '',
      account_id: 'acc_admin',
    });
    expect(data.some((row: { account_id: string }) => row.account_id === id)).toBe(true);
  });

  it('revokes the tokens, access keys, sessions and password of a deleted account', async () => {
    const { id, token, key, cookie, api } = await newcomer();
    expect((await scene.admin.api('DELETE', `/accounts/${id}`)).status).toBe(204);
    const refused = await send(token);
    expect([refused.status, refused.body.error.code]).toEqual([401, 'invalid_api_key']);
    const withKey = await scene.relay.fetch('/api/tokens', { headers: { authorization: `Bearer ${key}` } });
    expect([withKey.status, (await api('GET', '/tokens')).status]).toEqual([401, 401]);
    const page = await scene.relay.fetch('/', { headers: { cookie }, redirect: 'manual' });
    expect(page.headers.get('location')).toBe('/dashboard/login');
    expect((await logIn(scene.relay, email, password)).status).toBe(401);
    expect((await scene.admin.api('GET', `/accounts/${id}`)).status).toBe(404);
    expect((await scene.admin.api('DELETE', `/accounts/${id}`)).status).toBe(404);
    const edited = await scene.admin.api('PATCH', `/accounts/${id}`, { status: 'active' });
    expect(edited.status).toBe(404);
    const ids = (await scene.admin.api('GET', '/accounts')).body.data.map((one: { id: string }) => one.id);
    expect(ids).not.toContain(id);
  });

  it('does not restore a deleted account on import, and stores no response that ends after the deletion', async () => {
    const { id } = await newcomer();
    const document = (await scene.admin.api('GET', '/export')).body;
    await scene.admin.api('DELETE', `/accounts/${id}`);
    expect((await scene.admin.api('POST', '/import', document)).status).toBe(200);
    expect((await scene.admin.api('GET', `/accounts/${id}`)).status).toBe(404);
    expect(await everything()).not.toContain(email);
    await new ConversationStore(env.DB).put('late', id, 'robert’s last words', 9e15);
    expect(await everything()).not.toContain('last words');
  });

  it('deletes an account from its page, and refuses one’s own account and the ADMIN_KEY account', async () => {
    const { id } = await newcomer();
    const path = `/dashboard/people/${id}`;
    expect((await scene.admin.get(path)).text).toContain(`href="${path}/delete"`);
    const confirmation = await scene.admin.get(`${path}/delete`);
    expect([confirmation.status, confirmation.text.includes(email)]).toEqual([200, true]);
    expect((await scene.member.post(`${path}/delete`)).status).toBe(403);
    expect((await scene.admin.post(`${path}/delete`)).status).toBe(303);
    expect((await scene.admin.get(path)).status).toBe(404);
    expect((await scene.admin.api('DELETE', '/accounts/acc_admin')).status).toBe(409);
    await scene.admin.api('PATCH', '/accounts/acc_bob', { role: 'admin' });
    for (const kept of ['acc_bob', 'acc_admin']) {
      const refused = await scene.member.api('DELETE', `/accounts/${kept}`);
      expect([refused.status, refused.body.title]).toEqual([409, 'Conflict']);
      expect((await scene.member.post(`/dashboard/people/${kept}/delete`)).status).toBe(409);
    }
    expect((await scene.other.api('DELETE', '/accounts/acc_bob')).status).toBe(403);
  });
});

describe('unfinished deletion of an account', () => {
  beforeEach(async () => {
    await emptyDatabase();
    await env.DB.prepare(
      `INSERT INTO accounts (id, name, role, created_at) VALUES ('acc_2', 'Two', 'member', 5)`,
    ).run();
  });

  it('answers 503 while a ledger is unavailable, stops the account meanwhile, and finishes on repetition', async () => {
    const { call, ledgers } = relay();
    await call('POST', '/tokens', { name: 'one' });
    await env.DB.prepare(`UPDATE tokens SET account_id = 'acc_2'`).run();
    ledgers.away = true;
    const refused = await call('DELETE', '/accounts/acc_2');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await call('GET', '/accounts/acc_2')).body).toMatchObject({ status: 'disabled', name: 'Two' });
    ledgers.away = false;
    expect((await call('DELETE', '/accounts/acc_2')).status).toBe(204);
  });

  it('asks for repetition when an account has more tokens than one call deletes', async () => {
    const { call } = relay();
    const count = managementLimits.tokensDeletedAtOnce;
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO tokens (id, account_id, name, hint, created_at) SELECT 'tok_' || i, 'acc_2', 't', 'h', i FROM n`,
    )
      .bind(count)
      .run();
    expect((await call('DELETE', '/accounts/acc_2')).status).toBe(503);
    expect((await call('DELETE', '/accounts/acc_2')).status).toBe(204);
  });
});
