// A refused request costs its caller nothing, so it must not fill the database or block the rows behind it.
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it, vi } from 'vitest';
import { tallyLimits } from '../../../src/quota/refusal-tally.ts';
import { newLedger, type TestLedger } from '../quota/ledgers.ts';
import { logRow } from '../stores/rows.ts';
import { addChannels, openRelay } from './open-relay.ts';

/** Returns the size of the database in bytes. */
async function sizeOfDatabase(): Promise<number> {
  const { meta } = await env.DB.prepare('SELECT 1').run();
  return meta.size_after ?? 0;
}

it('grows the database by less than 100 KB for 200 refusals with model names of 6 MB', async () => {
  const relay = openRelay();
  await addChannels(relay);
  const { id, token } = await relay.token();
  const disabled = await relay.token();
  await relay.manage('PATCH', `/tokens/${disabled.id}`, { status: 'disabled' });
  const before = await sizeOfDatabase();
  for (let times = 0; times < 200; times++) {
    const model = `${times}${'m'.repeat(6_000_000)}`;
    const secret = times % 2 === 0 ? token : disabled.token;
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model, messages: [] });
    const reply = await relay.fetch('/v1/chat/completions', { method: 'POST', headers, body });
    expect(reply.status).toBe(times % 2 === 0 ? 400 : 401);
    expect(reply.text.length).toBeLessThan(1_000);
  }
  await vi.waitFor(async () => {
    const { results } = await env.DB.prepare(
      'SELECT SUM(count) AS count, COUNT(*) AS rows FROM request_log WHERE token_id IN (?, ?)',
    )
      .bind(id, disabled.id)
      .all<{ count: number; rows: number }>();
    expect(results[0]?.count).toBe(200);
    expect(results[0]?.rows).toBeLessThanOrEqual(6);
  }, 15_000);
  expect((await sizeOfDatabase()) - before).toBeLessThan(100_000);
}, 120_000);

it('separates a limited number of different refusals a minute, and counts the rest', async () => {
  const ledger = await newLedger({ status: 'disabled' });
  const most = tallyLimits.rowsPerMinute;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2031-01-01T00:00:10Z') });
  for (let times = 0; times < most + 25; times++) {
    await ledger.rpc().admit(ledger.admissionRequest({ model: `model-${times}` }), []);
  }
  await ledger.alarm();
  vi.useRealTimers();
  const { results } = await env.DB.prepare(
    'SELECT requested_model, count FROM request_log WHERE token_id = ?',
  )
    .bind(ledger.tokenId)
    .all<{ requested_model: string | null; count: number }>();
  expect(results).toHaveLength(most + 1);
  expect(results.filter(({ requested_model }) => requested_model === null)).toEqual([
    { requested_model: null, count: 25 },
  ]);
});

it('limits the list of dropped fields in a log row', async () => {
  const relay = openRelay();
  await addChannels(relay);
  const { token } = await relay.token();
  relay.upstream = () =>
    Response.json({
      type: 'message',
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    });
  const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`x_${index}`, 1]));
  const body = {
    model: 'claude-3-5-haiku-20241022',
    messages: [{ role: 'user', content: 'hi' }],
    ...unknown,
  };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(reply.status).toBe(200);
  const id = reply.headers.get('x-request-id');
  const row = await vi.waitFor(async () => {
    const found = await env.DB.prepare('SELECT dropped FROM request_log WHERE id = ?')
      .bind(id)
      .first<{ dropped: string }>();
    expect(found).not.toBeNull();
    return found;
  }, 10_000);
  const dropped: string[] = JSON.parse(row?.dropped ?? '[]');
  expect(dropped).toHaveLength(101);
  expect(dropped.at(-1)).toMatch(/^… and \d+ more$/);
});

it('delivers the rows behind one that the database rejects, and the rejected one without its texts', async () => {
  const ledger = await newLedger();
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const row = (name: string, fields: object) =>
    logRow({ id: `${ledger.tokenId}-${name}`, tokenId: ledger.tokenId, costNanoUsd: 7, ...fields });
  const rows = [
    row('before', {}),
    row('poison', { requestedModel: 'm'.repeat(2_500_000) }),
    row('behind', {}),
  ];
  await withLimitOfD1(ledger);
  await ledger.rpc().settle(rows.map((settled) => ({ row: settled, tokens: 1 })));
  await ledger.alarm();
  const { results } = await env.DB.prepare(
    'SELECT id, requested_model IS NULL AS bare, cost_nano_usd AS cost FROM request_log WHERE token_id = ? ORDER BY id',
  )
    .bind(ledger.tokenId)
    .all();
  expect(results).toEqual([
    { id: rows[0]?.id, bare: 0, cost: 7 },
    { id: rows[2]?.id, bare: 0, cost: 7 },
    { id: rows[1]?.id, bare: 1, cost: 7 },
  ]);
  errors.mockRestore();
});

/** Cloudflare's D1 accepts parameters of at most 2,000,000 bytes; the local one accepts longer ones. */
async function withLimitOfD1(ledger: TestLedger): Promise<void> {
  const tooLong = new WeakSet<D1PreparedStatement>();
  const prepare = (sql: string) => {
    const statement = env.DB.prepare(sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values: unknown[]) => {
      const bound = bind(...values);
      if (values.some((value) => typeof value === 'string' && value.length > 2_000_000)) tooLong.add(bound);
      return bound;
    };
    return statement;
  };
  const batch = (statements: D1PreparedStatement[]) =>
    statements.some((statement) => tooLong.has(statement))
      ? Promise.reject(new Error('D1_ERROR: string or blob too big: SQLITE_TOOBIG'))
      : env.DB.batch(statements);
  await runInDurableObject(ledger.stub, (instance) => {
    Object.defineProperty(instance, 'env', { value: { ...env, DB: { prepare, batch } } });
  });
}
