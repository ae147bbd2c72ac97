// The relay on this machine: its bundle, its stores, its process.
import { join } from 'node:path';
import { CommandFailure, describeError } from '../failure.ts';
import { listenAddresses } from '../start/port.ts';
import { hostBundle } from './bundle.ts';
import { callWorker, openCall } from './control-call.ts';
import { startCron } from './cron.ts';
import { startNewConnections } from './new-connections.ts';
import { prepareStateFolder } from './state-folder.ts';
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
  /** Takes no new requests, lets open ones finish for `drainMs`, then ends them. Resolves when the process is gone. */
  stop(drainMs?: number): Promise<void>;
  /** Does the work of a cron trigger now. Rejects with CommandFailure when it fails. */
  runScheduled(cron: string): Promise<void>;
  /** Ends it at once, as a crash of the machine would. Resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Open streams may finish for so long after a stop is asked for (SPEC 1). */
const usualDrainMs = 10_000;

/** What is ended then has so long to say so and to be charged: a stream hears it within 400 ms. */
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
 * The Worker hears of it first, for the control socket closes with the others. Its answer ends when its last charge is made: an open
 * answer keeps workerd from ending before.
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
