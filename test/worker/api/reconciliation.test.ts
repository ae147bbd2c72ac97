// Reconciliation over real ledgers and the real database, with real differences between them.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { figureStatements } from '../../../src/metering/reconcile-log.ts';
import { LedgerClient } from '../../../src/quota/client.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import { logRow } from '../stores/rows.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const client = () => new LedgerClient(env.LEDGER, (id) => new TokenStore(env.DB).findPolicy(id));
const nowMs = Date.now();

function world() {
  const ledgers = client();
  const { call, clock } = relay({ ledgers });
  clock.nowMs = nowMs;
  const compare = async (query = '') => (await call('GET', `/reconciliation?${query}`)).body.data;
  const fix = async (id: string) => (await call('POST', `/reconciliation/${id}`)).body;
  return { ledgers, call, compare, fix };
}

const flush = (id: string) => runDurableObjectAlarm(env.LEDGER.get(env.LEDGER.idFromName(id)));

/** Creates a token with these charges, delivered to D1 or still pending. */
async function createSpender(costs: number[], delivered = true): Promise<string> {
  const { ledgers, call } = world();
  const { body } = await call('POST', '/tokens', { name: 'spender' });
  for (const costNanoUsd of costs) {
    const row = logRow({
      id: `${body.id}-${costNanoUsd}`,
      tokenId: body.id,
      createdAtMs: nowMs,
      costNanoUsd,
    });
    await ledgers.settle(body.id, { row, tokens: 1 });
  }
  if (delivered) await flush(body.id);
  return body.id;
}

