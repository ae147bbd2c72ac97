// `node test/load/bench/realtime.ts`: realtime sessions through the relay and through a bare Durable Object,
// alternating in one runtime. It measures the delay of a frame at 100 sessions, the memory, and the saturation
// point of each.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundleWorker, settings } from '../../support/bundle.ts';
import {
  type LoadResult,
  type LoadUpstream,
  runLoad,
  startLoadUpstream,
} from '../../support/realtime-load.ts';
import { channelTo } from '../../support/realtime-upstream.ts';
import { adminKey, freePort, managerOf } from '../../support/relay.ts';
import { cpuMs, relayWorker, workerdPids } from './workers.ts';

const framesPerSecond = 25;
const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = Number(process.env.SECONDS ?? 8);
/** A longer delay of a frame means that the runtime is saturated. */
const saturatedP99Ms = 250;
const steps = [25, 50, 75, 100, 125, 150, 200, 250, 300, 400];

interface Side {
  name: 'relay' | 'bare';
  address: string;
  headers: Record<string, string>;
}

const upstream = await startLoadUpstream();
const before = new Set(workerdPids());
const { runtime, ports, folder } = await startBoth(upstream);
const pid = workerdPids().find((candidate) => !before.has(candidate)) ?? 0;
const manage = managerOf(`http://127.0.0.1:${ports.relay}`);
await manage('POST', '/api/channels', channelTo(upstream));
const { token } = await manage<{ token: string }>('POST', '/api/tokens', { name: 'bench' });
const sides: readonly Side[] = [
  {
    name: 'relay',
    address: `ws://127.0.0.1:${ports.relay}/v1/realtime?model=gpt-realtime`,
    headers: { authorization: `Bearer ${token}` },
  },
  { name: 'bare', address: `ws://127.0.0.1:${ports.bare}/`, headers: {} },
];

try {
  await atHundred();
  await saturation();
} finally {
  await runtime.dispose();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function atHundred(): Promise<void> {
  const results = new Map<string, LoadResult[]>();
  const memory: Record<string, number[]> = { relay: [], bare: [] };
  const cpu: Record<Side['name'], number[]> = { relay: [], bare: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const cpuBeforeMs = cpuMs(pid);
      const result = await load(side, 100, () => memory[side.name]?.push(memoryMb()));
      cpu[side.name].push((cpuMs(pid) - cpuBeforeMs) / (result.sent / 1_000));
      // The first round warms up.
      if (round > 0) results.set(side.name, [...(results.get(side.name) ?? []), result]);
    }
  }
  const middle = (name: string, key: 'p50Ms' | 'p99Ms') =>
    (results.get(name) ?? []).map((result) => result[key]).sort((one, other) => one - other)[
      Math.floor(rounds / 2)
    ] ?? Number.NaN;
  for (const { name } of sides) {
    const all = results.get(name) ?? [];
    const lost = all.reduce((sum, { sent, arrived }) => sum + sent - arrived, 0);
    const disorder = all.reduce((sum, { outOfOrder }) => sum + outOfOrder, 0);
    console.log(
      `${name}: 100 sessions, p50 ${middle(name, 'p50Ms').toFixed(2)} ms, p99 ${middle(name, 'p99Ms').toFixed(2)} ms; lost ${lost}, out of order ${disorder}`,
    );
    console.log(`${name}: memory in MB, a second each: ${(memory[name] ?? []).map(Math.round).join(' ')}`);
  }
  for (const { name } of sides)
    console.log(`${name}: CPU for a thousand frames, by round: ${cpu[name].map(Math.round).join(' ')} ms`);
  for (const key of ['p50Ms', 'p99Ms'] as const)
    console.log(`ratio of ${key}: ${(middle('relay', key) / middle('bare', key)).toFixed(2)}`);
}

async function saturation(): Promise<void> {
  const reached = { relay: 0, bare: 0 };
  const open = new Set(sides);
  for (const sessions of steps) {
    for (const side of open) {
      const result = await load(side, sessions).catch(() => null);
      console.log(
        `${side.name}: ${sessions} sessions, p50 ${result?.p50Ms.toFixed(1)} ms, p99 ${result?.p99Ms.toFixed(1)} ms`,
      );
      if (result === null || result.p99Ms > saturatedP99Ms || result.arrived < result.sent) open.delete(side);
      else reached[side.name] = sessions;
    }
  }
  console.log(
    `sessions before p99 passed ${saturatedP99Ms} ms: relay ${reached.relay}, bare ${reached.bare}`,
  );
}

function load({ address, headers }: Side, sessions: number, everySecond?: () => void): Promise<LoadResult> {
  const timed = everySecond === undefined ? {} : { everySecond };
  return runLoad({ address, headers, upstream, sessions, framesPerSecond, seconds, ...timed });
}

/** Starts both Workers in one workerd, each on its own socket. */
async function startBoth({ url }: LoadUpstream) {
  const folder = mkdtempSync(join(tmpdir(), 'realtime-bench-'));
  const relay = await bundleWorker(join(import.meta.dirname, '../../src/index.ts'));
  const bare = await bundleWorker(join(import.meta.dirname, 'bare-session.ts'));
  const ports = { relay: await freePort(), bare: await freePort() };
  const bareWorker = {
    name: 'bare',
    ...settings,
    ...bare.modules,
    bindings: { UPSTREAM: url },
    durableObjects: { SESSION: { className: 'BareSession', useSQLite: true } },
    unsafeDirectSockets: [{ host: '127.0.0.1', port: ports.bare }],
  };
  const workers = [relayWorker(relay.modules, adminKey, ports.relay), bareWorker];
  const defaultPersistRoot = join(folder, 'state');
  const { compatibilityDate } = settings;
  const runtime = new Miniflare(
    convertV4MiniflareOptions({ compatibilityDate, defaultPersistRoot, workers }),
  );
  await runtime.ready;
  return { runtime, ports, folder };
}

function memoryMb(): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return (pages * 4_096) / 1024 / 1024;
}
