// Tests `npm start` as its users run it. Every test has its own state and its own .dev.vars.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startDemoUpstream } from '../../../src/cli/demo-upstream/server.ts';
import { freePort } from '../../support/relay.ts';
import { type Program, processTree, startProgram, stillRunning, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
let running: Program | null = null;

afterEach(async () => {
  running?.child.kill('SIGTERM');
  await running?.ended;
  running = null;
});
afterAll(() => folder.remove());

async function environment(name: string, more: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    PORT: String(await freePort()),
    STATE_DIR: join(folder.path, name, 'state'),
    DEV_VARS_FILE: join(folder.path, name, '.dev.vars'),
    ...more,
  };
}

async function start(variables: Record<string, string>): Promise<string> {
  running = startProgram('start', [], variables);
  return await running.printed('Ctrl-C stops everything');
}

function tokenIn(output: string): string | undefined {
  return /Demo token\s+(sk-oo8-\w+)/.exec(output)?.[1];
}

function curlsIn(output: string): string[] {
  return output.split('\n').filter((text) => text.startsWith('curl '));
}

describe('npm start', () => {
  it('prints three working curl lines, and the same token the next time', async () => {
    const variables = await environment('whole');
    const output = await start(variables);
    expect(curlsIn(output)).toHaveLength(3);
    for (const line of curlsIn(output))
      expect(await paste(line), line).toContain('Hello from the demo upstream');
    const tree = processTree(running?.child.pid ?? 0);
    expect(commandLinesOf(tree)).not.toMatch(/ak-|sk-oo8-/);
    running?.child.kill('SIGTERM');
    await running?.ended;
    expect(tokenIn(output)).toBeDefined();
    expect(tokenIn(await start(variables))).toBe(tokenIn(output));
  });

  it('creates a new token if the state does not know the old one', async () => {
    const variables = await environment('lost');
    const before = tokenIn(await start(variables));
    running?.child.kill('SIGTERM');
    await running?.ended;
    const after = tokenIn(await start({ ...variables, STATE_DIR: join(folder.path, 'lost', 'other') }));
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
  });

  it('omits the demo upstream with DEMO=0, and prints no curl line without a channel to answer it', async () => {
    const output = await start(await environment('no-demo', { DEMO: '0' }));
    expect(output).toContain('off (DEMO=0)');
    expect(curlsIn(output)).toEqual([]);
    expect(output).toMatch(/No channel serves a model[\s\S]*\/dashboard\/channels/);
  });

  it('prints curl lines for the models that the channels serve', async () => {
    const upstream = await startDemoUpstream();
    const environments: [string, Record<string, string>][] = [
      ['openai', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${upstream.url}/v1` }],
      ['anthropic', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: upstream.url }],
    ];
    for (const [name, keys] of environments) {
      const output = await start(await environment(name, { DEMO: '0', ...keys }));
      expect(curlsIn(output)).toHaveLength(3);
      for (const line of curlsIn(output))
        expect(await paste(line), line).toContain('Hello from the demo upstream');
      running?.child.kill('SIGTERM');
      await running?.ended;
    }
    await upstream.close();
  });

  it('makes the local data readable by its user only', async () => {
    const variables = await environment('closed', { DEMO: '0' });
    await start(variables);
    const response = await fetch(`http://localhost:${variables.PORT}/cdn-cgi/explorer/api/d1/database`);
    expect(response.ok).toBe(false);
  });
});

describe('npm start on a busy port', () => {
  it('names the port, and neither starts nor writes anything', async () => {
    const server = createServer((_, response) => response.end('taken'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const variables = await environment('busy', { PORT: port });
    const ended = await startProgram('start', [], variables).ended;
    expect(ended.code).toBe(1);
    expect(ended.output).toContain(`port ${port} on localhost is busy`);
    expect(existsSync(join(folder.path, 'busy'))).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('stopping npm start', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    it(`leaves no process behind five seconds after ${signal}`, async () => {
      await start(await environment(signal));
      const tree = processTree(running?.child.pid ?? 0);
      expect(tree.length).toBeGreaterThan(2);
      const begun = Date.now();
      running?.child.kill(signal);
      const ended = await running?.ended;
      if (signal !== 'SIGKILL') expect(ended?.code).toBe(0);
      while (stillRunning(tree).length > 0 && Date.now() - begun < 5000) await pause(50);
      expect(stillRunning(tree)).toEqual([]);
    });
  }

  it('leaves no process behind while it is still starting', async () => {
    running = startProgram('start', [], await environment('early'));
    await running.printed('Starting');
    await pause(700);
    const tree = processTree(running.child.pid ?? 0);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    await pause(300);
    expect(stillRunning(tree)).toEqual([]);
  });
});

/** Runs a printed line in a shell. */
async function paste(line: string): Promise<string> {
  const { execFile } = await import('node:child_process');
  return await new Promise((resolve, reject) => {
    execFile('sh', ['-c', line.replace('curl ', 'curl -s ')], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}

function commandLinesOf(pids: readonly number[]): string {
  if (process.platform !== 'linux') return '';
  return pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).join('\n');
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
