// The Worker's process as its parent sees it: started, awaited, ended with everything that belongs to it.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommandFailure } from '../failure.ts';
import { inRepository } from '../repository.ts';
import type { HostOrder, HostReport } from './worker-host.ts';

export interface WorkerProcess {
  /** The address, when the Worker runs with its schema applied; a failure when it cannot. */
  readonly ready: Promise<string>;
  /** Resolves when the process is gone, whatever the reason. */
  readonly ended: Promise<void>;
  /** Ends the process and its group; resolves when it is gone, within four seconds at the most. */
  stop(): Promise<void>;
  /** Ends the group at once, as a crash of the machine would. Resolves when it is gone. */
  kill(): Promise<void>;
}

const stopDeadlineMs = 4000;

/** Wrangler in silence: no network at the start, no question, no open door to the local data. */
const quietWrangler = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  // Both are served to any caller without a credential, the database's contents included.
  X_LOCAL_EXPLORER: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  WRANGLER_LOG_PATH: inRepository('.wrangler/logs'),
  // Wrangler is 8 MB of JavaScript: its compiled form saves half a second at every start but the first.
  NODE_COMPILE_CACHE: inRepository('.wrangler/tmp/compile-cache'),
};

/** Starts the process that runs the Worker. Whoever starts it must stop it, ready or not. */
export function launchWorker(order: HostOrder): WorkerProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./worker-host.ts', import.meta.url).href)], {
    // A group of its own: it can be ended whole, and a terminal's Ctrl-C reaches start alone.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...quietWrangler },
  });
  const ended = endOf(child);
  child.send(order, () => {});
  return {
    ready: readyUrl(child),
    ended,
    stop: () => stopChild(child, ended),
    kill: () => killChild(child, ended),
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => {
      // Of a host that was killed, the runtime is still there.
      killGroup(child);
      resolve();
    });
  });
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new CommandFailure(`the relay did not start: ${reason}`));
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`its process ended with ${signal ?? code}`));
    child.on('message', (report: HostReport) => {
      if (report.kind === 'ready') resolve(report.url);
      else fail(report.reason);
    });
  });
}

async function stopChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  const deadline = setTimeout(() => killGroup(child), stopDeadlineMs);
  if (child.connected) child.disconnect();
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await ended;
  clearTimeout(deadline);
}

async function killChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  killGroup(child);
  await ended;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing is left of it: what was wanted.
  }
}
