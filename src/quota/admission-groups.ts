// Admissions of an isolate at one token's ledger: single calls while these are few or fast, and shared calls when they are slow or many. A
// shared call carries every request that waits, and the ledger decides each of them, in order.
import type { DeadlineTimer } from '../lib/deadline-timer.ts';
import { RelayError } from '../lib/relay-error.ts';
import { asUnavailable, isOverloaded, unreachable } from './ledger-failure.ts';
import type { Admission, AdmissionFailure, AdmissionRequest } from './quota.ts';

/** When admissions share calls. */
export const admissionGroupLimits = {
  /** An admission that takes longer counts as unreachable. */
  timeoutMs: 10_000,
  /** Calls of an isolate to one ledger that are under way before requests wait for each other. */
  directCalls: 4,
  /** A request waits this long for one of them to end. Then it opens another call. */
  waitMs: 5,
  /** Requests wait for each other only if calls take this long on average: below, waiting costs more than it saves. */
  slowMs: 10,
  /** They also wait when this many calls are under way, whatever those take. */
  manyCalls: 64,
  /** Requests in one call. */
  requests: 200,
  /** Tokens whose calls an isolate measures. */
  tokens: 1_000,
} as const;

export type AdmissionGroupLimits = { readonly [Name in keyof typeof admissionGroupLimits]: number };

/** The invocation that wants a request admitted. */
export interface AdmissionCaller {
  /** Keeps the invocation alive until the work is done. */
  background: (work: Promise<unknown>) => void;
  /** Its deadlines. */
  clock?: DeadlineTimer;
  /**
   * Aborts when its client leaves. Without clock and signal, a request never waits for others. With them, the invocation must outlive its
   * client until it has the decision, and release what was admitted for a client that left.
   */
  signal?: AbortSignal;
}

/** Calls a token's ledger. All may reject; idempotent by request id. */
interface AdmissionCalls {
  /** Admits one request, with a deadline and one retry. */
  admit(tokenId: string, request: AdmissionRequest, clock?: DeadlineTimer): Promise<Admission | null>;
  /** Admits several with one call, without a deadline. */
  admitAll(tokenId: string, requests: AdmissionRequest[]): Promise<(Admission | AdmissionFailure | null)[]>;
}

interface Waiter {
  request: AdmissionRequest;
  /** Resolved by another request: a call has ended, so this one may open the next. */
  wake: PromiseWithResolvers<void>;
  answer: PromiseWithResolvers<Admission | null>;
  hasLeft: boolean;
}

/** The calls of one token that are under way, and the requests that wait for one. */
interface Lane {
  tokenId: string;
  /** In the order of their beginning. */
  calls: Set<{ startedAtMs: number }>;
  waiters: Set<Waiter>;
  /** What calls take, on average. */
  callMs: number;
}

export class AdmissionGroups {
  private readonly lanes = new Map<string, Lane>();
  private readonly calls: AdmissionCalls;
  private readonly limits: AdmissionGroupLimits;

  constructor(calls: AdmissionCalls, limits: AdmissionGroupLimits = admissionGroupLimits) {
    this.calls = calls;
    this.limits = limits;
  }

  /**
   * Admits or refuses a request. Null: the ledger has no policy, or an old one. Throws RelayError `service_unavailable`.
   */
  async admit(
    tokenId: string,
    request: AdmissionRequest,
    { background, clock, signal }: AdmissionCaller,
  ): Promise<Admission | null> {
    const lane = this.laneOf(tokenId);
    if (clock === undefined || signal === undefined || !this.isShared(lane))
      return this.admitAlone(lane, request, clock);
    try {
      return await this.admitTogether(lane, request, { background, clock, signal });
    } catch (error) {
      // What fails together is tried once more by each alone: no request fails because of another.
      if (error instanceof RelayError) throw error;
      if (isOverloaded(error)) throw asUnavailable(error);
      return this.admitAlone(lane, request, clock);
    }
  }

  /** Whether a new request waits for others. */
  private isShared(lane: Lane): boolean {
    const { directCalls, slowMs, manyCalls } = this.limits;
    if (lane.waiters.size === 0 && lane.calls.size < directCalls) return false;
    const underWay = this.underWay(lane);
    return (
      underWay >= manyCalls || (lane.callMs >= slowMs && (lane.waiters.size > 0 || underWay >= directCalls))
    );
  }

