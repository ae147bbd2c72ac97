// D1 fails under load, for reads and writes: no request of a known token is affected, and every row arrives when
// D1 is back. Short in `npm test`; a whole minute with `npm run test:long`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mintSecret } from '../../../src/tokens/secret.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { wholeOrShort } from '../../support/test-length.ts';
import { type Seen, send } from './client.ts';
import { costOf, models, price } from './kinds.ts';
import { type PlannedRequest, planRequests } from './plan.ts';
import { copyStoredState, databaseFile, readStoredState } from './stored-state.ts';
import { type FaultyUpstream, indexHeader, startFaultyUpstream } from './upstream.ts';

const awayMs = wholeOrShort(60_000, 6_000);
const perSecond = 20;

/** Requests without a fault. */
const plan: PlannedRequest[] = planRequests(5, (awayMs / 1_000 + 4) * perSecond, 1).map((request) => ({
  ...request,
  fault: { what: 'none' },
}));

let state: string;
let relay: TestRelay;
let upstream: FaultyUpstream;

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'relay-away-'));
  upstream = await startFaultyUpstream(plan);
  relay = await startRelay({}, state);
  for (const [provider, model] of Object.entries(models)) {
    const settings = { forward_headers: [indexHeader] };
    const channel = { name: provider, provider, base_url: upstream.url, keys: ['key'], models: [model] };
    await relay.channel({ ...channel, settings });
    await relay.manage('PUT', `/api/prices/${model}`, price);
  }
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
  rmSync(state, { recursive: true, force: true });
});

it(`serves every request of known tokens and loses no log row during a database outage of ${awayMs / 1_000} seconds`, async () => {
  const known = await relay.token({ quota_usd: 50 });
  const seen: Promise<Seen>[] = [];
  const load = async (count: number) => {
    for (const request of plan.slice(seen.length, seen.length + count)) {
      seen.push(send(relay.url, request, known));
      await delay(1_000 / perSecond);
    }
  };
  await load(2 * perSecond);
  const back = renameTables(databaseFile(state));
  await expect(relay.manage('GET', '/api/tokens')).rejects.toThrow();
  await load((awayMs / 1_000) * perSecond);
  // Whether a token exists that no cache contains is unknown: a 503, not a 401.
  const unknown = await send(relay.url, plan[0] as PlannedRequest, { id: '', token: mintSecret() });
  expect(unknown.status).toBe(503);
  back();
  await load(plan.length);
  const all = await Promise.all(seen);
  expect(all.filter(({ status, ended }) => status !== 200 || !ended)).toEqual([]);
  const ids = all.map(({ requestId }) => requestId);
  await until(() => {
    const logged = new Set(copyStoredState(state)?.log.map(({ id }) => id));
    return ids.every((id) => logged.has(String(id)));
  });
  await relay.stop();
  const expected = all.reduce((sum, { request }) => sum + costOf(request.counts), 0);
  const { log, ledgers, reported } = readStoredState(state);
  const rows = log.filter(({ token_id }) => token_id === known.id);
  expect({
    rows: rows.length,
    log: rows.reduce((sum, { cost_nano_usd }) => sum + (cost_nano_usd ?? 0), 0),
    ledger: ledgers.get(known.id)?.totals.spentNanoUsd,
    record: reported.get(known.id),
  }).toEqual({ rows: all.length, log: expected, ledger: expected, record: expected });
  console.log(`${all.length} requests, D1 away for ${awayMs / 1_000} s: all answered, all rows there`);
}, 300_000);

/** Makes every statement of the relay fail by renaming the tables. Returns the function that restores them. */
function renameTables(file: string): () => void {
  const db = new DatabaseSync(file, { timeout: 10_000 });
  // Names in triggers and references stay as they are, and are valid again afterwards.
  db.exec('PRAGMA legacy_alter_table = ON; PRAGMA foreign_keys = OFF');
  const names = db
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
    )
    .all()
    .map(({ name }) => String(name));
  const rename = (from: (name: string) => string, to: (name: string) => string) =>
    db.exec(
      `BEGIN IMMEDIATE; ${names.map((name) => `ALTER TABLE "${from(name)}" RENAME TO "${to(name)}";`).join(' ')} COMMIT`,
    );
  const away = (name: string) => `away_${name}`;
  const here = (name: string) => name;
  rename(here, away);
  return () => {
    rename(away, here);
    db.close();
  };
}

/** The ledgers retry a minute after the last failure, at the latest. */
async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 80_000;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('not within eighty seconds');
    await delay(500);
  }
}
