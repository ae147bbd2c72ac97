// Tests the relay's process on this machine: its stores, its settings, its shutdown.
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { freePort, startRelay, type TestRelay } from '../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { balanceOf, rowsOf } from '../sockets/scene.ts';
import { processTree, startNpm, startProgram, stillRunning, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const running: TestRelay[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((relay) => relay.stop()));
});
afterAll(() => folder.remove());

async function start(variables: Record<string, string> = {}, state?: string): Promise<TestRelay> {
  const relay = await startRelay(variables, state);
  running.push(relay);
  return relay;
}

describe('a state folder of the version that ran wrangler', () => {
  /** The content of the archive: made by that version's `npm start`, with one charged request. */
  const before = {
    token: 'sk-oo8-v3g4lOnoa5xGKUAb0VYMH3MYD4K0TFsU2javd7Z6ayB34SYcG',
    id: 'tok_Sq9Y0dgBiOVZs3yL',
    spent_usd: 0.0198,
  };

  it('opens with its tokens, channels and balances, and is closed to other users', async () => {
    const state = join(folder.path, 'before');
    mkdirSync(state);
    execFileSync('tar', ['-xzf', 'test/fixtures/state/before-own-host.tgz', '-C', state]);
    execFileSync('chmod', ['-R', 'a+rX', state]);
    const relay = await start({}, state);
    expect(await balanceOf(relay, before.id)).toMatchObject({ spent_usd: before.spent_usd });
    const headers = { authorization: `Bearer ${before.token}` };
    expect((await fetch(`${relay.url}/v1/models`, { headers })).status).toBe(200);
    const { data } = await relay.manage<{ data: { name: string }[] }>('GET', '/api/channels');
    expect(data.map(({ name }) => name)).toEqual(['kept channel']);
    expect(await rowsOf(relay, before.id, 3)).toHaveLength(3);
    expect(openModes(state)).toEqual([]);
  });
});

/** Returns the paths in a folder, including the folder, that other users can access. */
function openModes(path: string): string[] {
  const isOpen = (lstatSync(path).mode & 0o077) !== 0;
  const below = lstatSync(path).isDirectory()
    ? readdirSync(path).flatMap((name) => openModes(join(path, name)))
    : [];
  return [...(isOpen ? [path] : []), ...below];
}

describe('the state folder', () => {
  it('is private to its user, whatever the umask', async () => {
    const relay = await start();
    await relay.token();
    expect(openModes(join(relay.stateDirectory, 'v3'))).toEqual([]);
    expect(lstatSync(relay.stateDirectory).mode & 0o777).toBe(0o700);
  });

  it('preserves its mode if it contains other files', async () => {
    const state = join(folder.path, 'shared');
    mkdirSync(state, { mode: 0o755 });
    writeFileSync(join(state, 'other.txt'), '');
    await start({}, state);
    expect(lstatSync(state).mode & 0o777).toBe(0o755);
    expect(openModes(join(state, 'v3'))).toEqual([]);
  });
});

it('has its schema before the relay answers', async () => {
  const port = await freePort();
  const state = join(folder.path, 'schema');
  const program = startProgram('start', [], {
    PORT: String(port),
    HOST: '127.0.0.1',
    STATE_DIR: state,
    DEV_VARS_FILE: join(folder.path, 'schema.vars'),
    ADMIN_KEY: 'ak-1',
    DEMO: '0',
  });
  const headers = { authorization: 'Bearer ak-1', 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'first' });
  const post = () => fetch(`http://127.0.0.1:${port}/api/tokens`, { method: 'POST', headers, body });
  let first: Response | null = null;
  while (first === null) first = await post().catch(() => null);
  expect(first.status).toBe(201);
  program.child.kill('SIGTERM');
  await program.ended;
});

it('identifies an IPv6 client by its address', async ({ skip }) => {
  const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
    each?.some(({ address }) => address === '::1'),
  );
  if (!hasIpv6) skip();
  const port = await freePort();
  const program = startProgram('start', [], {
    PORT: String(port),
    HOST: '::1',
    STATE_DIR: join(folder.path, 'ipv6'),
    DEV_VARS_FILE: join(folder.path, 'ipv6.vars'),
    ADMIN_KEY: 'ak-1',
    DEMO: '0',
  });
  await program.printed(`http://[::1]:${port}`);
  const call = async (path: string, key: string, body?: object) =>
    fetch(`http://[::1]:${port}${path}`, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  const statuses: number[] = [];
  for (const address of ['::1', '127.0.0.1']) {
    const made = await call('/api/tokens', 'ak-1', { name: 'a test', allowed_ips: [address] });
    const { token } = (await made.json()) as { token: string };
    statuses.push((await call('/v1/models', token)).status);
  }
  expect(statuses).toEqual([200, 403]);
  program.child.kill('SIGTERM');
  await program.ended;
});

it('runs the hourly work on request', async () => {
  const prices = await startUpstream((_, response) => void response.end('[]'));
  const relay = await start({ PRICES_URL: `${prices.url}/prices.json` });
  await relay.runScheduled();
  expect(prices.received.map(({ path }) => path)).toEqual(['/prices.json']);
  await prices.stop();
});

