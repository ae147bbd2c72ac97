// `npm run bench`: the relay beside a bare pass-through Worker in one workerd, with interleaved requests. It
// reports ratios, which do not depend on the machine's speed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { percentile, type Run, requestBytes, run } from './client.ts';
import { cpuMs, startPair } from './workers.ts';

const adminKey = 'ak-of-the-bench';
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const only = process.env.BENCH_ONLY;

interface Case {
  name: string;
  concurrency: number;
  requests: number;
  tokens: number;
  body: string;
  /** Chat completions, unless another path is given. */
  path?: string;
  /** The token's account has a budget too, of which the token's ledger holds an allocation. */
  accountBudget?: true;
  /** The goal for requests a second, relay over bare (README.md beside this file). */
  goal: number | null;
}

const chat = (rest: object) =>
  JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }], ...rest });
const withUsage = { stream: true, stream_options: { include_usage: true } };
const large = JSON.stringify({
  model: 'gpt-4o',
  messages: [{ role: 'user', content: 'word '.repeat(200_000) }],
});

/** Served by a channel that has only chat completions. */
const translated = JSON.stringify({
  model: 'gpt-4o-mini',
  max_tokens: 4_096,
  stream: true,
  messages: [{ role: 'user', content: 'Hello' }],
});

const cases: Case[] = [
  {
    name: 'JSON 1 KB, c=32, one token',
    concurrency: 32,
    requests: 3000,
    tokens: 1,
    body: chat({}),
    goal: 0.4,
  },
  {
    name: 'JSON 1 KB, c=32, 32 tokens',
    concurrency: 32,
    requests: 3000,
    tokens: 32,
    body: chat({}),
    goal: 0.45,
  },
  { name: 'JSON 1 KB, c=1', concurrency: 1, requests: 600, tokens: 1, body: chat({}), goal: null },
  {
    name: 'JSON 1 KB, c=1, with an account’s budget',
    concurrency: 1,
    requests: 600,
    tokens: 1,
    accountBudget: true,
    body: chat({}),
    goal: null,
  },
  {
    name: 'stream of 200, c=32, native',
    concurrency: 32,
    requests: 320,
    tokens: 1,
    body: chat(withUsage),
    goal: 0.6,
  },
  {
    name: 'stream of 200, c=32, usage removed',
    concurrency: 32,
    requests: 320,
    tokens: 1,
    body: chat({ stream: true }),
    goal: 0.3,
  },
  {
    name: 'stream of 200, c=1, native',
    concurrency: 1,
    requests: 60,
    tokens: 1,
    body: chat(withUsage),
    goal: null,
  },
  {
    name: 'stream of 200, c=1, usage removed',
    concurrency: 1,
    requests: 60,
    tokens: 1,
    body: chat({ stream: true }),
    goal: null,
  },
  {
    name: 'stream of 200, c=32, translated (Messages to chat)',
    concurrency: 32,
    requests: 320,
    tokens: 1,
    path: '/v1/messages',
    body: translated,
    goal: 0.35,
  },
  {
    name: 'stream of 200, c=1, translated (Messages to chat)',
    concurrency: 1,
    requests: 60,
    tokens: 1,
    path: '/v1/messages',
    body: translated,
    goal: null,
  },
  { name: '1 MB request, c=8', concurrency: 8, requests: 200, tokens: 1, body: large, goal: null },
];

interface Measured {
  runs: Run[];
  cpu: number;
}

const upstream = fork(fileURLToPath(new URL('./upstream.ts', import.meta.url).href));
const [{ port }] = (await once(upstream, 'message')) as [{ port: number }];
const pair = await startPair(`http://127.0.0.1:${port}`, adminKey);
try {
  const tokens = await setUp(port);
  console.log(
    `bundle: relay ${kib(pair.gzipBytes.relay)} gzip, bare ${kib(pair.gzipBytes.bare)}; ${rounds} rounds, interleaved\n`,
  );
  const { relay: relayColdMs, bare: bareColdMs } = pair.coldStartMs;
  console.log(
    `cold start: relay ${relayColdMs.toFixed(0)} ms, bare ${bareColdMs.toFixed(0)} ms: ${(relayColdMs / bareColdMs).toFixed(2)}\n`,
  );
  console.log(
    'case | req/s relay ÷ bare | goal | added p50 ms | added p99 ms | CPU ms/1000 relay, bare | CPU ratio | first event +ms',
  );
  console.log('--- | --- | --- | --- | --- | --- | --- | ---');
  for (const bench of cases.filter(({ name }) => only === undefined || name.includes(only)))
    console.log(await measure(bench, tokens));
} finally {
  await pair.stop();
  upstream.disconnect();
}

