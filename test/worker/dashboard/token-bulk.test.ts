// The list of tokens: actions on several of them, how many there are, and the way back to earlier pages.
import { beforeEach, expect, it } from 'vitest';
import { bulkLimits } from '../../../src/dashboard/pages/token-bulk.tsx';
import { openDashboard, origin, type Person } from './open-dashboard.ts';

let dashboard: Awaited<ReturnType<typeof openDashboard>>;
beforeEach(async () => {
  dashboard = await openDashboard();
});

async function newTokens(person: Person, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `t${String(index).padStart(2, '0')}`);
  const made = await Promise.all(names.map((name) => person.api('POST', '/tokens', { name })));
  return made.map(({ body }) => body.id);
}

/** Posts a form with several values of `token`. */
function postChosen(person: Person, path: string, action: string, ids: readonly string[]) {
  const body = String(new URLSearchParams([['action', action], ...ids.map((id) => ['token', id])]));
  const headers = { cookie: person.cookie, origin, 'content-type': 'application/x-www-form-urlencoded' };
  return dashboard.relay.fetch(path, { method: 'POST', redirect: 'manual', headers, body });
}

const chosen = '/dashboard/tokens/chosen';
const statuses = async (person: Person) =>
  (await person.api('GET', '/tokens?sort=name&order=asc')).body.data.map(
    ({ status }: { status: string }) => status,
  );

it('asks before several tokens are disabled, enabled, or deleted, and then changes only those', async () => {
  const { member } = dashboard;
  const [first = '', second = '', third = ''] = await newTokens(member, 3);
  expect((await member.get('/dashboard/tokens')).text).toContain(`value="${first}" form="chosen-tokens"`);
  const asked = await postChosen(member, chosen, 'disable', [first, second]);
  expect(asked.text).toContain('Disable 2 tokens?');
  expect(asked.text).toContain('t00, t01');
  expect(await statuses(member)).toEqual(['active', 'active', 'active']);
  const done = await postChosen(member, `${chosen}/confirmed`, 'disable', [first, second]);
  expect(done.headers.get('location')).toBe('/dashboard/tokens');
  expect(await statuses(member)).toEqual(['disabled', 'disabled', 'active']);
  await postChosen(member, `${chosen}/confirmed`, 'enable', [second]);
  expect(await statuses(member)).toEqual(['disabled', 'active', 'active']);
  // One that is gone already stops nothing.
  await postChosen(member, `${chosen}/confirmed`, 'delete', [first, 'tok_gone', third]);
  expect(await statuses(member)).toEqual(['active']);
});

it('changes no token of another account', async () => {
  const { member, other } = dashboard;
  const ids = await newTokens(member, 1);
  expect((await postChosen(other, chosen, 'delete', ids)).status).toBe(400);
  await postChosen(other, `${chosen}/confirmed`, 'delete', ids);
  expect(await statuses(member)).toEqual(['active']);
});

it('refuses no tokens, too many, and unknown actions', async () => {
  const { member } = dashboard;
  const many = Array.from({ length: bulkLimits.tokens + 1 }, (_, index) => `tok_${index}`);
  for (const path of [chosen, `${chosen}/confirmed`]) {
    expect((await postChosen(member, path, 'disable', [])).text).toContain(
      'Select at least one token first.',
    );
    expect((await postChosen(member, path, 'rename', ['tok_1'])).status).toBe(400);
    expect((await postChosen(member, path, 'delete', many)).text).toContain('Select at most 50 tokens.');
  }
  expect((await postChosen(member, `${chosen}/confirmed`, 'delete', many.slice(1))).status).toBe(303);
});

it('counts the tokens of all pages, and leads to the pages before', async () => {
  const { member } = dashboard;
  await newTokens(member, 52);
  const link = (text: string, name: string) =>
    new RegExp(`<a href="([^"]*)">${name}</a>`).exec(text)?.[1]?.replaceAll('&amp;', '&');
  const first = (await member.get('/dashboard/tokens?status=active')).text;
  expect(first).toContain('<p class="quiet">52 tokens</p>');
  expect(link(first, 'Previous page')).toBeUndefined();
  const second = (await member.get(link(first, 'Next page') ?? '')).text;
  expect(second.match(/name="token"/g)).toHaveLength(2);
  expect(link(second, 'Previous page')).toBe('/dashboard/tokens?status=active');
  expect((await member.api('GET', '/tokens?limit=1')).body.total).toBeUndefined();
  expect((await member.api('GET', '/tokens?limit=1&total=1&search=t0')).body.total).toBe(10);
});