  /** Forgets calls whose invocation ended before they did. */
  private underWay({ calls }: Lane): number {
    const lostBeforeMs = Date.now() - this.limits.timeoutMs;
    for (const call of calls) {
      if (call.startedAtMs > lostBeforeMs) break;
      calls.delete(call);
    }
    return calls.size;
  }

  private admitAlone(
    lane: Lane,
    request: AdmissionRequest,
    clock?: DeadlineTimer,
  ): Promise<Admission | null> {
    return this.measure(lane, () => this.calls.admit(lane.tokenId, request, clock));
  }

  /**
   * Waits until this request's call or another's has decided it. It keeps a timer of its own, because the runtime ends an invocation that
   * waits only for another's promise.
   */
  private async admitTogether(
    lane: Lane,
    request: AdmissionRequest,
    { background, clock, signal }: Required<AdmissionCaller>,
  ): Promise<Admission | null> {
    const wake = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Admission | null>();
    const waiter: Waiter = { request, wake, answer, hasLeft: false };
    lane.waiters.add(waiter);
    // Rejected for a client that left, or after the deadline: nobody may be waiting any more.
    answer.promise.catch(() => undefined);
    const open = () => this.openCall(lane, waiter, background);
    const timer = setTimeout(open, this.limits.waitMs);
    void wake.promise.then(open);
    const leave = () => this.leave(lane, waiter);
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    if (this.underWay(lane) < this.limits.directCalls) open();
    try {
      return await clock.within(answer.promise, this.limits.timeoutMs, unreachableError);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      lane.waiters.delete(waiter);
    }
  }

  /** Sends this request and those that wait, in the context of this one. Does nothing if another call took it along. */
  private openCall(lane: Lane, opener: Waiter, background: AdmissionCaller['background']): void {
    if (opener.hasLeft) this.wakeNext(lane);
    if (!lane.waiters.delete(opener)) return;
    const members = [opener, ...[...lane.waiters].slice(0, this.limits.requests - 1)];
    for (const member of members) lane.waiters.delete(member);
    background(this.callFor(lane, members));
  }

  /** Never rejects. */
  private async callFor(lane: Lane, members: readonly Waiter[]): Promise<void> {
    const requests = members.map(({ request }) => request);
    try {
      const answers = await this.measure(lane, () => this.calls.admitAll(lane.tokenId, requests));
      for (const [index, { answer }] of members.entries()) {
        const admission = answers[index];
        if (admission === undefined || admission?.outcome === 'failed') answer.reject(admission);
        else answer.resolve(admission);
      }
    } catch (error) {
      for (const { answer } of members) answer.reject(error);
    }
  }

  private leave(lane: Lane, waiter: Waiter): void {
    waiter.hasLeft = true;
    if (lane.waiters.delete(waiter)) waiter.answer.reject(leftError());
  }

  private async measure<T>(lane: Lane, call: () => Promise<T>): Promise<T> {
    const underWay = { startedAtMs: Date.now() };
    lane.calls.add(underWay);
    try {
      const answer = await call();
      lane.callMs += (Date.now() - underWay.startedAtMs - lane.callMs) / 8;
      return answer;
    } finally {
      lane.calls.delete(underWay);
      this.wakeNext(lane);
    }
  }

  /** The next call is opened by a request that waits, in its own context: this one's invocation may end. */
  private wakeNext(lane: Lane): void {
    if (lane.waiters.size === 0 || this.underWay(lane) >= this.limits.directCalls) return;
    const [next] = lane.waiters;
    next?.wake.resolve();
  }

  private laneOf(tokenId: string): Lane {
    const known = this.lanes.get(tokenId);
    if (known !== undefined) return known;
    const oldest = this.lanes.keys().next().value;
    if (this.lanes.size >= this.limits.tokens && oldest !== undefined) this.lanes.delete(oldest);
    const lane = {
      tokenId,
      calls: new Set<{ startedAtMs: number }>(),
      waiters: new Set<Waiter>(),
      callMs: 0,
    };
    this.lanes.set(tokenId, lane);
    return lane;
  }
}

function unreachableError(): RelayError {
  return new RelayError('service_unavailable', unreachable, { retryAfterMs: 1_000 });
}

/** Nobody reads it. */
function leftError(): RelayError {
  return new RelayError('service_unavailable', 'The client has left.');
}
