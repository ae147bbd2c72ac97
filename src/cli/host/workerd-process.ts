// One workerd process: started with a configuration, awaited, ended. It never outlives this process.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandFailure } from '../failure.ts';

export interface WorkerdProcess {
  /** Resolves when all its sockets listen; rejects with CommandFailure when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it and the processes that it needed are gone, whatever the reason. */
  readonly ended: Promise<void>;
  /** Closes the listeners; the process ends when its last request and socket have ended. */
  drain(): void;
  /** Ends it at once. */
  kill(): void;
}

const resolveModule = createRequire(import.meta.url);
const isWindows = process.platform === 'win32';

/** Makes a folder for a run's configuration and sockets, which nobody else can enter. Below the system's, because a socket's path
 * may have at most 104 bytes. */
export function runFolder(): string {
  return mkdtempSync(join(tmpdir(), 'relay-run-'));
}

/**
 * Starts workerd with a configuration that has `sockets` sockets. The configuration contains secrets: it is a
 * private file of the run's folder, and is deleted once it is read. The folder is deleted when the process ends.
 */
export function startWorkerd(
  config: string,
  { folder, bundle, sockets }: { folder: string; bundle: string; sockets: number },
): WorkerdProcess {
  const path = join(folder, 'config.capnp');
  writeFileSync(path, config, { mode: 0o600 });
  const plugins = join(dirname(resolveModule.resolve('miniflare')), 'workers');
  const options = ['--experimental', '--control-fd=3', `-I${bundle}`, `-I${plugins}`];
  const child = spawnPrivately(workerdBinary(), ['serve', ...options, path]);
  const dismissWatchdog = watchOver(child, folder);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const ended = exited.then(dismissWatchdog).then(() => rmSync(folder, { recursive: true, force: true }));
  const ready = whenListening(child, sockets).finally(() => rmSync(path, { force: true }));
  return { ready, ended, drain: () => child.kill('SIGTERM'), kill: () => child.kill('SIGKILL') };
}

function workerdBinary(): string {
  return (resolveModule('workerd') as { default: string }).default;
}

/**
 * In a group of its own, so that a terminal's Ctrl-C reaches only the supervisor. Its files are readable only by
 * its user.
 */
function spawnPrivately(program: string, parameters: string[]): ChildProcess {
  const stdio = ['ignore', 'inherit', 'inherit', 'pipe'] as const;
  if (isWindows) return spawn(program, parameters, { stdio: [...stdio] });
  const script = 'umask 077; exec "$0" "$@"';
  return spawn('sh', ['-c', script, program, ...parameters], { stdio: [...stdio], detached: true });
}

/**
 * Starts a shell that outlives this process only to end workerd: when this process is gone, by any signal, the
 * shell's input ends. Returns a function that ends the shell and resolves when it is gone. Does nothing on Windows.
 */
function watchOver({ pid }: ChildProcess, folder: string): () => Promise<void> {
  if (isWindows || pid === undefined) return async () => {};
  const script = 'read -r _; kill -KILL "$0"; rm -rf "$1"';
  const watchdog = spawn('sh', ['-c', script, String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const gone = new Promise<void>((resolve) => {
    watchdog.once('exit', () => resolve());
    watchdog.once('error', () => resolve());
  });
  watchdog.unref();
  (watchdog.stdin as unknown as { unref?: () => void })?.unref?.();
  return () => {
    watchdog.ref();
    watchdog.kill('SIGKILL');
    return gone;
  };
}

/** workerd reports each socket that listens as a line of JSON. */
function whenListening(child: ChildProcess, sockets: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let reports = '';
    const fail = (reason: string) => reject(new CommandFailure(`workerd did not start: ${reason}`));
    const control = child.stdio[3] as Readable;
    control.setEncoding('utf8').on('data', (text: string) => {
      reports += text;
      if (reports.split('"event":"listen"').length > sockets) resolve();
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? code} (see above)`));
  });
}
