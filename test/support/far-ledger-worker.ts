// The relay with token ledgers that are 20 ms away in each direction. `POST /far` sets how admissions are sent, and returns what was counted
// since the last time. Tests on real sockets start it, because the runtime of the worker tests does not keep invocations apart.
import { app } from '../../src/app.ts';
import type { Env } from '../../src/env.ts';
import { admissionGroupLimits } from '../../src/quota/admission-groups.ts';
import { LedgerClient } from '../../src/quota/client.ts';
import { servicesOf } from '../../src/services.ts';

export { AccountLedger, HealthBoard, RealtimeSession, TokenLedger } from '../../src/index.ts';

/** The way to a ledger, in each direction. */
const distanceMs = 20;

/** How admissions are sent from now on. */
export interface FarMode {
  /** Whether they may share calls. */
  isShared: boolean;
  /** Calls that several share fail on their way back from the ledger: marked as retryable, or as overloaded. */
  failure: 'retryable' | 'overloaded' | null;
}

/** What was counted. */
export interface FarCounts {
  calls: number;
  /** Calls of more than one request, and the requests in them. */
  sharedCalls: number;
  sharedRequests: number;
}

let failure: FarMode['failure'] = null;
let counts: FarCounts = { calls: 0, sharedCalls: 0, sharedRequests: 0 };
const clients = new Map<boolean, LedgerClient>();

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname !== '/far') return app.fetch(request, env, context);
    const mode = (await request.json()) as FarMode;
    ({ failure } = mode);
    const services = servicesOf(env);
    services.ledgers = clientFor(env, mode.isShared);
    const counted = counts;
    counts = { calls: 0, sharedCalls: 0, sharedRequests: 0 };
    return Response.json(counted);
  },
};

function clientFor(env: Env, isShared: boolean): LedgerClient {
  const limits = { ...admissionGroupLimits, ...(!isShared && { directCalls: 1_000_000 }) };
  const known = clients.get(isShared);
  const { tokens } = servicesOf(env);
  const client = known ?? new LedgerClient(farAway(env.LEDGER), (id) => tokens.findPolicy(id), limits);
  clients.set(isShared, client);
  return client;
}

function farAway(near: DurableObjectNamespace): DurableObjectNamespace {
  const get = (id: DurableObjectId) => {
    const ledger = near.get(id) as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
    const call = async (method: string, given: unknown[]) => {
      count(method, given[0]);
      await scheduler.wait(distanceMs);
      const answer = await ledger[method]?.(...given);
      await scheduler.wait(distanceMs);
      if (method === 'admitAll' && failure !== null) throw Object.assign(new Error('broken'), marks(failure));
      return answer;
    };
    return new Proxy(
      {},
      {
        get:
          (_, method: string) =>
          (...given: unknown[]) =>
            call(method, given),
      },
    );
  };
  return { idFromName: (name: string) => near.idFromName(name), get } as unknown as DurableObjectNamespace;
}

function marks(marked: 'retryable' | 'overloaded'): object {
  return marked === 'retryable' ? { retryable: true } : { retryable: true, overloaded: true };
}

function count(method: string, requests: unknown): void {
  if (method !== 'admit' && method !== 'admitAll') return;
  counts.calls += 1;
  if (!Array.isArray(requests) || requests.length < 2) return;
  counts.sharedCalls += 1;
  counts.sharedRequests += requests.length;
}
