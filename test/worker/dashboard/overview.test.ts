// The overview page: its alerts, who sees them, and the figures of a range.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { alertsOf as deploymentAlerts } from '../../../src/alerts/alerts.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { openDashboard, origin } from './open-dashboard.ts';

const alertsOf = (text: string) => /<article class="attention">(.*?)<\/article>/s.exec(text)?.[1] ?? '';

async function rows(fields: Partial<Parameters<typeof logRow>[0]>[]) {
  const createdAtMs = Date.now() - 60_000;
  await appendRows(
    env.DB,
    fields.map((row, index) => logRow({ id: `r${index}`, createdAtMs, ...row })),
    [],
  );
}

/** Ends incidents that ledgers of earlier files reported after their stores were emptied. */
async function endIncidents() {
  const alerts = deploymentAlerts(env.HEALTH);
  const open = await alerts.openIncidents();
  await alerts.report(
    open.map(({ event, subject, facts }) => ({ event, subject, facts, status: 'resolved' })),
  );
}

it('shows no alerts when nothing needs attention', async () => {
  const { admin } = await openDashboard();
  await endIncidents();
  expect(alertsOf((await admin.get('/')).text)).toBe('');
});

it('redirects from shorter and longer paths to the overview', async () => {
  const { admin } = await openDashboard();
  const landing = async (path: string) => (await admin.get(path)).headers.get('location');
  expect(await landing('/dashboard')).toBe('/');
  expect(await landing('/dashboard/')).toBe(`${origin}/dashboard`);
  expect(await landing('/dashboard/tokens/?q=a')).toBe(`${origin}/dashboard/tokens?q=a`);
});

it('shows an alert for a nearly spent token only', async () => {
  const { admin, member, other } = await openDashboard();
  const near = (await member.api('POST', '/tokens', { name: 'nearly', quota_usd: 10 })).body.id;
  const far = (await member.api('POST', '/tokens', { name: 'hardly', quota_usd: 10 })).body.id;
  const spend = 'UPDATE tokens SET spent_nano_usd = ? WHERE id = ?';
  await env.DB.batch([
    env.DB.prepare(spend).bind(9_000_000_000, near),
    env.DB.prepare(spend).bind(8_999_999_999, far),
  ]);
  for (const person of [admin, member]) {
    const alerts = alertsOf((await person.get('/')).text);
    expect(alerts).toContain(`<a href="/dashboard/tokens/${near}">nearly</a>: $9.00 of $10.00`);
    expect(alerts).not.toContain('hardly');
  }
  expect(alertsOf((await other.get('/')).text)).toBe('');
});

it('shows an alert for an account that has nearly spent the budget of this period', async () => {
  const { admin, member, other } = await openDashboard();
  await admin.api('PATCH', '/accounts/acc_bob', { budget: { usd: 1, period: 'month' } });
  await admin.api('PATCH', '/accounts/acc_eve', { budget: { usd: 1, period: 'month' } });
  const before = Date.now() - 40 * 86_400_000;
  await rows([
    { accountId: 'acc_bob', tokenId: 'tok_b', costNanoUsd: 900_000_000 },
    { accountId: 'acc_eve', tokenId: 'tok_e', costNanoUsd: 899_999_999 },
    { accountId: 'acc_eve', tokenId: 'tok_e', costNanoUsd: 900_000_000, createdAtMs: before },
  ]);
  for (const person of [admin, member]) {
    const alerts = alertsOf((await person.get('/')).text);
    expect(alerts).toContain('acc_bob</a>: $0.90 of $1.00');
    expect(alerts).not.toContain('acc_eve');
  }
  expect(alertsOf((await other.get('/')).text)).toBe('');
});

