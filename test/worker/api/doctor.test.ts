// /api/doctor on the real stores: a working relay, and one fault for each check.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/dashboard/doctor/finding.ts';
import {
  lastHourlyRun,
  recordedFailures,
  recordHourlyRun,
} from '../../../src/dashboard/doctor/hourly-run-store.ts';
import { cronLateMs } from '../../../src/dashboard/doctor/relay-checks.ts';
import type { Env } from '../../../src/env.ts';
import { hourly } from '../../../src/hourly.ts';
import { seal } from '../../../src/lib/seal.ts';
import type { LedgerRpc } from '../../../src/quota/quota.ts';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';
import { emptyDatabase } from './relay.ts';

beforeEach(async () => {
  await emptyDatabase();
  await env.DB.prepare(`DELETE FROM meta WHERE key = 'hourly_run'`).run();
});

interface Diagnosis {
  readonly ok: boolean;
  readonly findings: Finding[];
}

const lists: OpenRelay['upstream'] = () => Response.json({ data: [{ id: 'gpt-4o' }] });
const openai = { name: 'main', provider: 'openai', keys: ['sk-0123456789abcdef'], models: ['gpt-4o'] };

/** Returns a relay with one working channel, whose hourly work has just run. */
async function openWorkingRelay(): Promise<OpenRelay> {
  const relay = openRelay();
  relay.upstream = lists;
  await relay.channel(openai);
  await recordHourlyRun(env.DB, { atMs: Date.now(), failures: [] });
  return relay;
}

async function diagnose(relay: OpenRelay): Promise<Diagnosis> {
  return (await relay.manage('GET', '/doctor')).body;
}

/** Returns the checks that are not in order. */
async function faultsOf(relay: OpenRelay): Promise<Finding[]> {
  const { ok, findings } = await diagnose(relay);
  expect(ok).toBe(findings.every(({ status }) => status !== 'broken'));
  return findings.filter(({ status }) => status !== 'ok');
}

/** Returns a relay on the same stores with other bindings. */
function relayWith(bindings: Partial<Record<keyof Env, unknown>>): OpenRelay {
  const relay = openRelay(bindings as Partial<Env>);
  relay.upstream = lists;
  return relay;
}

it('reports no problem of a working relay, and leaves no test data behind', async () => {
  const relay = await openWorkingRelay();
  const { ok, findings } = await diagnose(relay);
  expect(ok).toBe(true);
  expect(findings.map(({ check, status }) => [check, status])).toEqual(
    ['secrets', 'bindings', 'schema', 'ledger', 'cron', 'channels'].map((check) => [check, 'ok']),
  );
  expect(findings.at(-1)?.detail).toBe('"main" answers.');
  expect(relay.received.map(({ url, method }) => [method, url])).toEqual([
    ['GET', 'https://api.openai.com/v1/models'],
  ]);
  const probe = env.LEDGER.get(env.LEDGER.idFromName('doctor-probe')) as unknown as LedgerRpc;
  expect(await probe.balance()).toMatchObject({ spentNanoUsd: 0, reservedNanoUsd: 0, open: 0 });
  expect(await probe.audit()).toMatchObject({ pendingRows: 0 });
});

it('allows admins only', async () => {
  const relay = await openWorkingRelay();
  expect((await relay.fetch('/api/doctor')).status).toBe(401);
});

