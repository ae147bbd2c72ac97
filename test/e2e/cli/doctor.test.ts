// Runs `npm run doctor` against a relay started like `npm start`, and against faulty addresses.
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { examine, linesOf, summaryOf } from '../../../src/cli/doctor/examine.ts';
import { adminKey, freePort, startRelay, type TestRelay } from '../../support/relay.ts';
import { type Ended, runProgram, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

function doctor(url: string, key: string): Promise<Ended> {
  return runProgram('doctor', ['--url', url], {
    DEV_VARS_FILE: join(folder.path, 'none'),
    ADMIN_KEY: key,
  });
}

describe('doctor for a relay on this machine', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay({ PRICES_URL: 'off' });
  });
  afterAll(() => relay.stop());

  it('finds no problem after the hourly work, and exits with 0', async () => {
    await relay.runScheduled();
    const { code, output } = await doctor(relay.url, adminKey);
    expect(code, output).toBe(0);
    for (const check of ['address', 'secrets', 'bindings', 'schema', 'ledger', 'cron']) {
      expect(output).toMatch(new RegExp(`^ok +${check} `, 'm'));
    }
    expect(output).toMatch(/^warning +channels +No channel is enabled/m);
    expect(output).toContain('0 broken, 1 to look at, 6 in order');
  });

  it('exits with 1 if a channel is broken, and names the remedy', async () => {
    const closed = `http://127.0.0.1:${await freePort()}`;
    await relay.channel({
      name: 'gone',
      provider: 'openai',
      base_url: closed,
      keys: ['sk-0'],
      models: ['gpt-4o'],
    });
    const { code, output } = await doctor(relay.url, adminKey);
    expect(code, output).toBe(1);
    expect(output).toMatch(/^broken +channels +Channel "gone" does not answer/m);
    expect(output).toContain('→ Check its base URL');
  });

  it('reports a wrong admin key', async () => {
    const { code, output } = await doctor(relay.url, 'ak-wrong');
    expect(code).toBe(1);
    expect(output).toMatch(/^broken +secrets +The admin key is wrong/m);
    expect(output).toContain('→ Pass that relay’s ADMIN_KEY');
  });

  it('requires a key', async () => {
    const { code, output } = await doctor(relay.url, '');
    expect(code).toBe(1);
    expect(output).toContain('no admin key: pass --key, or set ADMIN_KEY');
  });
});

describe('doctor for an address', () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.close().closeAllConnections();
    server = null;
  });

  /** Starts a server that answers these paths, and any other with a 404. */
  async function addressThatAnswers(answers: Record<string, [status: number, body: unknown]>): Promise<URL> {
    const started = createServer((request, response) => {
      const [status, body] = answers[request.url ?? ''] ?? [
        404,
        { detail: 'There is nothing at this path.' },
      ];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '0.0.0.0', resolve));
    const address = started.address();
    // An address of this machine other than localhost, like a deployment's.
    return new URL(`http://0.0.0.0:${typeof address === 'object' ? address?.port : ''}`);
  }

  const healthy: [number, unknown] = [200, { ok: true, version: '0.1.0' }];
  const timeoutMs = { health: 300, doctor: 300 };
  const examined = (url: URL) => examine({ url, key: 'ak', timeoutMs });

  it('reports an unreachable address: start the relay if local, else check the address or deploy', async () => {
    const port = await freePort();
    const [here] = await examined(new URL(`http://127.0.0.1:${port}`));
    expect(here).toMatchObject({ status: 'broken', code: 'unreachable' });
    expect(here?.remedy).toContain('npm start');
    const [elsewhere] = await examined(new URL(`http://0.0.0.0:${port}`));
    expect(elsewhere?.remedy).toContain('npx wrangler deploy');
  });

  it('reports that the address is not a relay', async () => {
    const findings = await examined(await addressThatAnswers({ '/api/health': [200, { status: 'up' }] }));
    expect(findings).toMatchObject([{ status: 'broken', code: 'not_a_relay' }]);
    expect(findings[0]?.remedy).toContain('--url');
  });

  it('reports a relay whose schema is too new, and what to deploy', async () => {
    const refusal: [number, unknown] = [503, { detail: 'The database has schema 12.' }];
    const findings = await examined(
      await addressThatAnswers({ '/api/health': refusal, '/api/doctor': refusal }),
    );
    expect(findings).toMatchObject([
      { check: 'schema', status: 'broken', code: 'not_ready', detail: 'The database has schema 12.' },
    ]);
    expect(findings[0]?.remedy).toContain('git pull && npx wrangler deploy');
  });

  it('reports once why a relay is not ready, and runs the other checks', async () => {
    const schema = {
      check: 'schema',
      status: 'broken',
      code: 'schema_failed',
      detail: 'Too new.',
      remedy: 'Deploy.',
    };
    const ledger = { check: 'ledger', status: 'ok', code: 'ok', detail: 'It works.', remedy: null };
    const url = await addressThatAnswers({
      '/api/health': [503, { detail: 'Too new.' }],
      '/api/doctor': [200, { ok: false, findings: [schema, ledger] }],
    });
    expect(await examined(url)).toEqual([schema, ledger]);
  });

  it.each([
    [
      'admin_key_missing',
      503,
      'ADMIN_KEY is not set. Set it as a secret.',
      'npx wrangler secret put ADMIN_KEY',
    ],
    ['admin_key_refused', 401, 'The admin key is wrong.', '--key'],
    ['admin_key_refused', 403, 'Only an admin may do this.', '--key'],
    ['too_many_wrong_keys', 429, 'Too many wrong keys.', 'Wait'],
    ['relay_too_old', 404, 'There is nothing at this path.', 'git pull'],
    ['no_answer', 500, 'The relay failed.', 'npx wrangler tail'],
  ])('reports a relay that refuses: %s', async (code, status, detail, remedy) => {
    const url = await addressThatAnswers({ '/api/health': healthy, '/api/doctor': [status, { detail }] });
    const findings = await examined(url);
    expect(findings).toMatchObject([{ status: 'ok' }, { status: 'broken', code }]);
    expect(findings[1]?.remedy).toContain(remedy);
  });

  it('reports late hourly work as an error for a deployment, and as a warning for npm start', async () => {
    const late = { check: 'cron', status: 'broken', code: 'cron_late', detail: 'late', remedy: 'Deploy it.' };
    const url = await addressThatAnswers({
      '/api/health': healthy,
      '/api/doctor': [200, { ok: false, findings: [late] }],
    });
    expect((await examined(url))[1]).toEqual(late);
    const here = await examined(new URL(`http://127.0.0.1:${url.port}`));
    expect(here[1]).toMatchObject({ status: 'warning', code: 'cron_late' });
    expect(here[1]?.remedy).toContain('npm start');
  });
});

it('prints a line for each finding, its remedy below it, and a count', () => {
  const findings = [
    { check: 'schema', status: 'ok', code: 'ok', detail: 'There.', remedy: null },
    { check: 'cron', status: 'broken', code: 'cron_late', detail: 'Late.', remedy: 'Do.' },
  ] as const;
  expect(linesOf(findings)).toEqual([
    'ok       schema    There.',
    'broken   cron      Late.',
    '                   → Do.',
  ]);
  expect(summaryOf(findings)).toBe('1 broken, 0 to look at, 1 in order');
});
