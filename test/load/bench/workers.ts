// Both Workers in one workerd, each on its own socket, built with the same settings.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { type Bundle, bundleWorker, settings } from '../../support/bundle.ts';
import { freePort } from '../../support/relay.ts';

const root = new URL('../../..', import.meta.url).pathname;

/** The running pair. */
export interface Pair {
  relayPort: number;
  barePort: number;
  /** The id of their process. */
  pid: number;
  gzipBytes: { relay: number; bare: number };
  /** From the start of a runtime with that Worker alone to its first response: the median of five. */
  coldStartMs: { relay: number; bare: number };
  stop(): Promise<void>;
}

/** Builds and starts both Workers. */
export async function startPair(upstream: string, adminKey: string): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-bench-'));
  const relay = await bundleWorker(join(root, 'src/index.ts'));
  const bare = await bundleWorker(join(root, 'test/load/bench/bare.ts'));
  const [relayPort, barePort] = [await freePort(), await freePort()];
  const coldStartMs = { relay: await coldStart(relay.modules), bare: await coldStart(bare.modules) };
  const before = new Set(workerdPids());
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: '2026-10-20',
      defaultPersistRoot: join(folder, 'state'),
      workers: [
        relayWorker(relay.modules, adminKey, relayPort),
        {
          name: 'bare',
          ...settings,
          ...bare.modules,
          bindings: { UPSTREAM: upstream },
          unsafeDirectSockets: [{ host: '127.0.0.1', port: barePort }],
        },
      ],
    }),
  );
  await runtime.ready;
  const [pid] = workerdPids().filter((candidate) => !before.has(candidate));
  if (pid === undefined) throw new Error('no workerd was started');
  return {
    relayPort,
    barePort,
    pid,
    gzipBytes: { relay: relay.gzipBytes, bare: bare.gzipBytes },
    coldStartMs,
    stop: async () => {
      await runtime.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Returns the relay as a Worker of a runtime that a bench configures. */
export function relayWorker(modules: Bundle['modules'], adminKey: string, port: number) {
  return {
    name: 'relay',
    ...settings,
    ...modules,
    bindings: { ADMIN_KEY: adminKey, ENCRYPTION_KEY: 'bench' },
    d1Databases: { DB: 'bench' },
    kvNamespaces: { CACHE: 'bench' },
    durableObjects: {
      LEDGER: { className: 'TokenLedger', useSQLite: true },
      REALTIME: { className: 'RealtimeSession', useSQLite: true },
      HEALTH: { className: 'HealthBoard', useSQLite: true },
      ACCOUNTS: { className: 'AccountLedger', useSQLite: true },
    },
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
  };
}

/**
 * Any response counts, since the Worker's script has run by then. The first round creates the database and does
 * not count.
 */
async function coldStart(modules: Bundle['modules']): Promise<number> {
  const times: number[] = [];
  const defaultPersistRoot = mkdtempSync(join(tmpdir(), 'relay-bench-cold-'));
  for (let round = 0; round < 6; round++) {
    const startedAt = performance.now();
    const runtime = new Miniflare(
      convertV4MiniflareOptions({
        defaultPersistRoot,
        workers: [
          {
            name: 'cold',
            ...settings,
            ...modules,
            bindings: { UPSTREAM: 'http://127.0.0.1:9', ADMIN_KEY: 'a' },
            d1Databases: { DB: 'bench' },
          },
        ],
      }),
    );
    await runtime.ready;
    await runtime.dispatchFetch('http://bench/v1/none', { method: 'POST', body: '{}' });
    if (round > 0) times.push(performance.now() - startedAt);
    await runtime.dispose();
  }
  rmSync(defaultPersistRoot, { recursive: true, force: true });
  return times.sort((one, other) => one - other)[2] ?? Number.NaN;
}

/** Returns the workerd processes that this process started, directly or not, since others may run on the machine. */
export function workerdPids(): number[] {
  const listed = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const processes = listed.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []);
  const parents = new Map(processes.map(([, pid, parent]) => [pid, parent]));
  const isOurs = (pid: string | undefined): boolean =>
    pid !== undefined && (pid === String(process.pid) || isOurs(parents.get(pid)));
  return processes
    .filter(([, pid, , args]) => /workerd serve/.test(args ?? '') && isOurs(pid))
    .map(([, pid]) => Number(pid));
}

/** Returns the CPU time that a process has used, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
