// Every command, curl line, TypeScript and Python snippet of the documentation, as pasted, against a relay that
// `npm start` runs. Translations have the same code.
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CodeBlock, codeBlocksOf, commandsIn } from '../../support/docs/code-blocks.ts';
import { readPage, root, userPages } from '../../support/docs/pages.ts';
import {
  answering,
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
} from '../../support/realtime-upstream.ts';
import { freePort, managerOf } from '../../support/relay.ts';
import { type Program, startNpm, temporaryFolder } from './programs.ts';

const run = promisify(execFile);
const localAddress = /http:\/\/localhost:8787/g;
const publicAddress = /https:\/\/relay\.example\.com/g;
/** Inside the repository, so that imports find its packages. */
const snippets = `${root}.wrangler/tmp/docs-snippets-${process.pid}`;
const folder = temporaryFolder();
const devVars = join(folder.path, '.dev.vars');
const blocks = userPages
  .filter((path) => !path.startsWith('src/docs/zh/'))
  .map(readPage)
  .flatMap(codeBlocksOf);
const shellBlocks = blocks.filter(({ language }) => language === 'sh');
const commands = shellBlocks
  .filter(({ untested }) => untested === null)
  .flatMap((block) => commandsIn(block).map((command) => ({ path: block.path, command })));

let settings: Record<string, string>;
let relay: Program;
let upstream: RealtimeUpstream;
let url: string;
/** What a reader has who followed the first page. */
let reader: NodeJS.ProcessEnv;
let manage: ReturnType<typeof managerOf>;

beforeAll(async () => {
  mkdirSync(snippets, { recursive: true });
  writeFileSync(`${snippets}/without-tls.mjs`, withoutTls);
  settings = {
    PORT: String(await freePort()),
    STATE_DIR: join(folder.path, 'state'),
    DEV_VARS_FILE: devVars,
  };
  url = `http://localhost:${settings.PORT}`;
  upstream = await startRealtimeUpstream(bothApis);
  await startRelay();
  const stored = Object.fromEntries(
    readFileSync(devVars, 'utf8')
      .split('\n')
      .map((line) => line.split('=')),
  );
  reader = { PATH: process.env.PATH, RELAY_TOKEN: stored.DEMO_TOKEN, ADMIN_KEY: stored.ADMIN_KEY };
  manage = managerOf(url, stored.ADMIN_KEY);
});
afterAll(async () => {
  await stop(relay);
  await upstream?.stop();
  rmSync(snippets, { recursive: true, force: true });
  folder.remove();
});

const openaiApi = answering(() => ({ input: 1, output: 1 }));

/** OpenAI's Realtime API and Gemini's Live API, as far as opening a session. */
const bothApis: Script = {
  ...openaiApi,
  event: (session, event) =>
    'setup' in event ? session.sayBinary({ setupComplete: {} }) : openaiApi.event?.(session, event),
};

async function startRelay(more: Record<string, string> = {}): Promise<void> {
  relay = startNpm({ ...settings, ...more });
  await relay.printed('Ctrl-C stops everything');
}

async function stop(program: Program): Promise<void> {
  program.child.kill('SIGTERM');
  await program.ended;
}

/** Runs a command as a reader's shell would; rejects if it fails. Files are written to a folder of this test. */
async function paste(command: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const line = command.replace(/^npm /, `npm --prefix ${root} `);
  const { stdout } = await run('sh', ['-c', line], { cwd: folder.path, env: environment });
  return stdout;
}

/** Commands that other files run. */
const runElsewhere: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm run check': '.ci/run',
  'npm run test:unit': 'test/vitest.config.ts',
  'npm run dev': 'test/e2e/cli/dev.test.ts',
  'npm run deploy': 'test/e2e/cli/deploy-world.ts',
  'npx wrangler deploy': 'test/e2e/cli/deploy-world.ts',
  'npx wrangler rollback': 'test/e2e/cli/deploy-world.ts',
  'npx wrangler secret put LOG_RETENTION_DAYS': 'test/e2e/cli/deploy-again.test.ts',
};

const starts = commands.filter(({ command }) => /(^| )npm start$/.test(command));
const curls = commands.filter(({ command }) => command.startsWith('curl '));
const exported = commands.filter(({ command }) => command.startsWith('export '));
const programs = commands.filter(
  ({ command }) => /^npm run (?!rotate)/.test(command) && runElsewhere[command] === undefined,
);
const rotations = commands.filter(({ command }) => command.startsWith('npm run rotate'));

it('knows how each command is run', () => {
  const known = new Set([starts, curls, exported, programs, rotations].flat().map(({ command }) => command));
  const others = shellBlocks.flatMap(commandsIn).filter((command) => !known.has(command));
  expect(others.filter((command) => !command.startsWith('git ') && !(command in runElsewhere))).toEqual([]);
  for (const [command, file] of Object.entries(runElsewhere)) {
    expect(others, file).toContain(command);
    expect(readFileSync(root + file, 'utf8'), file).toContain(command.replace(/.*[ :]/, ''));
  }
});

it.each(exported)('$path: $command', async ({ command }) => {
  const [, name = ''] = /^export (\w+)=/.exec(command) ?? [];
  const line = command.replace('.dev.vars', devVars).replace(localAddress, url);
  expect((await paste(`${line}; printenv ${name}`, reader)).trim()).not.toBe('');
});