describe('reconciliation', () => {
  it('reports no difference where ledger and log agree', async () => {
    const id = await createSpender([7, 100]);
    const [found] = await world().compare();
    expect(found).toEqual({
      token_id: id,
      name: 'spender',
      status: 'active',
      ledger_usd: 0.000000107,
      carried_usd: 0,
      log_usd: 0.000000107,
      pending_rows: 0,
      pending_usd: 0,
      busy: false,
      differences: [],
    });
  });

  it('reports undelivered rows as pending, not as a difference', async () => {
    await createSpender([7, 100], false);
    const [found] = await world().compare();
    expect(found).toMatchObject({ pending_rows: 2, pending_usd: 0.000000107, log_usd: 0, differences: [] });
  });

  it('finds a row that the log lost, and one that was edited', async () => {
    const id = await createSpender([7, 100, 1_000]);
    await env.DB.batch([
      env.DB.prepare('DELETE FROM request_log WHERE id = ?').bind(`${id}-100`),
      env.DB.prepare('UPDATE request_log SET cost_nano_usd = 2000 WHERE id = ?').bind(`${id}-1000`),
    ]);
    const [found] = await world().compare();
    expect(found.differences).toEqual([
      { check: 'log-roll-ups', unit: 'usd', expected: 0.000002007, found: 0.000001107 },
      { check: 'log-roll-ups-requests', unit: 'requests', expected: 2, found: 3 },
    ]);
  });

  it('finds a charge that never reached the log, and a wrong recorded spend', async () => {
    const id = await createSpender([7]);
    await env.DB.batch([
      env.DB.prepare('DELETE FROM request_log WHERE token_id = ?').bind(id),
      env.DB.prepare('DELETE FROM usage_hourly WHERE token_id = ?').bind(id),
      env.DB.prepare('DELETE FROM usage_totals'),
      env.DB.prepare('UPDATE tokens SET spent_nano_usd = 5 WHERE id = ?').bind(id),
    ]);
    const [found] = await world().compare();
    expect(found.differences).toEqual([
      { check: 'ledger-log', unit: 'usd', expected: 0.000000007, found: 0 },
      { check: 'recorded-spend', unit: 'usd', expected: 0.000000007, found: 0.000000005 },
    ]);
  });

  it('changes nothing without an explicit fix; a fix corrects the log to the ledger’s figures once', async () => {
    const id = await createSpender([7, 100, 1_000]);
    await env.DB.batch([
      env.DB.prepare('DELETE FROM request_log WHERE id = ?').bind(`${id}-100`),
      env.DB.prepare('UPDATE tokens SET spent_nano_usd = 5 WHERE id = ?').bind(id),
    ]);
    const { compare, fix, call } = world();
    expect((await compare())[0].differences).toHaveLength(3);
    expect((await compare())[0].differences).toHaveLength(3);
    expect(await fix(id)).toMatchObject({ differences: [], log_usd: 0.000001107, ledger_usd: 0.000001107 });
    expect((await fix(id)).differences).toEqual([]);
    const { data } = (await call('GET', `/logs?token=${id}`)).body;
    expect(data.map(({ error_code, cost_usd }: Record<string, unknown>) => [error_code, cost_usd])).toEqual(
      expect.arrayContaining([['reconciled', 0.0000001]]),
    );
    expect(data).toHaveLength(3);
    expect((await call('GET', `/tokens/${id}`)).body.spent_usd).toBe(0.000001107);
  });

  it('removes rows from the log that the ledger does not have', async () => {
    const id = await createSpender([100]);
    const { call, fix, compare } = world();
    await env.DB.prepare(`UPDATE request_log SET cost_nano_usd = 130 WHERE token_id = ?`).bind(id).run();
    expect(await fix(id)).toMatchObject({ differences: [] });
    const { data } = (await call('GET', `/usage?group_by=token&token=${id}&from=2026-01-01&to=2100-01-01`))
      .body;
    expect([data, (await compare())[0].log_usd]).toEqual([
      [expect.objectContaining({ cost_usd: 0.0000001 })],
      0.0000001,
    ]);
  });

  it('accounts for imported spend, and checks deleted tokens too', async () => {
    const id = await createSpender([10]);
    const { ledgers, call, compare } = world();
    const policy = await new TokenStore(env.DB).findPolicy(id);
    if (policy === null) throw new Error('no policy');
    await ledgers.restore(policy, 5_000);
    await flush(id);
    await call('DELETE', `/tokens/${id}`);
    expect((await compare())[0]).toMatchObject({
      ...{ status: 'deleted', ledger_usd: 0.000005, carried_usd: 0.00000499, log_usd: 0.00000001 },
      differences: [],
    });
  });

  it('pages through any number of tokens, each once', async () => {
    const ids = [await createSpender([1]), await createSpender([2]), await createSpender([3])].sort();
    const { call } = world();
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await call('GET', `/reconciliation?limit=2${query}`);
      seen.push(...body.data.map(({ token_id }: { token_id: string }) => token_id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(ids);
  });

  it('reports a token that stays in use while it is checked', async () => {
    const id = await createSpender([1]);
    let spentNanoUsd = 1;
    const audit = async () => ({
      spentNanoUsd: spentNanoUsd++,
      carriedNanoUsd: 0,
      pending: [],
      pendingRows: 0,
    });
    const { call } = relay({ ledgers: Object.assign(client(), { audit }) });
    const { body } = await call('GET', '/reconciliation');
    expect(body.data).toEqual([expect.objectContaining({ token_id: id, busy: true, differences: [] })]);
  });

  it('answers 404 for an unknown token, and 503 while a ledger is unavailable', async () => {
    const { call, ledgers } = relay();
    expect((await call('POST', '/reconciliation/tok_none')).status).toBe(404);
    await createSpender([1]);
    ledgers.away = true;
    expect((await call('GET', '/reconciliation')).status).toBe(503);
  });

  it.each(Object.entries(figureStatements))('reads %s along an index', async (name, sql) => {
    const places = new Set(sql.match(/\?\d/g));
    const values = [...places].map(() => (name === 'missing' ? '[]' : 1));
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    const plan = results.map(({ detail }) => detail).join('; ');
    expect(plan).toMatch(/SEARCH (usage_hourly|request_log|tokens) USING/);
    expect(plan).not.toMatch(/SCAN (usage_|logs|request_log|tokens)/);
  });
});
