import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashSecret, isWellFormedSecret } from '../../../src/tokens/secret.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const full = {
  name: ' Build bot ',
  quota_usd: 12.345678901,
  budget: { usd: 1.5, period: 'week' },
  models: ['gpt-4o', 'claude-*'],
  allowed_ips: ['192.0.2.1', '2001:db8::/32'],
  expires_at: '2027-01-31T01:00:00+01:00',
  limits: { rpm: 60, tpm: null, concurrency: 4 },
  tags: ['project=apollo'],
  note: 'For the builds.',
  include_cost: true,
};

describe('creation of a token', () => {
  it('returns the value of a new token once and stores only its hash', async () => {
    const { call } = relay();
    const { status, body } = await call('POST', '/tokens', full);
    expect(status).toBe(201);
    expect(isWellFormedSecret(body.token)).toBe(true);
    expect(body).toEqual({
      id: expect.stringMatching(/^tok_[0-9A-Za-z]{16}$/),
      token: body.token,
      hint: `sk-oo8-…${body.token.slice(-4)}`,
      name: 'Build bot',
      status: 'active',
      account_id: 'acc_admin',
      group: 'default',
      created_at: '2026-11-01T12:00:00.000Z',
      last_used_at: null,
      expires_at: '2027-01-31T00:00:00.000Z',
      quota_usd: 12.345678901,
      spent_usd: 0,
      remaining_usd: 12.345678901,
      budget: { usd: 1.5, period: 'week' },
      models: ['gpt-4o', 'claude-*'],
      allowed_ips: ['192.0.2.1', '2001:db8::/32'],
      limits: { rpm: 60, concurrency: 4 },
      tags: ['project=apollo'],
      note: 'For the builds.',
      include_cost: true,
      admin: null,
      account: null,
    });
    const one = await call('GET', `/tokens/${body.id}`);
    expect(JSON.stringify(one.body)).not.toContain(body.token);
    expect(JSON.stringify(one.body)).not.toContain(hashSecret(body.token));
    const found = await new TokenStore(env.DB).findByHash(hashSecret(body.token));
    expect(found?.policy.tokenId).toBe(body.id);
  });

  it('requires a name and nothing else', async () => {
    const { body } = await relay().call('POST', '/tokens', { name: 'x' });
    expect(body).toMatchObject({
      quota_usd: null,
      remaining_usd: null,
      budget: null,
      models: [],
      limits: {},
      tags: [],
      note: '',
      include_cost: false,
    });
  });

  it('reads a quota of 0 back as unlimited', async () => {
    const { body } = await relay().call('POST', '/tokens', { name: 'x', quota_usd: 0 });
    expect(body.quota_usd).toBeNull();
  });

  it('registers a new token with the ledger and the cache before it answers', async () => {
    const { call, ledgers } = relay();
    const { body } = await call('POST', '/tokens', full);
    expect(ledgers.policies.get(body.id)).toMatchObject({ version: 1, quotaNanoUsd: 12_345_678_901 });
    const identity = await env.CACHE.get(`token:${hashSecret(body.token)}`, 'json');
    expect(identity).toMatchObject({
      tokenId: body.id,
      version: 1,
      accountId: 'acc_admin',
      group: 'default',
    });
  });

  it('leaves nothing behind when the ledger is unavailable', async () => {
    const { call, ledgers } = relay();
    ledgers.away = true;
    const { status, body, headers } = await call('POST', '/tokens', full);
    expect([status, headers.get('retry-after')]).toEqual([503, '2']);
    expect(body.detail).toContain('no token was created');
    expect((await call('GET', '/tokens')).body.data).toEqual([]);
  });
});