describe('the doctor reports a fault with its remedy', () => {
  it('reports that ENCRYPTION_KEY is not set', async () => {
    await openWorkingRelay();
    const [fault, ...others] = await faultsOf(relayWith({ ENCRYPTION_KEY: '' }));
    expect(fault).toMatchObject({ check: 'secrets', status: 'broken', code: 'encryption_key_missing' });
    expect(fault?.remedy).toContain('npx wrangler secret put ENCRYPTION_KEY');
    // The stored key cannot be decrypted either.
    expect(others.map(({ code }) => code)).toEqual(['channel_failed']);
  });

  it('reports stored keys that another ENCRYPTION_KEY encrypted', async () => {
    const relay = await openWorkingRelay();
    const sealed = { ...(await seal('sk-lost', 'a previous key')), id: 'k', hint: 'sk-…lost' };
    await env.DB.prepare('UPDATE channels SET keys = ?')
      .bind(JSON.stringify([sealed]))
      .run();
    const [fault] = await faultsOf(relay);
    expect(fault).toMatchObject({ check: 'secrets', status: 'broken', code: 'keys_locked' });
    expect(fault?.detail).toContain('"main"');
    expect(fault?.remedy).toContain('ENCRYPTION_KEY_PREVIOUS');
  });

  it.each(['CACHE', 'ASSETS', 'ACCOUNTS', 'REALTIME', 'HEALTH'] as const)(
    'reports that %s is not bound',
    async (name) => {
      await openWorkingRelay();
      const [fault] = await faultsOf(relayWith({ [name]: undefined }));
      expect(fault).toMatchObject({
        check: 'bindings',
        status: 'broken',
        code: 'binding_missing',
        detail: `The Worker lacks ${name}.`,
      });
      expect(fault?.remedy).toContain('npx wrangler deploy');
    },
  );

  it('reports that KV fails, and that KV loses writes', async () => {
    const relay = await openWorkingRelay();
    relay.traffic.fails.add('kv');
    const away = (await faultsOf(relay)).find(({ check }) => check === 'bindings');
    expect(away).toMatchObject({ status: 'broken', code: 'kv_unreachable' });
    expect(away?.remedy).toContain('npx wrangler kv namespace list');
    const forgetful = { get: async () => null, put: async () => undefined };
    const [fault] = await faultsOf(relayWith({ CACHE: forgetful }));
    expect(fault).toMatchObject({ status: 'broken', code: 'kv_unreliable' });
  });

  it('reports that static files were not uploaded', async () => {
    await openWorkingRelay();
    const [fault] = await faultsOf(
      relayWith({ ASSETS: { fetch: async () => new Response(null, { status: 404 }) } }),
    );
    expect(fault).toMatchObject({ check: 'bindings', status: 'broken', code: 'assets_missing' });
    expect(fault?.remedy).toContain('npx wrangler deploy');
  });

  it('reports an unreachable ledger', async () => {
    const relay = await openWorkingRelay();
    relay.traffic.fails.add('ledger');
    const [fault] = await faultsOf(relay);
    expect(fault).toMatchObject({ check: 'ledger', status: 'broken', code: 'ledger_failed' });
    expect(fault?.remedy).toContain('Durable Objects');
  });

  it('reports that the hourly work is late', async () => {
    const relay = await openWorkingRelay();
    await recordHourlyRun(env.DB, { atMs: Date.now() - cronLateMs + 60_000, failures: [] });
    expect(await faultsOf(relay)).toEqual([]);
    await recordHourlyRun(env.DB, { atMs: Date.now() - cronLateMs - 1, failures: [] });
    const [fault] = await faultsOf(relay);
    expect(fault).toMatchObject({ check: 'cron', status: 'broken', code: 'cron_late' });
    expect(fault?.remedy).toContain('npx wrangler triggers deploy');
  });

  it('reports hourly work that never ran as late if the relay is in use, and as not yet due if it is new', async () => {
    const relay = await openWorkingRelay();
    await env.DB.prepare(`DELETE FROM meta WHERE key = 'hourly_run'`).run();
    expect(await faultsOf(relay)).toMatchObject([{ status: 'warning', code: 'cron_not_yet' }]);
    await relay.token();
    expect(await faultsOf(relay)).toMatchObject([{ status: 'warning', code: 'cron_not_yet' }]);
    await env.DB.prepare('UPDATE tokens SET created_at = ?')
      .bind(Date.now() - cronLateMs - 1)
      .run();
    expect(await faultsOf(relay)).toMatchObject([{ status: 'broken', code: 'cron_late' }]);
  });

  it('reports a failed part of the hourly work', async () => {
    const relay = await openWorkingRelay();
    await recordHourlyRun(env.DB, { atMs: Date.now(), failures: ['Error: KV is away'] });
    const [fault] = await faultsOf(relay);
    expect(fault).toMatchObject({ check: 'cron', status: 'broken', code: 'cron_failed' });
    expect(fault?.detail).toContain('KV is away');
    expect(fault?.remedy).toContain('npx wrangler tail');
  });

  it.each([
    [401, 'Replace its key'],
    [404, 'Check its base URL'],
    [500, 'the provider is up'],
  ])('reports an upstream that answers %i', async (status, remedy) => {
    const relay = await openWorkingRelay();
    relay.upstream = () => new Response('no', { status });
    const [fault] = await faultsOf(relay);
    expect(fault).toMatchObject({ check: 'channels', status: 'broken', code: 'channel_failed' });
    expect(fault?.detail).toContain(`"main" does not answer: the upstream answered ${status}`);
    expect(fault?.remedy).toContain(remedy);
  });

  it('reports a schema that is newer than this version supports', async () => {
    await openWorkingRelay();
    await env.DB.prepare(`INSERT INTO meta (key, value) VALUES ('min_reader', '9999')`).run();
    try {
      const [fault] = await faultsOf(openRelay());
      expect(fault).toMatchObject({ check: 'schema', status: 'broken', code: 'schema_failed' });
      expect(fault?.detail).toContain('9999');
      expect(fault?.remedy).toContain('git pull && npx wrangler deploy');
    } finally {
      await env.DB.prepare(`DELETE FROM meta WHERE key = 'min_reader'`).run();
    }
  });

  it('reports that there is no channel', async () => {
    const relay = openRelay();
    await recordHourlyRun(env.DB, { atMs: Date.now(), failures: [] });
    expect(await faultsOf(relay)).toMatchObject([
      { check: 'channels', status: 'warning', code: 'channel_none' },
    ]);
  });
});

it('reports how many channels were not checked, and which have no model list', async () => {
  const relay = await openWorkingRelay();
  await relay.channel({ name: 'ranks', provider: 'jina', keys: ['key'], models: ['jina-reranker-v3'] });
  expect((await diagnose(relay)).findings.at(-1)?.detail).toContain('"ranks": no list of models to ask for');
  await env.DB.prepare(`DELETE FROM channels WHERE name = 'ranks'`).run();
  for (let count = 1; count <= 10; count++) await relay.channel({ ...openai, name: `more ${count}` });
  relay.received.length = 0;
  const { findings } = await diagnose(relay);
  expect(findings.at(-1)?.detail).toContain('1 more were not asked.');
  expect(relay.received).toHaveLength(10);
});

it('reads the recorded results of the hourly work, with bounded failure texts', async () => {
  await hourly(env);
  expect(await lastHourlyRun(env.DB)).toMatchObject({ failures: [] });
  const { count, characters } = recordedFailures;
  const failures = Array.from({ length: count + 1 }, () => 'x'.repeat(characters + 1));
  await recordHourlyRun(env.DB, { atMs: 1, failures });
  const run = await lastHourlyRun(env.DB);
  expect(run?.failures).toHaveLength(count);
  expect(run?.failures[0]).toHaveLength(characters);
});
