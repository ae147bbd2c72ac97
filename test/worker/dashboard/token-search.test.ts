// A token is found by its name, by the last characters of its secret, or by the whole secret, which stays secret.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { openDashboard, type Person } from './open-dashboard.ts';

async function newToken(person: Person, name: string): Promise<{ id: string; token: string }> {
  return (await person.api('POST', '/tokens', { name })).body;
}

const namesOf = async (person: Person, search: string) =>
  (await person.api('GET', `/tokens?search=${encodeURIComponent(search)}`)).body.data.map(
    (one: { name: string }) => one.name,
  );

it('finds a token by the end of its secret, however much of it is known', async () => {
  const { member, other } = await openDashboard();
  const { token } = await newToken(member, 'Slack bot');
  await newToken(member, 'Website');
  for (const known of [
    token.slice(-4),
    token.slice(-9),
    `sk-oo8-…${token.slice(-4)}`,
    `…${token.slice(-4)} `,
  ]) {
    expect([known, await namesOf(member, known)]).toEqual([known, ['Slack bot']]);
  }
  expect(await namesOf(other, token.slice(-4))).toEqual([]);
  const swapped = token
    .slice(-4)
    .replace(/[a-zA-Z]/g, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
  if (swapped !== token.slice(-4)) expect(await namesOf(member, swapped)).toEqual([]);
  expect(await namesOf(member, token.slice(-3))).toEqual([]);
});

it('opens the token of a whole secret, also of one that is still accepted after a rotation', async () => {
  const { admin, member, other } = await openDashboard();
  const { id, token } = await newToken(member, 'Leaked');
  await member.api('POST', `/tokens/${id}/rotate`, { overlap_seconds: 3600 });
  const search = (person: Person, secret: string) =>
    person.post('/dashboard/tokens/search', { search: ` ${secret} ` });
  for (const person of [admin, member]) {
    const reply = await search(person, token);
    expect([reply.status, reply.headers.get('location')]).toEqual([303, `/dashboard/tokens/${id}`]);
  }
  // For others it does not exist, and the address that follows has only the hint.
  const hidden = (await search(other, token)).headers.get('location') ?? '';
  expect(decodeURIComponent(hidden)).toBe(`/dashboard/tokens?search=sk-oo8-…${token.slice(-4)}`);
  const audit = await env.DB.prepare('SELECT group_concat(path || detail) AS text FROM audit').first('text');
  expect(audit).not.toContain(token);
  expect(audit).not.toContain('lookup');
});

it('sends every other search on to the list, with the filters and the order', async () => {
  const { member } = await openDashboard();
  const fields = { search: 'Slack bot', status: 'active', sort: 'name', order: 'asc', account: '' };
  const reply = await member.post('/dashboard/tokens/search', fields);
  expect(reply.headers.get('location')).toBe(
    '/dashboard/tokens?search=Slack+bot&status=active&sort=name&order=asc',
  );
});

it('refuses to look up what is no token', async () => {
  const { member } = await openDashboard();
  const { token } = await newToken(member, 'x');
  const reply = await member.api('POST', '/tokens/lookup', { secret: 'sk-proj-0123' });
  expect([reply.status, reply.body.errors[0].field]).toEqual([400, 'secret']);
  expect((await member.api('POST', '/tokens/lookup', { secret: token })).body.hint).toContain(
    token.slice(-4),
  );
});