describe('invalid fields', () => {
  const thousand = Array.from({ length: 1_001 }, (_, index) => `model-${index}`);
  const wrong: [string, object, string][] = [
    ['no name', {}, 'name'],
    ['an empty name', { name: '  ' }, 'name'],
    ['a long name', { name: 'x'.repeat(201) }, 'name'],
    ['a name that is not text', { name: 7 }, 'name'],
    ['a negative quota', { name: 'x', quota_usd: -1 }, 'quota_usd'],
    ['a quota with ten decimals', { name: 'x', quota_usd: 0.1234567891 }, 'quota_usd'],
    ['a quota as text', { name: 'x', quota_usd: '5' }, 'quota_usd'],
    ['a quota beyond exact integers', { name: 'x', quota_usd: 1e8 }, 'quota_usd'],
    ['a budget of 0', { name: 'x', budget: { usd: 0, period: 'day' } }, 'budget.usd'],
    ['a budget without period', { name: 'x', budget: { usd: 1 } }, 'budget.period'],
    ['an unknown period', { name: 'x', budget: { usd: 1, period: 'year' } }, 'budget.period'],
    ['an empty model', { name: 'x', models: ['gpt-4o', ''] }, 'models.1'],
    ['too many models', { name: 'x', models: thousand }, 'models'],
    ['an invalid address', { name: 'x', allowed_ips: ['10.0.0.0/8', '300.1.1.1'] }, 'allowed_ips.1'],
    ['a shorthand address', { name: 'x', allowed_ips: ['10.1'] }, 'allowed_ips.0'],
    ['a range too wide', { name: 'x', allowed_ips: ['10.0.0.0/33'] }, 'allowed_ips.0'],
    ['an expiry that is not a date', { name: 'x', expires_at: 'tomorrow' }, 'expires_at'],
    ['an expiry after the year 9999', { name: 'x', expires_at: '9999-12-31T23:59:59-01:00' }, 'expires_at'],
    ['an expiry on a nonexistent day', { name: 'x', expires_at: '2027-02-30T00:00:00Z' }, 'expires_at'],
    ['a limit of 0', { name: 'x', limits: { rpm: 0 } }, 'limits.rpm'],
    ['a fractional limit', { name: 'x', limits: { tpm: 1.5 } }, 'limits.tpm'],
    ['an unknown limit', { name: 'x', limits: { rps: 1 } }, 'limits.rps'],
    ['an unknown field', { name: 'x', quota: 5 }, 'quota'],
    ['an unknown status', { name: 'x', status: 'deleted' }, 'status'],
    ['an unknown group', { name: 'x', group: 'vip' }, 'group'],
  ];
  it.each(wrong)('names the invalid field of a new token: %s', async (_, body, field) => {
    const answer = await relay().call('POST', '/tokens', body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
    expect(answer.body.detail).toContain(field);
  });

  it('names the invalid field of an edit', async () => {
    const { call } = relay();
    const { body } = await call('POST', '/tokens', { name: 'x' });
    const answer = await call('PATCH', `/tokens/${body.id}`, { quota_usd: -1, hint: 'y' });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'hint',
      'quota_usd',
    ]);
  });

  it('rejects a body that is no object', async () => {
    const answer = await relay().call('POST', '/tokens', '[]');
    expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'body']);
  });

  it('accepts the longest list of models and an expiry in the past', async () => {
    const body = { name: 'x', models: thousand.slice(1), expires_at: '2020-01-01' };
    const answer = await relay().call('POST', '/tokens', body);
    expect([answer.status, answer.body.expires_at]).toEqual([201, '2020-01-01T00:00:00.000Z']);
  });
});

describe('reading of tokens', () => {
  it('shows a token with the live figures of its ledger', async () => {
    const { call, ledgers } = relay();
    const { body } = await call('POST', '/tokens', { name: 'x', quota_usd: 2 });
    ledgers.spent.set(body.id, 1_500_000_001);
    expect((await call('GET', `/tokens/${body.id}`)).body).toMatchObject({
      spent_usd: 1.500000001,
      remaining_usd: 0.499999999,
      reserved_usd: 0.25,
      open_requests: 1,
    });
  });

  it('lists tokens newest first, in pages, without repeats', async () => {
    const { call } = relay();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await call('POST', '/tokens', { name });
    const first = (await call('GET', '/tokens?limit=3')).body;
    await call('POST', '/tokens', { name: 'late' });
    const second = (await call('GET', `/tokens?limit=3&cursor=${first.next_cursor}`)).body;
    const names = [...first.data, ...second.data].map(({ name }: { name: string }) => name);
    expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect(second.next_cursor).toBeNull();
  });

  it('filters tokens by name, status and account', async () => {
    const { call } = relay();
    for (const name of ['Alpha_1', 'Alpha21', 'beta']) await call('POST', '/tokens', { name });
    await call('POST', '/tokens', { name: 'off', status: 'disabled' });
    const names = async (query: string) =>
      (await call('GET', `/tokens?${query}`)).body.data.map(({ name }: { name: string }) => name);
    expect(await names('search=alpha')).toEqual(['Alpha21', 'Alpha_1']);
    expect(await names('search=alpha_')).toEqual(['Alpha_1']);
    expect(await names('status=disabled')).toEqual(['off']);
    expect(await names('account=acc_other')).toEqual([]);
    expect(await names('account=acc_admin&status=active&search=et')).toEqual(['beta']);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'status=deleted'])(
    'rejects the token query %s',
    async (query) => {
      const { status, body } = await relay().call('GET', `/tokens?${query}`);
      expect([status, body.errors[0].field]).toEqual([400, query.split('=')[0]]);
    },
  );

  it('answers 404 for an unknown token', async () => {
    const { call } = relay();
    for (const [method, path] of [
      ['GET', '/tokens/tok_none'],
      ['DELETE', '/tokens/tok_none'],
      ['POST', '/tokens/tok_none/rotate'],
    ] as const) {
      expect((await call(method, path)).status).toBe(404);
    }
    expect((await call('PATCH', '/tokens/tok_none', { name: 'y' })).status).toBe(404);
  });
});

