// `npm run dev` as its users meet it.
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freePort } from '../../support/relay.ts';
import { processTree, startProgram, stillRunning, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Its time is changed, not its content. */
const source = new URL('../../../wrangler.toml', import.meta.url).pathname;

it('restarts the relay when a source is saved, and ends it with itself', async () => {
  const port = await freePort();
  const dev = startProgram('dev', [], {
    PORT: String(port),
    STATE_DIR: join(folder.path, 'state'),
    DEV_VARS_FILE: join(folder.path, '.dev.vars'),
  });
  await dev.printed('Ctrl-C stops everything');
  utimesSync(source, new Date(), new Date());
  const output = await dev.printed('A source has changed. Restarting');
  await expect
    .poll(async () => (await dev.printed('')).slice(output.length), { timeout: 30_000 })
    .toContain('Ctrl-C stops everything');
  expect((await fetch(`http://localhost:${port}/api/health`)).status).toBe(200);
  const processes = processTree(dev.child.pid ?? 0);
  dev.child.kill('SIGTERM');
  expect((await dev.ended).code).toBe(0);
  expect(stillRunning(processes)).toEqual([]);
});
