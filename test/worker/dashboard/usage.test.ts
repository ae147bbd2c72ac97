// The page of usage: ranges, groupings, totals, links to the log, and whose usage it is.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { managementLimits } from '../../../src/dashboard/api/limits.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { openDashboard } from './open-dashboard.ts';

const rowsOf = (text: string) => {
  const table = /<table class="totals">.*?<\/table>/s.exec(text)?.[0] ?? '';
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    row.split(/<\/t[dh]>/).map((cell) => cell.replace(/<[^>]+>/g, '')),
  );
};

async function spend(tokens: { bob: string; eve: string }) {
  const createdAtMs = Date.now() - 60_000;
  const bob = { accountId: 'acc_bob', tokenId: tokens.bob, createdAtMs, status: 200 };
  const eve = { accountId: 'acc_eve', tokenId: tokens.eve, createdAtMs, status: 200 };
  await appendRows(
    env.DB,
    [
      logRow({ id: 'r1', ...bob, requestedModel: 'gpt-4o', costNanoUsd: 3_000_000_000 }),
      logRow({ id: 'r2', ...bob, requestedModel: 'claude-opus-4-5', costNanoUsd: 1_000_000_000 }),
      logRow({ id: 'r3', ...eve, requestedModel: 'gpt-4o', costNanoUsd: 4_000_000_000 }),
    ],
    [],
  );
}

async function openWithUsage() {
  const dashboard = await openDashboard();
  const bob = (await dashboard.member.api('POST', '/tokens', { name: 'Website' })).body.id;
  const eve = (await dashboard.other.api('POST', '/tokens', { name: 'Reports' })).body.id;
  await spend({ bob, eve });
  return { ...dashboard, bob, eve };
}

it('shows this month by model, with shares, totals, a chart, and links to the log', async () => {
  const { admin } = await openWithUsage();
  const { text } = await admin.get('/dashboard/usage?range=7d');
  const [, first, second, total] = rowsOf(text);
  expect(first?.slice(0, 4)).toEqual(['gpt-4o', '$7.00', '88%', '2']);
  expect(second?.slice(0, 4)).toEqual(['claude-opus-4-5', '$1.00', '13%', '1']);
  expect(total?.slice(0, 4)).toEqual(['Total', '$8.00', '100%', '3']);
  expect(text).toMatch(/href="\/dashboard\/logs\?model=gpt-4o&amp;from=[\d-]+&amp;to=[\d-]+"/);
  expect(text).toContain('<h2>Spend by model</h2>');
  expect(text).toMatch(/<rect class="s1"/);
  expect(text).toMatch(/href="\/api\/usage\.csv\?from=[^"]+group_by=model"/);
});

it('groups by two, and names tokens and people', async () => {
  const { admin } = await openWithUsage();
  const rows = rowsOf((await admin.get('/dashboard/usage?range=7d&by=token&and=model')).text);
  expect(rows.slice(1).map((row) => row.slice(0, 3))).toEqual([
    ['Reports', 'gpt-4o', '$4.00'],
    ['Website', 'gpt-4o', '$3.00'],
    ['Website', 'claude-opus-4-5', '$1.00'],
    ['Total', '$8.00', '100%'],
  ]);
  const people = rowsOf((await admin.get('/dashboard/usage?range=7d&by=account')).text);
  expect(people.slice(1, 3).map((row) => row[1])).toEqual(['$4.00', '$4.00']);
  const one = rowsOf((await admin.get('/dashboard/usage?range=7d&token=Website')).text);
  expect(one.at(-1)?.[1]).toBe('$4.00');
});

it('shows members their own usage only, and no grouping of admins', async () => {
  const { member, eve } = await openWithUsage();
  const { text } = await member.get('/dashboard/usage?range=7d&by=account');
  expect(
    rowsOf(text)
      .slice(1)
      .map(([name, usd]) => [name, usd]),
  ).toEqual([
    ['gpt-4o', '$3.00'],
    ['claude-opus-4-5', '$1.00'],
    ['Total', '$4.00'],
  ]);
  expect(text).not.toContain('value="channel"');
  const others = await member.get(`/dashboard/usage?range=7d&token=${eve}`);
  expect(others.text).toContain('<div class="empty">');
});

it('says what is wrong with a range, and when there is nothing', async () => {
  const { admin } = await openDashboard();
  const wrong = await admin.get('/dashboard/usage?range=custom&from=2026-12-02&to=2026-12-01');
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('Enter a first day')]);
  expect((await admin.get('/dashboard/usage')).text).toContain('<div class="empty">');
});

it('draws the groups that are on top, and the others as one', async () => {
  const { admin } = await openDashboard();
  const row = { accountId: 'acc_bob', tokenId: 'tok_b', createdAtMs: Date.now() - 60_000, status: 200 };
  const rows = Array.from({ length: 9 }, (_, index) =>
    logRow({
      id: `r${index}`,
      ...row,
      requestedModel: `m${index}`,
      costNanoUsd: (9 - index) * 1_000_000_000,
    }),
  );
  await appendRows(env.DB, rows, []);
  const { text } = await admin.get('/dashboard/usage?range=24h');
  const legend = /<ul class="legend">(.*?)<\/ul>/s.exec(text)?.[1] ?? '';
  const labels = [...legend.matchAll(/<\/svg>([^<]+)</g)].map(([, label]) => label);
  expect(labels).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'Others']);
  expect(text).toContain('Others: $6.00');
});

it('narrows sums to keys without widening what a member sees', async () => {
  const { admin, member, bob, eve } = await openWithUsage();
  const path = (by: string, ...keys: string[]) =>
    `/usage?group_by=${by}${keys.map((key) => `&only=${key}`).join('')}`;
  const sum = async (person: typeof admin, by: string, ...keys: string[]) =>
    (await person.api('GET', path(by, ...keys))).body.total.cost_usd;
  expect(await sum(admin, 'day,token', bob)).toBe(4);
  expect(await sum(admin, 'day,token', bob, eve)).toBe(8);
  expect(await sum(member, 'token', eve)).toBe(0);
  expect(await sum(member, 'account', 'acc_eve')).toBe(0);
  expect((await admin.api('GET', path('day', bob))).status).toBe(400);
  const many = Array.from({ length: managementLimits.usageKeys + 1 }, (_, index) => `k${index}`);
  expect((await admin.api('GET', path('token', ...many))).status).toBe(400);
  expect((await admin.api('GET', path('token', ...many.slice(1)))).status).toBe(200);
});

it('shows what a project spent by model, from the values of a tag', async () => {
  const { member } = await openDashboard();
  const createdAtMs = Date.now() - 60_000;
  const row = { accountId: 'acc_bob', tokenId: 'tok_b', createdAtMs, status: 200, requestedModel: 'gpt-4o' };
  await appendRows(
    env.DB,
    [
      logRow({ id: 'r1', ...row, tags: ['project=alpha'], costNanoUsd: 3_000_000_000 }),
      logRow({ id: 'r2', ...row, tags: ['project=beta'], costNanoUsd: 1_000_000_000 }),
    ],
    [],
  );
  const { text } = await member.get('/dashboard/usage?range=24h&by=tag&and=model');
  expect(
    rowsOf(text)
      .slice(1, 3)
      .map((cells) => cells.slice(0, 3)),
  ).toEqual([
    ['alpha', 'gpt-4o', '$3.00'],
    ['beta', 'gpt-4o', '$1.00'],
  ]);
  expect(text).toContain('/dashboard/logs?tag=project%3Dalpha');
});
