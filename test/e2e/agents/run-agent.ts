// Runs an agent headless once: with its own home and folder, a time limit, and no process left running.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from './agents.ts';

export interface RunOrder {
  url: string;
  token: string;
  model: string;
  prompt: string;
  /** Files of the agent's working folder, by name. */
  files: Record<string, string>;
  /** The note of its MCP server. */
  note: string;
  limitMs: number;
}

export interface RunEnd {
  /** Null if it was killed at the time limit. */
  code: number | null;
  output: string;
  tookMs: number;
}

const mcpServer = new URL('./mcp-server.ts', import.meta.url).pathname;

/** Runs it to its end or to the limit, with nothing from this shell's environment except PATH. */
export async function runAgent(agent: Agent, program: string, order: RunOrder): Promise<RunEnd> {
  const root = mkdtempSync(join(tmpdir(), 'relay-agent-'));
  const [home, folder] = [join(root, 'home'), join(root, 'work')];
  for (const path of [home, folder]) mkdirSync(path);
  for (const [name, text] of Object.entries(order.files)) writeFileSync(join(folder, name), text);
  const mcpCommand = { command: process.execPath, args: [mcpServer, order.note] };
  const { args, env } = agent.prepare({ ...order, home, folder, mcpCommand });
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: root, NO_COLOR: '1', CI: '1', TERM: 'dumb', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part));
  const limit = setTimeout(() => endAll(root, child.pid), order.limitMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', (status) => resolve(status));
    child.once('error', () => resolve(null));
  });
  clearTimeout(limit);
  const tookMs = Math.round(performance.now() - startedAt);
  endAll(root, child.pid);
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  return { code, output, tookMs };
}

/**
 * Lists its process group, and processes outside of it that still have the run's folder in their environment
 * (seen on Linux only).
 */
function endAll(root: string, group: number | undefined): void {
  if (group === undefined) return;
  for (const pid of [-group, ...processesOf(root)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has already exited.
    }
  }
}

function processesOf(root: string): number[] {
  const all = existsSync('/proc/self/environ')
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    : [];
  return all.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(root);
    } catch {
      return false;
    }
  });
}
