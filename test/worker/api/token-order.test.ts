// The token list in every order and page size: complete, without repeats or gaps.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { emptyDatabase, relay } from './relay.ts';

/** Tokens with names that differ only in case, with equal spend, and some that were never used. */
const tokens = [
  { id: 'tok_a', name: 'beta', createdAt: 3, lastUsed: null, spent: 5 },
  { id: 'tok_b', name: 'Alpha', createdAt: 1, lastUsed: 9, spent: 5 },
  { id: 'tok_c', name: 'alpha', createdAt: 2, lastUsed: null, spent: 7 },
  { id: 'tok_d', name: 'Beta', createdAt: 2, lastUsed: 4, spent: 0 },
  { id: 'tok_e', name: 'gamma', createdAt: 5, lastUsed: 9, spent: 0 },
];

beforeEach(async () => {
  await emptyDatabase();
  const insert = `INSERT INTO tokens (id, account_id, name, hint, created_at, last_used_at, spent_nano_usd)
    VALUES (?, 'acc_admin', ?, 'h', ?, ?, ?)`;
  await env.DB.batch(
    tokens.map(({ id, name, createdAt, lastUsed, spent }) =>
      env.DB.prepare(insert).bind(id, name, createdAt, lastUsed, spent),
    ),
  );
});

const ascending: Record<string, string> = {
  created: 'b c d a e',
  name: 'b c a d e',
  last_used: 'a c d b e',
  spent: 'd e a b c',
};

async function all(query: string, limit: number): Promise<string> {
  const { call } = relay();
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await call('GET', `/tokens?limit=${limit}${query}${cursor && `&cursor=${cursor}`}`);
    ids.push(...body.data.map(({ id }: { id: string }) => id.slice(4)));
    cursor = body.next_cursor;
  }
  return ids.join(' ');
}

it.each(Object.entries(ascending))(
  'sorts tokens by %s, in both directions, in pages of any size',
  async (sort, expected) => {
    const backwards = expected.split(' ').reverse().join(' ');
    for (const limit of [1, 2, 3, 50]) {
      expect(await all(`&sort=${sort}&order=asc`, limit)).toBe(expected);
      expect(await all(`&sort=${sort}`, limit)).toBe(backwards);
    }
  },
);

it('sorts newest first by default, and sorts what the filters match', async () => {
  expect(await all('', 2)).toBe('e a d c b');
  expect(await all('&sort=name&order=asc&search=alpha', 1)).toBe('b c');
});

it('rejects a cursor of another order', async () => {
  const { call } = relay();
  const { next_cursor } = (await call('GET', '/tokens?limit=1&sort=name')).body;
  const { status, body } = await call('GET', `/tokens?sort=spent&cursor=${next_cursor}`);
  expect([status, body.errors[0].field]).toEqual([400, 'cursor']);
});