describe('stopping the relay', () => {
  const chunk =
    'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n';
  let upstream: TestUpstream | undefined;
  afterEach(() => upstream?.stop());

  /** Starts a relay with a stream of that duration, or without an end. */
  async function streaming(lastsMs: number | null, state?: string) {
    upstream = await startUpstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(() => response.write(chunk), 50);
      response.on('close', () => clearInterval(timer));
      if (lastsMs !== null) setTimeout(() => response.end('data: [DONE]\n\n'), lastsMs);
    });
    const relay = await startRelay({}, state);
    const { url: base_url } = upstream;
    await relay.channel({ name: 'o', provider: 'openai', base_url, keys: ['k'], models: ['gpt-4o'] });
    const { id, token } = await relay.token();
    const response = await fetch(`${relay.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'gpt-4o',
        stream: true,
        messages: [{ role: 'user', content: 'Count.' }],
      }),
    });
    return { relay, id, response };
  }

  it('refuses new requests and lets an open stream finish', async () => {
    const { relay, response } = await streaming(1_500);
    const stopped = relay.stop(5_000);
    await pause(300);
    await expect(fetch(`${relay.url}/api/health`)).rejects.toThrow();
    expect(await response.text()).toMatch(/\[DONE\]\n\n$/);
    await stopped;
  });

  it('ends a longer stream with its format’s error event, and charges it', async () => {
    const state = join(folder.path, 'ended-stream');
    const { relay, id, response } = await streaming(null, state);
    const text = response.text();
    const startedAtMs = Date.now();
    await relay.stop(1_000);
    expect(Date.now() - startedAtMs).toBeLessThan(3_000);
    const last = (await text).trimEnd().split('\n').at(-1)?.replace('data: ', '') ?? '';
    expect(JSON.parse(last).error).toMatchObject({ code: 'service_unavailable' });
    const again = await start({}, state);
    const [row] = await rowsOf(again, id, 1);
    expect(row).toMatchObject({ error_code: 'service_unavailable', usage_source: 'estimated' });
    expect(row?.cost_usd).toBeGreaterThan(0);
    expect(await balanceOf(again, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
  });

  it('ends unanswered requests with a 503, and a stream opened by pings with the error event', async () => {
    upstream = await startUpstream(() => {});
    const relay = await startRelay();
    const common = { provider: 'openai', base_url: upstream.url, keys: ['k'] };
    await relay.channel({ ...common, name: 'silent', models: ['gpt-4o'] });
    const settings = { ping_interval_ms: 200 };
    await relay.channel({ ...common, name: 'pinged', models: ['gpt-4.1'], settings });
    const { token } = await relay.token();
    const send = (body: object) =>
      fetch(`${relay.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, messages: [{ role: 'user', content: 'Count.' }] }),
      });
    const waiting = [send({ model: 'gpt-4o' }), send({ model: 'gpt-4o', stream: true })];
    const opened = await send({ model: 'gpt-4.1', stream: true });
    const text = opened.text();
    while (upstream.received.length < 3) await pause(20);
    await relay.stop(500);
    for (const response of await Promise.all(waiting)) {
      expect(response.status).toBe(503);
      expect(((await response.json()) as { error: object }).error).toMatchObject({
        code: 'service_unavailable',
      });
    }
    expect(await text).toMatch(/^(: ping\n)+data: \{"error":\{[^\n]*"code":"service_unavailable"\}\}\n\n$/);
  });

  it('keeps npm running after SIGTERM until the streams end; a second SIGTERM ends everything at once', async () => {
    upstream = await startUpstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk);
    });
    const port = await freePort();
    const program = startNpm({
      PORT: String(port),
      STATE_DIR: join(folder.path, 'npm'),
      DEV_VARS_FILE: join(folder.path, 'npm.vars'),
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: upstream.url,
      DEMO: '0',
    });
    const token = /sk-oo8-\w+/.exec(await program.printed('Ctrl-C stops everything'))?.[0];
    const tree = processTree(program.child.pid ?? 0);
    const response = await fetch(`http://localhost:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Count."}]}',
    });
    const reading = response.text().catch(() => 'broken');
    program.child.kill('SIGTERM');
    await program.printed('Press Ctrl-C again');
    await pause(500);
    expect(stillRunning(tree)).toEqual(tree);
    program.child.kill('SIGTERM');
    const startedAtMs = Date.now();
    expect((await program.ended).code).toBe(0);
    expect(Date.now() - startedAtMs).toBeLessThan(1_000);
    expect(stillRunning(tree)).toEqual([]);
    await reading;
  });

  it('does not wait for open streams after a second signal', async () => {
    upstream = await startUpstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(chunk);
    });
    const port = await freePort();
    const program = startProgram('start', [], {
      PORT: String(port),
      STATE_DIR: join(folder.path, 'twice'),
      DEV_VARS_FILE: join(folder.path, 'twice.vars'),
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: upstream.url,
    });
    const token = /sk-oo8-\w+/.exec(await program.printed('Ctrl-C stops everything'))?.[0];
    const tree = processTree(program.child.pid ?? 0);
    const response = await fetch(`http://localhost:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Count."}]}',
    });
    expect(response.status).toBe(200);
    const reading = response.text().catch(() => 'broken');
    program.child.kill('SIGINT');
    await pause(1_000);
    await program.printed('Press Ctrl-C again');
    program.child.kill('SIGINT');
    const startedAtMs = Date.now();
    await program.ended;
    expect(Date.now() - startedAtMs).toBeLessThan(1_000);
    expect(stillRunning(tree)).toEqual([]);
    await reading;
  });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