it.each(curls)('$path: $command', async ({ command }) => {
  const { id } = await manage<{ id: string }>('POST', '/api/tokens', { name: 'an example' });
  const line = command
    .replace(localAddress, url)
    .replace('tok_…', id)
    .replace(/^curl/, 'curl --silent --show-error --fail-with-body --write-out "%{http_code}"');
  expect(await paste(line, reader)).toMatch(/20[0-4]$/);
  if (command.includes('/api/channels')) await deleteChannels();
});

/** Channels of the examples would send later requests to real providers. */
async function deleteChannels(): Promise<void> {
  const { data } = await manage<{ data: { id: string }[] }>('GET', '/api/channels');
  for (const { id } of data) await manage('DELETE', `/api/channels/${id}`);
}

describe('TypeScript', () => {
  const sources = blocks
    .filter(({ language, untested }) => language === 'ts' && untested === null)
    .map((block, index) => ({ ...block, index }));

  beforeAll(async () => {
    const models = { openai: 'gpt-realtime', gemini: 'gemini-2.5-flash-native-audio-latest' };
    for (const [provider, model] of Object.entries(models)) {
      const fields = { name: provider, provider, base_url: upstream.url, keys: ['k'], models: [model] };
      await manage('POST', '/api/channels', fields);
    }
  });
  afterAll(deleteChannels);

  it.each(sources)('runs in $path ($index)', async ({ code, index }: CodeBlock & { index: number }) => {
    const file = `${snippets}/snippet-${index}.ts`;
    const session = code.includes('const session') ? closeSession : '';
    writeFileSync(file, code.replace(localAddress, url).replace(publicAddress, url) + session);
    const preload = ['--import', `${snippets}/without-tls.mjs`];
    const options = { env: reader, timeout: 30_000 };
    await run(process.execPath, ['--no-warnings', ...preload, file], options);
  });
});

describe('Python', () => {
  const sources = blocks
    .filter(({ language, untested }) => language === 'python' && untested === null)
    .map((block, index) => ({ ...block, index, lacks: missingImport(block.code) }));

  for (const { path, code, index, lacks } of sources)
    it.skipIf(lacks)(`runs in ${path} (${index})${lacks ? `, skipped: ${lacks}` : ''}`, async () => {
      const options = { env: reader, timeout: 30_000 };
      const { stdout } = await run('python3', ['-c', code.replace(localAddress, url)], options);
      expect(stdout.trim()).not.toBe('');
    });
});

/** Returns why this machine's Python cannot import what a snippet imports, or null if it can. */
function missingImport(code: string): string | null {
  const imports = code.match(/^(?:import|from) .+$/gm) ?? [];
  const { status, error, stderr } = spawnSync('python3', ['-c', imports.join('\n')], { encoding: 'utf8' });
  if (error) return 'there is no python3';
  return status === 0 ? null : (stderr.trim().split('\n').at(-1) ?? 'it cannot import its packages');
}

/** Waits until a snippet's session is open, then closes it. */
const closeSession = `
const { socket } = session as unknown as { socket?: WebSocket };
if (socket !== undefined && socket.readyState !== WebSocket.OPEN)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
if ('on' in session) session.on('error', () => undefined);
session.close();
`;

/** OpenAI's clients insist on wss:, and the tests' relay has no certificate. */
const withoutTls = `
import net from 'node:net';
import tls from 'node:tls';
tls.connect = (options) => net.connect(options);
const Socket = globalThis.WebSocket;
globalThis.WebSocket = class extends Socket {
  constructor(url, protocols) {
    super(String(url).replace('wss:', 'ws:'), protocols);
  }
};
`;

it('the management API has the calls that its page lists, and no other', async () => {
  const { paths } = (await (await fetch(`${url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} /api${path}`),
  );
  const rows = readPage('src/docs/management-api.md').text.matchAll(
    /^\| ((?:`[A-Z]+`, )*)`([A-Z]+) (\S+)` \|/gm,
  );
  const listed = [...rows].flatMap(([, others = '', last, path]) =>
    [...(others.match(/[A-Z]+/g) ?? []), last].map((method) => `${method} ${path}`),
  );
  expect(listed.sort()).toEqual(served.sort());
});

it('names every header that pages of other origins may read', async () => {
  const response = await fetch(`${url}/v1/models`, { headers: { origin: 'https://example.com' } });
  const exposed = (response.headers.get('access-control-expose-headers') ?? '').split(/, ?/);
  const { text } = readPage('src/docs/headers.md');
  expect(exposed).toContain('x-request-id');
  expect(exposed.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});

it('programs run in the order of the documentation', { timeout: 120_000 }, async () => {
  for (const { command } of programs) {
    expect(await paste(command, { ...reader, ...settings }), command).not.toBe('');
  }
});

it('rotates the key of a stopped relay, which then starts with any provider’s key', {
  timeout: 120_000,
}, async () => {
  await stop(relay);
  const { PATH } = process.env;
  for (const { command } of rotations)
    expect(await paste(command, { PATH, ...settings })).toContain('ENCRYPTION_KEY is a new one');
  for (const { command } of starts.filter((one) => one.command.includes('='))) {
    const [, name = '', key = ''] = /^(\w+)=(\S+) /.exec(command) ?? [];
    await startRelay({ [name]: key });
    expect((await fetch(`${url}/api/health`)).status).toBe(200);
  }
});
