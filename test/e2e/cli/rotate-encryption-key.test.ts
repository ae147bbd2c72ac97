// Runs the key rotation as an operator does: of a local relay, stopped and serving, and of a deployed one.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encryptionKeyIdOf } from '../../../src/lib/seal.ts';
import { freePort } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { type CloudflareImitation, startCloudflareImitation } from './cloudflare-imitation.ts';
import { type Program, runProgram, startProgram, temporaryFolder } from './programs.ts';

vi.setConfig({ testTimeout: 240_000 });

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe('rotating the key of a local relay', () => {
  const file = join(folder.path, 'vars');
  const environment = { DEV_VARS_FILE: file };
  const variable = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  let upstream: TestUpstream;
  let url: string;
  let token: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    const lines = ['ADMIN_KEY=ak-local', 'ENCRYPTION_KEY=first', 'DEMO=0', `PORT=${port}`];
    writeFileSync(file, `${[...lines, `STATE_DIR=${join(folder.path, 'state')}`].join('\n')}\n`);
    upstream = await startUpstream(({ headers }, response) => {
      response.writeHead(headers.authorization === 'Bearer the-right-key' ? 200 : 401, {
        'content-type': 'application/json',
      });
      response.end('{"object":"chat.completion","choices":[]}');
    });
  });
  afterAll(() => upstream?.stop());

  const manage = async (path: string, body: object) => {
    const response = await fetch(`${url}/api${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer ak-local', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { token: string };
  };
  const send = async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).status;
  };
  const start = async (): Promise<Program> => {
    const relay = startProgram('start', [], environment);
    await relay.printed('Admin key');
    return relay;
  };
  const stop = async (relay: Program) => {
    relay.child.kill('SIGTERM');
    await relay.ended;
  };
  const rotate = () => runProgram('rotate-encryption-key', [], environment);

  it('asks for a restart of a running relay, then rotates beside it without a failed request', async () => {
    let relay = await start();
    const channel = { name: 'c', provider: 'openai', base_url: upstream.url, models: ['m'] };
    await manage('/channels', { ...channel, keys: ['the-right-key'] });
    ({ token } = await manage('/tokens', { name: 't' }));
    const early = await rotate();
    expect(early).toMatchObject({ code: 1, output: expect.stringContaining('npm start') });
    const next = variable('ENCRYPTION_KEY_NEXT');
    expect([variable('ENCRYPTION_KEY'), next?.length]).toEqual(['first', 43]);
    await stop(relay);
    relay = await start();
    let isOver = false;
    const serving = (async () => {
      const statuses: number[] = [];
      while (!isOver) {
        statuses.push(await send());
        await delay(20);
      }
      return statuses;
    })();
    const rotated = await rotate();
    isOver = true;
    expect(rotated.code, rotated.output).toBe(0);
    expect(rotated.output).toContain('resealed: 1');
    const statuses = await serving;
    expect([statuses.length > 5, new Set(statuses)]).toEqual([true, new Set([200])]);
    expect([variable('ENCRYPTION_KEY'), variable('ENCRYPTION_KEY_NEXT')]).toEqual([next, undefined]);
    await stop(relay);
  });

  it('starts a relay if none runs, and opens existing secrets with the new key', async () => {
    const before = variable('ENCRYPTION_KEY');
    const rotated = await rotate();
    expect(rotated.code, rotated.output).toBe(0);
    expect(variable('ENCRYPTION_KEY')).not.toBe(before);
    const relay = await start();
    expect(await send()).toBe(200);
    await stop(relay);
  });
});

describe('rotating the key of a deployed relay', () => {
  const file = join(folder.path, 'deploy.json');
  let cloudflare: CloudflareImitation;
  /** The key that encrypts the relay's stored secrets. */
  let sealedUnder = 'old';
  let stops = false;
  let url = '';

  const server = createServer(async (request, response) => {
    const { secrets } = cloudflare;
    const [next, current] = [secrets.get('ENCRYPTION_KEY_NEXT'), secrets.get('ENCRYPTION_KEY') ?? ''];
    const seals = next ?? current;
    const opens = await Promise.all([...new Set([seals, current])].map(encryptionKeyIdOf));
    if (request.method === 'GET') {
      response.end(JSON.stringify({ seals: opens[0], opens }));
      return;
    }
    if (stops) return void response.writeHead(500).end('{}');
    const isOpen = [seals, current].includes(sealedUnder);
    const resealed = isOpen && sealedUnder !== seals ? 1 : 0;
    if (resealed === 1) sealedUnder = seals;
    response.end(JSON.stringify({ resealed, locked: isOpen ? 0 : 1, next_cursor: null }));
  });

  beforeAll(async () => {
    cloudflare = await startCloudflareImitation();
    cloudflare.secrets.set('ADMIN_KEY', 'ak').set('ENCRYPTION_KEY', 'old');
    cloudflare.uploads.push({ metadata: { bindings: [] }, modules: new Map(), bound: [] });
    // A deployment without a terminal generated the old key, which has not been shown yet.
    const pending_secrets = { ENCRYPTION_KEY: 'old' };
    writeFileSync(file, JSON.stringify({ name: 'relay', account_id: 'a'.repeat(32), pending_secrets }));
    await new Promise<void>((resolve) => server.listen(0, resolve));
    // An address of this machine other than localhost.
    url = `http://0.0.0.0:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await cloudflare.close();
  });

  const rotate = () =>
    runProgram('rotate-encryption-key', ['--url', url, '--key', 'ak'], {
      HOME: folder.path,
      CLOUDFLARE_API_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: 'imitated-api-token',
      DEPLOY_FILE: file,
      DEPLOY_WAIT_SECONDS: '0',
      DEV_VARS_FILE: join(folder.path, 'none'),
      ROTATE_PAUSE_MS: '10',
    });

  it('continues an interrupted rotation with the same new key', async () => {
    stops = true;
    const cut = await rotate();
    expect(cut.code, cut.output).toBe(1);
    const next = cloudflare.secrets.get('ENCRYPTION_KEY_NEXT');
    expect(JSON.parse(readFileSync(file, 'utf8')).pending_secrets).toEqual({
      ENCRYPTION_KEY: 'old',
      ENCRYPTION_KEY_NEXT: next,
    });
    stops = false;
    const done = await rotate();
    expect(done.code, done.output).toBe(0);
    expect(done.output).toContain(next);
    expect(sealedUnder).toBe(next);
    expect(cloudflare.secrets.get('ENCRYPTION_KEY')).toBe(next);
    expect(cloudflare.secrets.has('ENCRYPTION_KEY_NEXT')).toBe(false);
    expect(JSON.parse(readFileSync(file, 'utf8')).pending_secrets).toBeUndefined();
  });

  it('refuses to start while another rotation is in progress', async () => {
    cloudflare.secrets.set('ENCRYPTION_KEY_NEXT', 'of-somebody-else');
    const refused = await rotate();
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringContaining('finish it where it was begun'),
    });
    expect(cloudflare.secrets.get('ENCRYPTION_KEY_NEXT')).toBe('of-somebody-else');
  });
});
