// A relay as its users run it: the real Worker with its stores in a separate process, on a free port, with a
// temporary state folder.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchWorker, type WorkerProcess } from '../../src/cli/host/launch.ts';

export const adminKey = 'ak-of-the-tests';

/** A running relay, and the calls that tests make. */
export interface TestRelay {
  url: string;
  stateDirectory: string;
  /** Calls the management API; throws if the call is refused. */
  manage<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  /** Creates a token and returns its value and id. */
  token(fields?: Record<string, unknown>): Promise<{ id: string; token: string }>;
  /** Creates a channel and returns its id. */
  channel(fields: Record<string, unknown>): Promise<{ id: string }>;
  /** Runs the hourly work now; rejects if it fails. */
  runScheduled(): Promise<void>;
  /** Stops the relay. Open streams may finish for `drainMs` (0), then are aborted. */
  stop(drainMs?: number): Promise<void>;
  /** Ends all its processes with SIGKILL; the state stays. */
  kill(): Promise<void>;
}

/**
 * Starts a relay; `variables` are added to its environment, TRUSTED_PROXY too. With `stateDirectory` it uses
 * that state and leaves it.
 */
export async function startRelay(
  variables: Record<string, string> = {},
  stateDirectory?: string,
): Promise<TestRelay> {
  const state = stateDirectory ?? mkdtempSync(join(tmpdir(), 'relay-test-'));
  const port = await freePort();
  const { TRUSTED_PROXY: trustedProxy = '', ...more } = variables;
  const secrets = { ADMIN_KEY: adminKey, ENCRYPTION_KEY: 'encryption-key-of-the-tests', ...more };
  const worker: WorkerProcess = launchWorker({
    host: '127.0.0.1',
    port,
    stateDirectory: state,
    variables: secrets,
    trustedProxy,
  });
  await worker.ready;
  const url = `http://127.0.0.1:${port}`;
  const manage = managerOf(url);
  return {
    url,
    stateDirectory: state,
    manage,
    token: (fields = {}) => manage('POST', '/api/tokens', { name: 'a test', ...fields }),
    channel: (fields) => manage('POST', '/api/channels', fields),
    kill: () => worker.kill(),
    runScheduled: () => worker.runScheduled('17 * * * *'),
    stop: async (drainMs = 0) => {
      await worker.stop(drainMs);
      if (stateDirectory === undefined) rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Returns functions that call the management API at that address and throw if a call is refused. */
export function managerOf(url: string, key = adminKey) {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  };
}

/**
 * Ports that tests give away: below the ones that systems choose for outgoing connections (Linux: from 32768, others:
 * from 49152), so that nothing takes one between its choice and its use, or while its program restarts.
 */
const givenPorts = { first: 11_000, last: 32_000 };

/** Returns a port that nothing listens on at the moment, chosen at random. */
export async function freePort(): Promise<number> {
  const port = randomInt(givenPorts.first, givenPorts.last + 1);
  return (await isFree(port)) ? port : freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
