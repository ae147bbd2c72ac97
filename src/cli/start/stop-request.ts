// Requests to end `npm start`: a signal, which npm passes on and then waits (package.json runs the program in
// place of npm's shell: the shell would die of SIGTERM, and npm with it, while streams are open), or the end of
// npm without a signal.
import { execFileSync } from 'node:child_process';

const checkEveryMs = 100;

/**
 * npm passes on a signal that the terminal has already sent to everybody: a second one this soon after is the
 * same request.
 */
const sameRequestMs = 300;

export interface StopRequests {
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP, or when the npm that started this process is gone. */
  readonly stop: Promise<void>;
  /** Resolves at a later signal: the user does not want to wait. */
  readonly stopNow: Promise<void>;
}

/** Listens for requests to end. From then on signals no longer end this process. */
export function stopRequests(): StopRequests {
  const stop = Promise.withResolvers<void>();
  const stopNow = Promise.withResolvers<void>();
  let firstAtMs = Number.POSITIVE_INFINITY;
  const request = () => {
    firstAtMs = Math.min(firstAtMs, Date.now());
    stop.resolve();
  };
  const onSignal = () => {
    if (Date.now() > firstAtMs + sameRequestMs) stopNow.resolve();
    request();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // Only under npm: `node src/cli/start.ts &` may outlive its shell on purpose.
  if (process.env.npm_lifecycle_event !== undefined) whenNpmEnds(request);
  return { stop: stop.promise, stopNow: stopNow.promise };
}

function whenNpmEnds(then: () => void): void {
  const shell = process.ppid;
  const npm = parentOfShell(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && (npm === null || isAlive(npm))) return;
    clearInterval(timer);
    then();
  }, checkEveryMs);
  timer.unref();
}

/** npm's process id when a shell stands between; null when the parent is npm itself, or not to be found. */
function parentOfShell(pid: number): number | null {
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent, command] = /^\s*(\d+)\s+(.*)$/m.exec(line) ?? [];
    return parent === undefined || /npm|node/.test(command ?? '') ? null : Number(parent);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