async function manage(path: string, body: object, method = 'POST'): Promise<{ token: string }> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${pair.relayPort}${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { token: string };
}

/** The account of ADMIN_KEY, which owns the tokens. */
function setAccountBudget(usd: number | null) {
  const budget = usd === null ? null : { usd, period: 'month' };
  return manage('/api/accounts/acc_admin', { budget }, 'PATCH');
}

async function setUp(upstreamPort: number): Promise<string[]> {
  await manage('/api/channels', {
    name: 'bench',
    provider: 'openai',
    base_url: `http://127.0.0.1:${upstreamPort}/v1`,
    keys: ['k'],
    models: ['gpt-4o'],
  });
  await manage('/api/channels', {
    name: 'bench, chat only',
    provider: 'openai-compatible',
    base_url: `http://127.0.0.1:${upstreamPort}/v1`,
    models: ['gpt-4o-mini'],
  });
  await manage('/api/prices/gpt-4o-mini', { input: 1, output: 2 }, 'PUT');
  const made = await Promise.all(
    Array.from({ length: 32 }, () => manage('/api/tokens', { name: 'bench', quota_usd: 1_000_000 })),
  );
  return made.map(({ token }) => token);
}

async function measure(bench: Case, tokens: string[]): Promise<string> {
  if (!bench.accountBudget) return measureAsItIs(bench, tokens);
  await setAccountBudget(1_000_000);
  const measured = await measureAsItIs(bench, tokens);
  await setAccountBudget(null);
  return measured;
}

async function measureAsItIs(bench: Case, tokens: string[]): Promise<string> {
  const requests = tokens
    .slice(0, bench.tokens)
    .map((token) =>
      requestBytes(bench.path ?? '/v1/chat/completions', { authorization: `Bearer ${token}` }, bench.body),
    );
  const pick = (index: number) => requests[index % requests.length] as Buffer;
  const relay: Measured = { runs: [], cpu: 0 };
  const bare: Measured = { runs: [], cpu: 0 };
  await run(pair.relayPort, bench.concurrency, Math.ceil(bench.requests / 3), pick);
  await run(pair.barePort, bench.concurrency, Math.ceil(bench.requests / 3), pick);
  for (let round = 0; round < rounds; round++) {
    for (const [measured, target] of [
      [relay, pair.relayPort],
      [bare, pair.barePort],
    ] as const) {
      const before = cpuMs(pair.pid);
      measured.runs.push(await run(target, bench.concurrency, bench.requests, pick));
      measured.cpu += cpuMs(pair.pid) - before;
    }
  }
  return row(bench, relay, bare);
}

function row(bench: Case, relay: Measured, bare: Measured): string {
  const rate = ({ runs }: Measured) =>
    percentile(
      runs.map(({ requests, seconds }) => requests / seconds),
      0.5,
    );
  const all = (measured: Measured, of: 'latencies' | 'firstBytes') => measured.runs.flatMap((one) => one[of]);
  const added = (share: number, of: 'latencies' | 'firstBytes') =>
    (percentile(all(relay, of), share) - percentile(all(bare, of), share)).toFixed(2);
  const cpu = ({ cpu, runs }: Measured) =>
    (cpu / runs.reduce((sum, { requests }) => sum + requests, 0)) * 1000;
  const cells = [
    bench.name,
    (rate(relay) / rate(bare)).toFixed(2),
    bench.goal?.toFixed(2) ?? '',
    added(0.5, 'latencies'),
    added(0.99, 'latencies'),
    `${cpu(relay).toFixed(0)}, ${cpu(bare).toFixed(0)}`,
    (cpu(relay) / cpu(bare)).toFixed(2),
    added(0.5, 'firstBytes'),
  ];
  return cells.join(' | ');
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
