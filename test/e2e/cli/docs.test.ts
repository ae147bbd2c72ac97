// Every curl line and every TypeScript snippet of the documentation, as pasted, against one running relay.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoModels } from '../../../src/cli/demo-upstream/models.ts';
import { type DemoUpstream, startDemoUpstream } from '../../../src/cli/demo-upstream/server.ts';
import { type CodeBlock, codeBlocksOf, commandsIn } from '../../support/docs/code-blocks.ts';
import { readPage, root, userPages } from '../../support/docs/pages.ts';
import { adminKey, startRelay, type TestRelay } from '../../support/relay.ts';

const run = promisify(execFile);
const address = /http:\/\/localhost:8787/g;
/** Inside the repository, so that imports find its packages. */
const folder = `${root}.wrangler/tmp/docs-snippets-${process.pid}`;
const blocks = userPages
  .map(readPage)
  .flatMap(codeBlocksOf)
  .filter(({ untested }) => untested === null);

let demo: DemoUpstream;
let relay: TestRelay;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  demo = await startDemoUpstream();
  relay = await startRelay({ DEMO_BASE_URL: demo.url, DEMO_MODELS: JSON.stringify(demoModels) });
  const { token } = await relay.token();
  environment = { PATH: process.env.PATH, RELAY_TOKEN: token, ADMIN_KEY: adminKey };
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([relay.stop(), demo.close()]);
});

const curls = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap((block) => commandsIn(block).map((command) => ({ path: block.path, command })))
  .filter(({ command }) => command.startsWith('curl '));

it.each(curls)('$path: $command', async ({ command }) => {
  const line = command
    .replace(address, relay.url)
    .replace(/^curl/, 'curl --silent --show-error --fail-with-body');
  const { stdout } = await run('sh', ['-c', line], { env: environment });
  expect(stdout).not.toBe('');
  if (command.includes('/api/channels')) await deleteChannels();
});

/** Channels of the examples would send later requests to real providers. */
async function deleteChannels(): Promise<void> {
  const { data } = await relay.manage<{ data: { id: string }[] }>('GET', '/api/channels');
  for (const { id } of data) await relay.manage('DELETE', `/api/channels/${id}`);
}

const snippets = blocks
  .filter(({ language }) => language === 'ts')
  .map((block, index) => ({ ...block, index }));

it.each(snippets)('the TypeScript in $path runs', async ({ code, index }: CodeBlock & { index: number }) => {
  const file = `${folder}/snippet-${index}.ts`;
  writeFileSync(file, code.replace(address, relay.url));
  await run(process.execPath, ['--no-warnings', file], { env: environment });
});

it('the management API has the calls that its page lists, and no other', async () => {
  const { paths } = (await (await fetch(`${relay.url}/api/openapi.json`)).json()) as {
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
  const response = await fetch(`${relay.url}/v1/models`, { headers: { origin: 'https://example.com' } });
  const exposed = (response.headers.get('access-control-expose-headers') ?? '').split(/, ?/);
  const { text } = readPage('src/docs/headers.md');
  expect(exposed).toContain('x-request-id');
  expect(exposed.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});