describe('edits of a token', () => {
  it('changes the named fields, applies them at the ledger and updates the cache', async () => {
    const { call, ledgers } = relay();
    const made = (await call('POST', '/tokens', full)).body;
    const edit = { status: 'disabled', quota_usd: null, budget: null, limits: { tpm: 10 }, models: null };
    const { status, body } = await call('PATCH', `/tokens/${made.id}`, edit);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'Build bot',
      status: 'disabled',
      quota_usd: null,
      budget: null,
      models: [],
    });
    expect(body.limits).toEqual({ tpm: 10 });
    expect(ledgers.policies.get(made.id)).toMatchObject({
      version: 2,
      status: 'disabled',
      limits: { tpm: 10 },
    });
    const identity = await env.CACHE.get(`token:${hashSecret(made.token)}`, 'json');
    expect(identity).toMatchObject({ version: 2 });
  });

  it('reports an edit that is stored but not applied, and applies it on repetition', async () => {
    const { call, ledgers } = relay();
    const { id } = (await call('POST', '/tokens', full)).body;
    ledgers.away = true;
    const refused = await call('PATCH', `/tokens/${id}`, { status: 'disabled' });
    expect(refused.status).toBe(503);
    expect(refused.body.detail).toMatch(/stored, but may not be in force.*Repeat/);
    ledgers.away = false;
    expect((await call('PATCH', `/tokens/${id}`, { status: 'disabled' })).status).toBe(200);
    expect(ledgers.policies.get(id)).toMatchObject({ status: 'disabled', version: 3 });
  });

  it('loses none of many concurrent edits', async () => {
    const { call, ledgers } = relay();
    const { id } = (await call('POST', '/tokens', { name: 'x' })).body;
    const edits = [{ name: 'y' }, { quota_usd: 5 }, { models: ['m'] }, { limits: { rpm: 9 } }];
    await Promise.all(edits.map((edit) => call('PATCH', `/tokens/${id}`, edit)));
    expect(ledgers.policies.get(id)).toMatchObject({
      version: 5,
      quotaNanoUsd: 5e9,
      models: ['m'],
      limits: { rpm: 9 },
    });
  });
});

