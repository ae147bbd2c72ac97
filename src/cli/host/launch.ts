// The local relay: its bundle, its stores, its process.
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { CommandFailure, describeError } from '../failure.ts';
import { listenAddresses } from '../start/port.ts';
import { hostBundle } from './bundle.ts';
import { startCron } from './cron.ts';
import { startNewConnections } from './new-connections.ts';
import { relayConfig } from './workerd-config.ts';
import { runFolder, startWorkerd, type WorkerdProcess } from './workerd-process.ts';

/** What to run, and where. */
export interface HostOrder {
  readonly host: string;
  readonly port: number;
  readonly stateDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Comma-separated addresses and ranges of reverse proxies. */
  readonly trustedProxy?: string;
}

export interface WorkerProcess {
  /** Resolves when the relay listens with its schema applied; rejects with CommandFailure when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves when the relay is gone, whatever the reason. */
  readonly ended: Promise<void>;
  /**
   * Accepts no new requests, lets open ones finish for `drainMs`, then ends them. Resolves when the process is
   * gone.
   */
  stop(drainMs?: number): Promise<void>;
  /** Does the work of a cron trigger now. Rejects with CommandFailure when it fails. */
  runScheduled(cron: string): Promise<void>;
  /** Ends it at once, like a crash of the machine. Resolves when the process is gone. */
  kill(): Promise<void>;
}

/** How long open streams may run after a stop. */
const usualDrainMs = 10_000;

/** How long ended requests may take to send their error and to be charged: a stream is notified within 400 ms. */
const endingMs = 1_500;

/** Starts the relay. The caller stops it, ready or not. */
export function launchWorker(order: HostOrder): WorkerProcess {
  const abandoned = new AbortController();
  const running = start(order, abandoned.signal);
  const ready = running.then(({ workerd }) => workerd.ready).catch(explain);
  // A caller that stops the relay before it is ready does not wait for it.
  ready.catch(() => {});
  const ended = running.then(({ workerd }) => workerd.ended).catch(() => {});
  const kill = async () => {
    abandoned.abort();
    await running.then(({ workerd }) => workerd.kill()).catch(() => {});
    await ended;
  };
  const stop = async (drainMs = usualDrainMs) => {
    abandoned.abort();
    const deadline = setTimeout(kill, drainMs + endingMs);
    await running.then((relay) => drain(relay, drainMs)).catch(() => {});
    await ended;
    clearTimeout(deadline);
  };
  const runScheduled = async (cron: string) => (await running).runScheduled(cron);
  return { ready, ended, stop, runScheduled, kill };
}

interface RunningRelay {
  readonly workerd: WorkerdProcess;
  readonly controlSocket: string;
  runScheduled(cron: string): Promise<void>;
}

/** Resolves when workerd is started, before it listens. */
async function start(order: HostOrder, signal: AbortSignal): Promise<RunningRelay> {
  const { stateDirectory, variables, trustedProxy = '' } = order;
  const bundle = await hostBundle(signal);
  prepareStateFolder(stateDirectory);
  const addresses = await listenAddresses(order.host, order.port);
  signal.throwIfAborted();
  const folder = runFolder();
  const controlSocket = join(folder, 'control.sock');
  const newConnectionsSocket = join(folder, 'new-connections.sock');
  const newConnections = await startNewConnections(newConnectionsSocket);
  const { manifest } = bundle;
  const relay = { manifest, variables, addresses, controlSocket, newConnectionsSocket, trustedProxy };
  const config = relayConfig(stateDirectory, [relay]);
  const sockets = addresses.length + 1;
  const workerd = startWorkerd(config, { folder, bundle: bundle.folder, sockets });
  const runScheduled = async (cron: string) => {
    await callWorker(controlSocket, '/scheduled', { cron });
  };
  const stopCron = startCron(manifest.crons, runScheduled);
  void workerd.ended.then(() => {
    stopCron();
    newConnections.close();
  });
  return { workerd, controlSocket, runScheduled };
}

/**
 * The Worker is notified first, because the control socket closes with the others. Its answer ends after its
 * last charge: an open answer keeps workerd from ending earlier.
 */
async function drain({ workerd, controlSocket }: RunningRelay, drainMs: number): Promise<void> {
  try {
    const answer = await openCall(controlSocket, '/drain', { drainMs }, 1_000);
    answer.on('error', () => {}).resume();
  } finally {
    workerd.drain();
  }
}

function explain(error: unknown): never {
  throw new CommandFailure(`the relay did not start: ${describeError(error)}`);
}

const stores = ['d1', 'kv', 'r2', 'do'];

/**
 * Creates what the folder lacks and makes it private: folders 0700, files 0600, including those of earlier
 * versions. Throws CommandFailure when the folder cannot be created or its modes cannot be set. A STATE_DIR with
 * other content keeps its own mode.
 */
export function prepareStateFolder(path: string): void {
  try {
    for (const store of stores) mkdirSync(join(path, 'v3', store), { recursive: true, mode: 0o700 });
    if (process.platform === 'win32') return;
    makePrivate(join(path, 'v3'));
    if (readdirSync(path).every((name) => name === 'v3')) setMode(path, 0o700);
  } catch (error) {
    throw new CommandFailure(`the state folder ${path} cannot be used: ${describeError(error)}`);
  }
}

function makePrivate(folder: string): void {
  setMode(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makePrivate(path);
    else if (entry.isFile()) setMode(path, 0o600);
  }
}

function setMode(path: string, mode: number): void {
  if ((lstatSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
}

/** Posts a value as JSON and resolves with the answer's text. Rejects like `openCall`. */
async function callWorker(socketPath: string, path: string, body: unknown): Promise<string> {
  return await textOf(await openCall(socketPath, path, body));
}

/**
 * Posts a value as JSON and resolves when the answer begins. Rejects with CommandFailure and the answer's text when the status is an
 * error, when nobody listens, and when there is no answer within `timeoutMs`.
 */
function openCall(
  socketPath: string,
  path: string,
  body: unknown,
  timeoutMs?: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', agent: false }, async (response) => {
      clearTimeout(timer);
      const status = response.statusCode ?? 500;
      if (status < 400) resolve(response);
      else reject(new CommandFailure((await textOf(response)) || `${path} answered ${status}`));
    });
    const giveUp = () => call.destroy(new CommandFailure(`${path} is not answered`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
    call.once('error', reject);
    call.setHeader('content-type', 'application/json');
    call.end(JSON.stringify(body));
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}
