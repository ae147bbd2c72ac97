// Runs the command-line programs as a user's shell would, and checks what they leave behind.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../..', import.meta.url).pathname;
const node = join(root, 'node_modules/node/bin/node');

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with all output so far once it contains the text; rejects if the program ends first. */
  printed(text: string): Promise<string>;
}

/** Starts src/cli/NAME.ts with only the given settings, not this shell's. */
export function startProgram(
  name: string,
  parameters: string[],
  environment: Record<string, string>,
): Program {
  return watched(node, [join(root, `src/cli/${name}.ts`), ...parameters], tmpdir(), environment);
}

/** Runs `npm start` in the repository. */
export function startNpm(environment: Record<string, string>): Program {
  return watched('npm', ['start'], root, environment);
}

function watched(
  command: string,
  parameters: string[],
  cwd: string,
  environment: Record<string, string>,
): Program {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const inherited = { PATH, HOME, NODE_COMPILE_CACHE } as Record<string, string>;
  const child = spawn(command, parameters, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...environment },
  });
  let output = '';
  const watchers = new Set<() => void>();
  const take = (part: Buffer) => {
    output += part;
    for (const watch of watchers) watch();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, output })));
  const printed = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const watch = () => output.includes(text) && resolve(output);
      watchers.add(watch);
      watch();
      void ended.then(() => reject(new Error(`ended without printing ${JSON.stringify(text)}:\n${output}`)));
    });
  return { child, ended, printed };
}

/** Runs a program to its end. */
export function runProgram(
  name: string,
  parameters: string[],
  environment: Record<string, string>,
): Promise<Ended> {
  return startProgram(name, parameters, environment).ended;
}

/** Creates a folder that is removed after the tests. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'relay-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Returns all processes below one, including it. */
export function processTree(pid: number): number[] {
  const pairs = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.flatMap(([child = 0, of]) => (of === parent ? [child, ...below(child)] : []));
  return [pid, ...below(pid)];
}

/** Returns the processes that are still running. */
export function stillRunning(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      process.kill(pid, 0);
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch (error) {
      return (
        error instanceof Error && 'code' in error && error.code === 'ENOENT' && process.platform !== 'linux'
      );
    }
  });
}