describe('rotation of a token', () => {
  it('revokes the old value at once without an overlap', async () => {
    const { call, ledgers } = relay();
    const made = (await call('POST', '/tokens', { name: 'x' })).body;
    const { status, body } = await call('POST', `/tokens/${made.id}/rotate`);
    expect(status).toBe(200);
    expect(body.token).not.toBe(made.token);
    expect(body.hint).toBe(`sk-oo8-…${body.token.slice(-4)}`);
    expect(ledgers.policies.get(made.id)?.hashes).toEqual([
      { hash: hashSecret(body.token), validUntilMs: null },
    ]);
    expect(await env.CACHE.get(`token:${hashSecret(made.token)}`)).toBeNull();
    expect(await new TokenStore(env.DB).findByHash(hashSecret(made.token))).toBeNull();
  });

  it('accepts the old value during the overlap', async () => {
    const { call, ledgers, clock } = relay();
    const made = (await call('POST', '/tokens', { name: 'x' })).body;
    clock.nowMs = Date.parse('2026-11-02T00:00:00Z');
    const { body } = await call('POST', `/tokens/${made.id}/rotate`, { overlap_seconds: 3600 });
    const hashes = ledgers.policies.get(made.id)?.hashes;
    expect(hashes).toHaveLength(2);
    expect(hashes).toContainEqual({
      hash: hashSecret(made.token),
      validUntilMs: Date.parse('2026-11-02T01:00:00Z'),
    });
    expect(hashes).toContainEqual({ hash: hashSecret(body.token), validUntilMs: null });
  });

  it('never extends an overlap, and deletes values whose overlap is over', async () => {
    const { call, ledgers, clock } = relay();
    const made = (await call('POST', '/tokens', { name: 'x' })).body;
    await call('POST', `/tokens/${made.id}/rotate`, { overlap_seconds: 60 });
    const end = ledgers.policies
      .get(made.id)
      ?.hashes.find(({ validUntilMs }) => validUntilMs !== null)?.validUntilMs;
    await call('POST', `/tokens/${made.id}/rotate`, { overlap_seconds: 600 });
    const hashes = ledgers.policies.get(made.id)?.hashes;
    expect(hashes).toContainEqual({ hash: hashSecret(made.token), validUntilMs: end });
    clock.nowMs += 120_000;
    await call('POST', `/tokens/${made.id}/rotate`, { overlap_seconds: 600 });
    expect(ledgers.policies.get(made.id)?.hashes.map(({ hash }) => hash)).not.toContain(
      hashSecret(made.token),
    );
  });

  it.each([-1, 604_801, 0.5, '60'])('rejects an overlap of %s', async (overlap_seconds) => {
    const { call } = relay();
    const { id } = (await call('POST', '/tokens', { name: 'x' })).body;
    const { status, body } = await call('POST', `/tokens/${id}/rotate`, { overlap_seconds });
    expect([status, body.errors[0].field]).toEqual([400, 'overlap_seconds']);
  });

  it('reveals no value when the ledger is unavailable, and rotates on repetition', async () => {
    const { call, ledgers } = relay();
    const made = (await call('POST', '/tokens', { name: 'x' })).body;
    ledgers.away = true;
    const refused = await call('POST', `/tokens/${made.id}/rotate`);
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).not.toContain('sk-oo8-');
    ledgers.away = false;
    const { body } = await call('POST', `/tokens/${made.id}/rotate`);
    expect(ledgers.policies.get(made.id)?.hashes).toEqual([
      { hash: hashSecret(body.token), validUntilMs: null },
    ]);
  });
});

describe('deletion of a token', () => {
  it('revokes a token at its ledger before anything else', async () => {
    const { call, ledgers } = relay();
    const made = (await call('POST', '/tokens', { name: 'x' })).body;
    ledgers.away = true;
    expect((await call('DELETE', `/tokens/${made.id}`)).status).toBe(503);
    expect((await call('GET', '/tokens')).body.data).toHaveLength(1);
    ledgers.away = false;
    expect((await call('DELETE', `/tokens/${made.id}`)).status).toBe(204);
    expect(ledgers.policies.get(made.id)?.status).toBe('deleted');
    expect((await call('GET', `/tokens/${made.id}`)).status).toBe(404);
    expect((await call('GET', '/tokens')).body.data).toEqual([]);
    expect((await call('DELETE', `/tokens/${made.id}`)).status).toBe(404);
    expect(await env.CACHE.get(`token:${hashSecret(made.token)}`)).toBeNull();
    expect(await new TokenStore(env.DB).findByHash(hashSecret(made.token))).toBeNull();
  });

  it('deletion wins over a concurrent edit', async () => {
    const { call, ledgers } = relay();
    const { id } = (await call('POST', '/tokens', { name: 'x' })).body;
    await Promise.all([
      call('PATCH', `/tokens/${id}`, { name: 'y' }),
      call('DELETE', `/tokens/${id}`),
      call('PATCH', `/tokens/${id}`, { name: 'z' }),
    ]);
    expect(ledgers.policies.get(id)?.status).toBe('deleted');
    expect((await call('GET', `/tokens/${id}`)).status).toBe(404);
  });
});
