// Tests export and import: failures against an imitated relay, and success between two relays.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokensOfPage } from '../../../src/cli/transfer/pages.ts';
import { freePort } from '../../support/relay.ts';
import { type Program, runProgram, startProgram, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const exported = { version: 1, tokens: [{ id: 'tok_1' }], channels: [], prices: [] };
const received: unknown[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const isKnown = request.headers.authorization === 'Bearer ak-right';
      if (request.method === 'POST' && isKnown) received.push(JSON.parse(body));
      const answer = request.method === 'GET' ? exported : { tokens: 1, warnings: ['a channel has no keys'] };
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isKnown ? answer : { title: 'Unauthorized' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(() => {
  server.close();
  folder.remove();
});

const environment = { DEV_VARS_FILE: join(folder.path, 'none') };
const right = () => ['--url', url, '--key', 'ak-right'];
const transfer = (name: 'export' | 'import', parameters: string[]) =>
  runProgram(name, parameters, environment);

describe('exporting', () => {
  it('writes a file readable by its user only, and overwrites another only if forced', async () => {
    const file = join(folder.path, 'export.json');
    const first = await transfer('export', [...right(), '--file', file]);
    expect(first.code, first.output).toBe(0);
    expect(first.output).toContain('tokens 1');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(exported);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = await transfer('export', [...right(), '--file', file]);
    expect(second).toMatchObject({ code: 1, output: expect.stringContaining('exists') });
    expect((await transfer('export', [...right(), '--file', file, '--force'])).code).toBe(0);
  });

  it('reports a wrong key, an unreachable relay, and a missing key', async () => {
    const file = ['--file', join(folder.path, 'never.json')];
    const wrong = await transfer('export', ['--url', url, '--key', 'ak-wrong', ...file]);
    expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('refuses the key') });
    const gone = await transfer('export', [
      '--url',
      `http://127.0.0.1:${await freePort()}`,
      '--key',
      'k',
      ...file,
    ]);
    expect(gone).toMatchObject({ code: 1, output: expect.stringContaining('cannot be reached') });
    expect(await transfer('export', file)).toMatchObject({
      code: 1,
      output: expect.stringContaining('--key'),
    });
  });
});

describe('importing', () => {
  it('sends the document and prints counts and warnings', async () => {
    const file = join(folder.path, 'document.json');
    writeFileSync(file, JSON.stringify(exported));
    const ended = await transfer('import', [...right(), '--file', file]);
    expect(ended.code, ended.output).toBe(0);
    expect(received).toEqual([exported]);
    expect(ended.output).toContain('warning: a channel has no keys');
  });

  it('sends any number of tokens page by page, and sums the relay’s answers', async () => {
    const file = join(folder.path, 'large.json');
    const tokens = Array.from({ length: 2 * tokensOfPage + 1 }, (_, index) => ({ id: `tok_${index}` }));
    writeFileSync(file, JSON.stringify({ ...exported, accounts: [{ id: 'acc' }], tokens }));
    received.length = 0;
    const ended = await transfer('import', [...right(), '--file', file]);
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toContain(`tokens ${tokens.length} of ${tokens.length}`);
    expect(ended.output).toContain('tokens 3');
    const pages = received as { accounts?: unknown[]; tokens: unknown[]; version: number }[];
    expect(
      pages.map(({ accounts, tokens: some, version }) => [accounts?.length, some.length, version]),
    ).toEqual([
      [1, tokensOfPage, 1],
      [undefined, tokensOfPage, 1],
      [undefined, 1, 1],
    ]);
    expect(pages.flatMap(({ tokens: some }) => some)).toEqual(tokens);
  });

  it('reports what is wrong with the file', async () => {
    const file = join(folder.path, 'broken.json');
    writeFileSync(file, '{"tokens":');
    const broken = await transfer('import', [...right(), '--file', file]);
    expect(broken).toMatchObject({ code: 1, output: expect.stringContaining('is not an export') });
    const missing = await transfer('import', [...right(), '--file', join(folder.path, 'missing')]);
    expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('cannot read') });
    expect(await transfer('import', right())).toMatchObject({
      code: 1,
      output: expect.stringContaining('--file'),
    });
  });
});

describe('transferring from one relay to another', () => {
  const relays: Program[] = [];
  afterAll(async () => {
    for (const { child } of relays) child.kill('SIGTERM');
    await Promise.all(relays.map(({ ended }) => ended));
  });

  it('moves a token whose value continues to work', async () => {
    const [from, to] = [await startRelay('from'), await startRelay('to')];
    const token = await makeToken(from);
    const file = join(folder.path, 'moved.json');
    const out = await transfer('export', ['--url', from.url, '--key', from.adminKey, '--file', file]);
    expect(out.code, out.output).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain(token);
    const into = await transfer('import', ['--url', to.url, '--key', to.adminKey, '--file', file]);
    expect(into.code, into.output).toBe(0);
    const response = await fetch(`${to.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
    // There are more of them, because each relay also has a demo token. The new ledgers agree with the log.
    const many = await Promise.all(Array.from({ length: 30 }, () => makeToken(from)));
    expect(many).toHaveLength(30);
    const again = await transfer('export', [
      '--url',
      from.url,
      '--key',
      from.adminKey,
      '--file',
      file,
      '--force',
    ]);
    expect(again.output).toContain('tokens 32');
    await transfer('import', ['--url', to.url, '--key', to.adminKey, '--file', file]);
    const checked = await runProgram('reconcile', ['--url', to.url, '--key', to.adminKey], environment);
    expect(checked.code, checked.output).toBe(0);
    expect(checked.output).toMatch(/33 tokens compared, .*, 0 differences/);
  });

  async function startRelay(name: string): Promise<{ url: string; adminKey: string }> {
    const port = await freePort();
    const adminKey = `ak-${name}`;
    const program = startProgram('start', [], {
      PORT: String(port),
      ADMIN_KEY: adminKey,
      ENCRYPTION_KEY: 'the same for both',
      DEMO: '0',
      STATE_DIR: join(folder.path, name, 'state'),
      DEV_VARS_FILE: join(folder.path, name, '.dev.vars'),
    });
    relays.push(program);
    await program.printed('Ctrl-C stops everything');
    return { url: `http://localhost:${port}`, adminKey };
  }

  async function makeToken({ url: relay, adminKey }: { url: string; adminKey: string }): Promise<string> {
    const response = await fetch(`${relay}/api/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'moved' }),
    });
    expect(response.status).toBe(201);
    return ((await response.json()) as { token: string }).token;
  }
});