it('links a member’s budget alert to the own account and an admin’s to the accounts', async () => {
  const { admin, member, other } = await openDashboard();
  await admin.api('PATCH', '/accounts/acc_bob', { budget: { usd: 1, period: 'week' } });
  await rows([{ accountId: 'acc_bob', tokenId: 'tok_b', costNanoUsd: 950_000_000 }]);
  for (const [person, address] of [
    [admin, '/dashboard/people'],
    [member, '/dashboard/account'],
  ] as const) {
    expect(alertsOf((await person.get('/')).text)).toContain(`<a href="${address}">acc_bob</a>`);
    expect((await person.get(address)).status).toBe(200);
  }
  const own = (await member.get('/dashboard/account')).text;
  expect(own).toContain('The limit for all your tokens together, per week');
  expect(own).toMatch(/\$0\.95 <span class="quiet">of \$1\.00/);
  for (const { get } of [admin, other])
    expect((await get('/dashboard/account')).text).not.toContain('of $1.00');
});

it('shows admins used models without a price and unavailable channels', async () => {
  const { relay, admin, member } = await openDashboard();
  const { id } = await relay.channel({
    name: 'Cellar',
    provider: 'openai',
    keys: ['sk-0123456789abcdef'],
    models: ['gpt-4o', 'house-blend'],
  });
  await rows([
    { requestedModel: 'house-blend', costNanoUsd: null, status: 200 },
    { requestedModel: 'gpt-4o', costNanoUsd: 5, status: 200 },
  ]);
  relay.upstream = () => Response.json({ error: { message: 'no such key' } }, { status: 401 });
  const { token } = await relay.token();
  await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'x' }] }),
  });
  const alerts = alertsOf((await admin.get('/')).text);
  expect(alerts).toContain(
    'no price: <a href="/dashboard/models?price=house-blend#set-price">house-blend</a>',
  );
  expect(alerts).not.toContain('>gpt-4o<');
  expect(alerts).toMatch(new RegExp(`Key rejected</span> <a href="/dashboard/channels/${id}">Cellar</a>`));
  expect(alertsOf((await member.get('/')).text)).toBe('');
  await admin.api('PUT', '/prices/house-blend', { input: 1, output: 1 });
  expect(alertsOf((await admin.get('/')).text)).not.toContain('house-blend');
});

it('sums spend, requests, tokens, errors and first byte, by model, token and channel', async () => {
  const { admin, member } = await openDashboard();
  const tokenId = (await admin.api('POST', '/tokens', { name: 'Website' })).body.id;
  const row = { tokenId, accountId: 'acc_admin', channelId: 'ch_1', requestedModel: 'gpt-4o' };
  await rows([
    { ...row, costNanoUsd: 1_500_000_000, inputTokens: 1_000, outputTokens: 500, ttfbMs: 100 },
    { ...row, costNanoUsd: 500_000_000, inputTokens: 100, outputTokens: 50, ttfbMs: 300 },
    { ...row, costNanoUsd: null, inputTokens: 0, outputTokens: 0, ttfbMs: null, status: 500 },
  ]);
  const { text } = await admin.get('/?range=week');
  const figures = [...text.matchAll(/<dt>([^<]+)<\/dt><dd>([^<]+)<\/dd>/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  expect(figures).toEqual([
    ['Spend', '$2.00'],
    ['Requests', '3'],
    ['Tokens', '1,650'],
    ['Errors', '1 (33%)'],
    ['Time to first byte', '200 ms'],
  ]);
  expect(text).toContain(`<a href="/dashboard/tokens/${tokenId}">Website</a>`);
  expect(text).toContain('<a href="/dashboard/logs?channel=ch_1">ch_1</a>');
  const top = (await admin.api('GET', '/usage/top')).body;
  expect(top.models.map(({ key }: { key: string }) => key)).toEqual(['gpt-4o']);
  expect(top.tokens[0]).toMatchObject({ key: tokenId, requests: 3, errors: 1, cost_usd: 2, ttfb_ms: 200 });
  expect((await member.api('GET', '/usage/top')).body.tokens).toEqual([]);
});
