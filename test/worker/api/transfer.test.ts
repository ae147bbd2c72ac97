import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { encryptionKeyIdOf } from '../../../src/lib/seal.ts';
import { hashSecret } from '../../../src/tokens/secret.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

/** Creates a relay with one object of each kind. */
async function populate() {
  const there = relay();
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO accounts (id, name, email, role, status, created_at) VALUES ('acc_2', 'Two', 'two@example.com', 'member', 'active', 5)`,
    ),
    env.DB.prepare(`INSERT INTO groups VALUES ('vip', 900000, '["gpt-*"]', '[]', '{"rpm":5}', 3)`),
  ]);
  const channel = { name: 'c', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['*'] };
  await there.call('POST', '/channels', channel);
  await there.call('PUT', '/prices/meta%2Fllama', { input: 1, output: 2, request: 0.5 });
  const fields = { quota_usd: 10.000000001, budget: { usd: 1, period: 'month' }, limits: { rpm: 3 } };
  const more = { models: ['gpt-*'], allowed_ips: ['10.0.0.0/8'], expires_at: '2030-01-01', group: 'vip' };
  const one = (await there.call('POST', '/tokens', { name: 'one', ...fields, ...more })).body;
  const two = (await there.call('POST', '/tokens', { name: 'two', status: 'disabled' })).body;
  await there.call('POST', `/tokens/${one.id}/rotate`, { overlap_seconds: 600 });
  there.ledgers.spent.set(one.id, 3_000_000_007);
  return { ...there, one, two };
}

describe('exports', () => {
  it('exports everything but token values and plaintext keys', async () => {
    const { call, one } = await populate();
    const { status, headers, body } = await call('GET', '/export');
    expect([status, headers.get('cache-control'), headers.get('content-type')]).toEqual([
      200,
      'no-store',
      'application/json',
    ]);
    expect(body).toMatchObject({
      version: 1,
      exported_at: expect.stringMatching(/^2026-11-01T/),
      next_cursor: null,
    });
    expect(body.accounts.map(({ id }: { id: string }) => id)).toEqual(['acc_2', 'acc_admin']);
    expect(body.groups.map(({ name }: { name: string }) => name)).toEqual(['default', 'vip']);
    expect(body.channels[0].keys[0]).toMatchObject({
      encryption_key_id: await encryptionKeyIdOf('encryption-key-of-the-tests'),
      sealed: expect.any(String),
    });
    expect(body.prices).toEqual([
      { model: 'meta/llama', input: 1, output: 2, request: 0.5, updated_at: expect.any(String) },
    ]);
    const exported = body.tokens.find(({ id }: { id: string }) => id === one.id);
    expect(exported).toMatchObject({
      spent_usd: 3.000000007,
      balance_from: 'ledger',
      version: 2,
      group: 'vip',
    });
    expect(exported.hashes).toHaveLength(2);
    expect(JSON.stringify(body)).not.toMatch(/sk-oo8-[0-9A-Za-z]/);
    expect(JSON.stringify(body)).not.toContain('sk-0123456789abcdef');
  });

  it('exports in pages', async () => {
    const { call, one, two } = await populate();
    const first = (await call('GET', '/export?limit=1')).body;
    const second = (await call('GET', `/export?limit=1&cursor=${first.next_cursor}`)).body;
    expect([first.tokens[0].id, second.tokens[0].id, second.next_cursor]).toEqual([two.id, one.id, null]);
    expect([first.channels.length, second.channels.length]).toEqual([1, 0]);
  });

  it('exports D1’s figure for a token whose ledger is unavailable', async () => {
    const { call, ledgers } = await populate();
    ledgers.away = true;
    const { body } = await call('GET', '/export');
    expect(body.tokens.map((token: { balance_from: string }) => token.balance_from)).toEqual([
      'database',
      'database',
    ]);
  });
});

describe('accounts in exports and imports', () => {
  const password = 'scrypt$16384$8$5$c2FsdA$aGFzaA';
  const spent = { spentNanoUsd: 4_000_000_001, periodStartMs: Date.parse('2026-11-01T00:00:00Z') };

  /** Creates an account with a sign-in and a partly spent budget. */
  async function withBudget() {
    const there = await populate();
    await env.DB.prepare('UPDATE accounts SET password = ? WHERE id = ?').bind(password, 'acc_2').run();
    await there.services.accounts.setBudget('acc_2', { nanoUsd: 25_000_000_000, period: 'month' });
    await env.DB.prepare('UPDATE tokens SET account_id = ?').bind('acc_2').run();
    there.accountLedgers.standings.set('acc_2', spent);
    const document = (await there.call('GET', '/export')).body;
    return { ...there, document };
  }

  it('exports accounts with their budgets, what they spent, and password hashes', async () => {
    const { document } = await withBudget();
    expect(document.accounts[0]).toEqual({
      id: 'acc_2',
      name: 'Two',
      email: 'two@example.com',
      role: 'member',
      status: 'active',
      created_at: '1970-01-01T00:00:00.005Z',
      password,
      budget: { usd: 25, period: 'month' },
      budget_version: 1,
      group: null,
      models: [],
      expires_at: null,
      bounds_version: 0,
      email_proven: true,
      budget_spent: { usd: 4.000000001, since: '2026-11-01T00:00:00.000Z' },
    });
    expect(document.accounts[1]).toMatchObject({ id: 'acc_admin', budget: null, budget_spent: null });
  });

  it('applies imported budgets from the first request on, and accepts the old passwords', async () => {
    const { document, one } = await withBudget();
    await emptyDatabase();
    const fresh = relay();
    expect((await fresh.call('POST', '/import', document)).status).toBe(200);
    const accountBudget = { nanoUsd: 25_000_000_000, period: 'month', version: 1 };
    expect(fresh.ledgers.policies.get(one.id)).toMatchObject({ accountBudget });
    expect(fresh.accountLedgers.standings.get('acc_2')).toEqual(spent);
    expect(fresh.ledgers.calls.indexOf('restore-account acc_2')).toBeLessThan(
      fresh.ledgers.calls.indexOf(`configure ${one.id} active`),
    );
    expect(await fresh.services.accounts.findByEmail('two@example.com')).toMatchObject({
      id: 'acc_2',
      password,
    });
    const again = (await fresh.call('GET', '/export')).body;
    expect(again.accounts).toEqual(document.accounts);
  });

  it('keeps the tokens of an imported disabled account disabled', async () => {
    const { call, services, one } = await withBudget();
    await services.accounts.update('acc_2', { status: 'disabled' });
    const document = (await call('GET', '/export')).body;
    await emptyDatabase();
    const fresh = relay();
    await fresh.call('POST', '/import', document);
    expect(fresh.ledgers.policies.get(one.id)).toMatchObject({ accountDisabled: true });
  });

  it('keeps the sign-in of an existing account, and its budget unless the document has a newer one', async () => {
    const { call, ledgers, services, document, one } = await withBudget();
    const others = document.accounts.map((account: object) => ({ ...account, password: 'another' }));
    await call('POST', '/import', { version: 1, accounts: others });
    expect(await services.accounts.passwordOf('acc_2')).toBe(password);
    // Nobody has signed in as the admin yet, so the document's sign-in is imported.
    expect(await services.accounts.passwordOf('acc_admin')).toBe('another');
    const [account] = document.accounts;
    const budgeted = (usd: number, budget_version: number) => ({
      version: 1,
      accounts: [{ ...account, budget: { usd, period: 'week' }, budget_version }],
    });
    await call('POST', '/import', budgeted(7, 1));
    expect(await services.accounts.find('acc_2')).toMatchObject({ budgetNanoUsd: 25_000_000_000 });
    await call('POST', '/import', budgeted(7, 2));
    const seven = { budgetNanoUsd: 7_000_000_000, budgetPeriod: 'week', budgetVersion: 2 };
    expect(await services.accounts.find('acc_2')).toMatchObject(seven);
    expect(ledgers.policies.get(one.id)?.accountBudget).toEqual({
      nanoUsd: 7_000_000_000,
      period: 'week',
      version: 2,
    });
    expect(ledgers.calls).toContain('configure-account acc_2');
    await services.accounts.setBudget('acc_2', null);
    await call('POST', '/import', budgeted(9, 2));
    expect(await services.accounts.find('acc_2')).toMatchObject({ budgetNanoUsd: null, budgetVersion: 3 });
  });

  it('imports accounts from older files, and without their ledger', async () => {
    const { call, ledgers, document } = await withBudget();
    ledgers.away = true;
    const { body } = await call('GET', '/export');
    expect(body.accounts[0]).toMatchObject({ budget: { usd: 25, period: 'month' }, budget_spent: null });
    ledgers.away = false;
    await emptyDatabase();
    const accounts = document.accounts.map(
      ({
        password: _p,
        budget: _b,
        budget_version: _v,
        budget_spent: _s,
        ...account
      }: Record<string, unknown>) => account,
    );
    const fresh = relay();
    expect((await fresh.call('POST', '/import', { version: 1, accounts })).body.accounts).toBe(1);
    expect(await fresh.services.accounts.find('acc_2')).toMatchObject({ budgetNanoUsd: null });
  });

  it('answers 503 and asks for repetition when an account’s ledger is unavailable during an import', async () => {
    const { document } = await withBudget();
    await emptyDatabase();
    const fresh = relay();
    fresh.ledgers.away = true;
    const refused = await fresh.call('POST', '/import', { ...document, tokens: [] });
    expect([refused.status, refused.body.detail]).toEqual([503, expect.stringContaining('Repeat')]);
  });
});

describe('imports', () => {
  it('makes a new deployment equal to the exported one', async () => {
    const { call } = await populate();
    const document = (await call('GET', '/export')).body;
    await emptyDatabase();
    const fresh = relay();
    const { status, body } = await fresh.call('POST', '/import', document);
    expect([status, body]).toEqual([
      200,
      // The same group `default` exists already.
      { accounts: 1, groups: 1, channels: 1, prices: 1, aliases: 0, tokens: 2, warnings: [] },
    ]);
    expect(fresh.events).toEqual(['channels-changed']);
    const again = (await fresh.call('GET', '/export')).body;
    expect({ ...again, exported_at: null }).toEqual({ ...document, exported_at: null });
    const policies = [...fresh.ledgers.policies.values()];
    expect(policies.map(({ version, status }) => [version, status]).sort()).toEqual([
      [1, 'disabled'],
      [2, 'active'],
    ]);
  });

  it('allows repetition, and never lowers the recorded spend', async () => {
    const { call, ledgers, one } = await populate();
    const document = (await call('GET', '/export')).body;
    ledgers.spent.set(one.id, 9_000_000_000);
    expect((await call('POST', '/import', document)).status).toBe(200);
    expect((await call('POST', '/import', document)).body.warnings).toEqual([]);
    expect(ledgers.spent.get(one.id)).toBe(9_000_000_000);
    await env.DB.prepare('UPDATE tokens SET spent_nano_usd = 8000000000').run();
    await call('POST', '/import', document);
    const row = await env.DB.prepare('SELECT MIN(spent_nano_usd) AS least FROM tokens').first();
    expect(row).toEqual({ least: 8_000_000_000 });
  });

  it('keeps tokens that were edited or deleted since the export, and reports them', async () => {
    const { call, ledgers, one, two } = await populate();
    const document = (await call('GET', '/export')).body;
    await call('PATCH', `/tokens/${one.id}`, { name: 'renamed' });
    await call('DELETE', `/tokens/${two.id}`);
    const orphan = { ...document.tokens[0], id: 'tok_orphan', account_id: 'acc_none', hashes: [] };
    const { body } = await call('POST', '/import', { version: 1, tokens: [...document.tokens, orphan] });
    expect(body.tokens).toBe(0);
    expect(body.warnings.sort()).toEqual(
      [
        `Token ${one.id} was left as it is: it was edited here since (version 3, the document has 2).`,
        `Token ${two.id} was left as it is: it was deleted here.`,
        `Token tok_orphan was left as it is: its account acc_none is neither here nor in the document.`,
      ].sort(),
    );
    expect((await call('GET', `/tokens/${one.id}`)).body.name).toBe('renamed');
    expect((await call('GET', `/tokens/${two.id}`)).status).toBe(404);
    expect(ledgers.policies.get(two.id)?.status).toBe('deleted');
    expect(ledgers.policies.has('tok_orphan')).toBe(false);
  });

  it('warns of keys that another ENCRYPTION_KEY encrypted', async () => {
    const { call } = await populate();
    const document = (await call('GET', '/export')).body;
    const other = relay({ encryptionKeys: { seal: 'another', open: ['another'] } });
    const { body } = await other.call('POST', '/import', document);
    expect(body.warnings).toEqual([
      expect.stringMatching(/^Channel ch_\w+ \(c\) has keys sealed under another/),
    ]);
  });

  it('reports a partial import when a ledger is unavailable, and completes it on repetition', async () => {
    const { call } = await populate();
    const document = (await call('GET', '/export')).body;
    await emptyDatabase();
    const fresh = relay();
    fresh.ledgers.away = true;
    const refused = await fresh.call('POST', '/import', document);
    expect([refused.status, refused.body.detail]).toEqual([503, expect.stringContaining('Repeat')]);
    fresh.ledgers.away = false;
    expect((await fresh.call('POST', '/import', document)).body.tokens).toBe(2);
    expect(fresh.ledgers.policies.size).toBe(2);
  });

  it('rejects a document of another version, and names what is wrong with a token', async () => {
    const { call } = relay();
    expect((await call('POST', '/import', { version: 2 })).body.errors[0].field).toBe('version');
    const { body } = await call('POST', '/import', { version: 1, tokens: [{ id: 'tok_1' }] });
    expect(body.errors.map(({ field }: { field: string }) => field)).toContain('tokens.0.hashes');
  });

  it('imports a thousand tokens', { timeout: 60_000 }, async () => {
    const { call } = relay();
    await call('POST', '/tokens', { name: 'x', models: ['gpt-4o', 'claude-*'] });
    const document = (await call('GET', '/export')).body;
    const tokens = Array.from({ length: 1_000 }, (_, index) => ({
      ...document.tokens[0],
      id: `tok_${index}`,
      hashes: [{ hash: hashSecret(`secret ${index}`), valid_until: null }],
    }));
    expect((await call('POST', '/import', { ...document, tokens })).body.tokens).toBe(1_000);
    const exported = (await call('GET', '/export')).body.tokens;
    expect(new Set(exported.map(({ id }: { id: string }) => id)).size).toBe(1_001);
  });
});
