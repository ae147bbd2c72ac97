// One run of the fault test: a relay that is killed and restarted, an upstream that fails as planned, clients that
// leave, and an operator who edits and deletes tokens. Returns the observations and the stored state.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededNumbers } from '../../support/fixtures.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { type Seen, send } from './client.ts';
import { models, price } from './kinds.ts';
import { type PlannedRequest, planRequests } from './plan.ts';
import { copyStoredState, readStoredState, type StoredState } from './stored-state.ts';
import { type FaultyUpstream, indexHeader, type Served, startFaultyUpstream } from './upstream.ts';

export interface RunOptions {
  seed: number;
  requests: number;
  /** Concurrent requests. */
  width: number;
  /** The whole relay is killed after these shares of the requests. */
  killsAt: readonly number[];
  /** The operator makes an edit after every so many requests. */
  editEvery: number;
  /** The edits begin after this share of the requests. */
  editsFrom: number;
}

export interface Run {
  seen: Seen[];
  served: Map<number, Served>;
  stored: StoredState;
  /** The times at which the relay was killed. */
  killsMs: number[];
  edits: Record<string, number>;
  /** Quotas that were not edited, by token id: no spend may exceed them. */
  quotasNanoUsd: Map<string, number>;
}

/** The kinds of tokens: without limits, with a small quota, with a budget, with limits a minute. */
const shapes: readonly Record<string, unknown>[] = [
  {},
  { quota_usd: 1 },
  { quota_usd: 0.03 },
  { quota_usd: 0.3 },
  { budget: { usd: 0.2, period: 'day' } },
  { limits: { rpm: 200 } },
  { limits: { concurrency: 5 } },
  { quota_usd: 5, limits: { tpm: 200_000 } },
];

/** Two leases, since the alarm of an idle ledger fires at the end of the first, and the delivery of rows to D1. */
const settlingMs = 75_000;

export async function runFaults(options: RunOptions): Promise<Run> {
  const plan = planRequests(options.seed, options.requests, shapes.length);
  const state = mkdtempSync(join(tmpdir(), 'relay-faults-'));
  const upstream = await startFaultyUpstream(plan);
  const faultRun = new FaultRun(options, state, upstream);
  try {
    await faultRun.begin();
    await faultRun.run(plan);
    const stored = await faultRun.end();
    const { seen, killsMs, edits, quotasNanoUsd } = faultRun;
    return { seen, served: upstream.served, stored, killsMs, edits, quotasNanoUsd };
  } finally {
    await faultRun.relay?.kill();
    await upstream.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

class FaultRun {
  relay: TestRelay | undefined;
  readonly seen: Seen[] = [];
  readonly killsMs: number[] = [];
  readonly edits: Record<string, number> = {};
  readonly quotasNanoUsd = new Map<string, number>();
  private readonly options: RunOptions;
  private readonly state: string;
  private readonly upstream: FaultyUpstream;
  private readonly random: () => number;
  private readonly tokens: { id: string; token: string }[] = [];
  private down: Promise<void> | null = null;

  constructor(options: RunOptions, state: string, upstream: FaultyUpstream) {
    this.options = options;
    this.state = state;
    this.upstream = upstream;
    this.random = seededNumbers(options.seed + 1);
  }

  async begin(): Promise<void> {
    const relay = await this.start();
    const settings = { forward_headers: [indexHeader] };
    const common = { base_url: this.upstream.url, keys: ['key-of-the-operator'], settings };
    for (const [provider, model] of Object.entries(models)) {
      await relay.channel({ ...common, name: provider, provider, models: [model] });
      await relay.manage('PUT', `/api/prices/${model}`, price);
    }
    for (const shape of shapes) this.tokens.push(await this.newToken(shape));
  }

  async run(plan: readonly PlannedRequest[]): Promise<void> {
    const { width, killsAt, requests, editEvery, editsFrom } = this.options;
    const killsBefore = new Set(killsAt.map((share) => Math.floor(share * requests)));
    let next = 0;
    const worker = async () => {
      while (next < plan.length) {
        const at = next++;
        if (killsBefore.has(at)) this.down = this.crash();
        if (at > editsFrom * requests && at % editEvery === 0)
          await this.edit().catch(() => this.note('edits failed, the relay being down'));
        // Requests under way fail; the others wait until the relay is back.
        await this.down;
        const request = plan[at] as PlannedRequest;
        const token = this.tokens[request.token];
        if (this.relay && token) this.seen.push(await send(this.relay.url, request, token));
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
  }

  /** Waits until nothing is held and every row is delivered, then stops the relay and reads its state. */
  async end(): Promise<StoredState> {
    const deadlineMs = Date.now() + settlingMs;
    // Settlements arrive within two seconds, and at D1 within three more.
    do await delay(5_000);
    while (!isAtRest(copyStoredState(this.state)) && Date.now() < deadlineMs);
    await this.relay?.stop();
    return readStoredState(this.state);
  }

  private async start(): Promise<TestRelay> {
    this.relay = await startRelay({}, this.state);
    return this.relay;
  }

  /** Kills the whole process group with SIGKILL, then starts it again on the same state. */
  private async crash(): Promise<void> {
    this.killsMs.push(Date.now());
    await this.relay?.kill();
    await this.start();
    this.down = null;
  }

  private async newToken(shape: Record<string, unknown>): Promise<{ id: string; token: string }> {
    const token = await (this.relay as TestRelay).token(shape);
    if (typeof shape.quota_usd === 'number') this.quotasNanoUsd.set(token.id, shape.quota_usd * 1e9);
    return token;
  }

  /** The edits that operators make during a run. */
  private async edit(): Promise<void> {
    await this.down;
    const slot = Math.floor(this.random() * this.tokens.length);
    const { id = '' } = this.tokens[slot] ?? {};
    const relay = this.relay as TestRelay;
    const dice = this.random();
    if (dice < 0.3) {
      this.tokens[slot] = await this.newToken(shapes[slot] ?? {});
      await relay.manage('DELETE', `/api/tokens/${id}`);
      this.note('tokens deleted');
    } else if (dice < 0.5) {
      await relay.manage('PATCH', `/api/tokens/${id}`, { status: 'disabled' });
      await delay(100);
      await relay.manage('PATCH', `/api/tokens/${id}`, { status: 'active' });
      this.note('tokens disabled and enabled');
    } else if (dice < 0.75) {
      const { token } = await relay.manage<{ token: string }>('POST', `/api/tokens/${id}/rotate`, {
        overlap_seconds: this.random() < 0.5 ? 0 : 60,
      });
      this.tokens[slot] = { id, token };
      this.note('tokens rotated');
    } else {
      this.quotasNanoUsd.delete(id);
      await relay.manage('PATCH', `/api/tokens/${id}`, { quota_usd: Math.ceil(this.random() * 100) / 100 });
      this.note('quotas changed');
    }
  }

  private note(what: string): void {
    this.edits[what] = (this.edits[what] ?? 0) + 1;
  }
}

/** Reports whether nothing is held and D1 has every row. */
function isAtRest(stored: StoredState | null): boolean {
  if (stored === null) return false;
  const { ledgers, log } = stored;
  const logged = new Set(log.map(({ id, revision }) => `${id} ${revision}`));
  return [...ledgers.values()].every(({ holds, background, journal }) => {
    const newest = new Map(journal.map((row) => [row.id, row.revision]));
    return holds + background === 0 && [...newest].every(([id, revision]) => logged.has(`${id} ${revision}`));
  });
}
