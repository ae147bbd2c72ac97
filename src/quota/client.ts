// The Worker's client of a token's ledger: timeouts, retries (every call carries request ids, so a repeated call
// changes nothing), and settlements, which settlement-batches.ts sends together.
import { DeadlineTimer } from '../lib/deadline-timer.ts';
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LogRow } from '../metering/log-row.ts';
import { boundedRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import {
  type AdmissionCaller,
  type AdmissionGroupLimits,
  AdmissionGroups,
  admissionGroupLimits,
} from './admission-groups.ts';
import { asUnavailable, isRetryable, shuttingDown, unknownToken, unreachable } from './ledger-failure.ts';
import {
  type Admission,
  type AdmissionRequest,
  type Audit,
  type Balance,
  type Inspection,
  isForLackOfRoom,
  type LeaseRenewal,
  type LedgerRpc,
  type Ledgers,
  type Refusal,
  type RenewalAnswer,
  type Settlement,
  type Stale,
} from './quota.ts';
import type { BackgroundEnding, BackgroundOrder, PolicyQuestion } from './records.ts';
import { SettlementBatches } from './settlement-batches.ts';

/** Timeouts and limits of calls to a ledger. */
const ledgerCalls = {
  /** A call that takes longer counts as unreachable. */
  timeoutMs: admissionGroupLimits.timeoutMs,
  /** Pauses between attempts to deliver a settlement, within the 30 s that an invocation may outlive its response. */
  settlePausesMs: [50, 200, 1_000, 4_000, 8_000, 8_000],
  /** Ledger ids that an isolate caches: each takes a hash to compute. */
  rememberedIds: 10_000,
  /** Settlements in one call. */
  batch: 200,
} as const;

/** Reads a token's policy from the database, for a ledger that has none or an old one. */
export type PolicyReader = (tokenId: string) => Promise<TokenPolicy | null>;

export class LedgerClient implements Ledgers {
  private readonly waiting = new SettlementBatches((tokenId, settlements) =>
    this.deliver(tokenId, settlements),
  );
  private readonly admissions: AdmissionGroups;
  private readonly ids = new Map<string, DurableObjectId>();
  /** From then on running requests are ended, because the host shuts down. */
  private endsAtMs = Number.POSITIVE_INFINITY;
  private readonly namespace: DurableObjectNamespace;
  private readonly readPolicy: PolicyReader;

  constructor(namespace: DurableObjectNamespace, readPolicy: PolicyReader, limits?: AdmissionGroupLimits) {
    this.namespace = namespace;
    this.readPolicy = readPolicy;
    const calls = {
      admit: (tokenId: string, request: AdmissionRequest, clock?: DeadlineTimer) =>
        this.call(tokenId, (ledger) => ledger.admit(request, []), clock),
      admitAll: (tokenId: string, requests: AdmissionRequest[]) => this.ledgerOf(tokenId).admitAll(requests),
    };
    this.admissions = new AdmissionGroups(calls, limits);
  }

  /**
   * Admits or refuses with one call, which the request may share with others (admission-groups.ts). If the ledger refuses for lack of room
   * while settlements of the same token wait here, a second call carries them: they may free enough room.
   */
  async admit(tokenId: string, request: AdmissionRequest, caller: AdmissionCaller): Promise<Admission> {
    const tentative = this.waiting.has(tokenId);
    const firstRequest = tentative ? { ...request, tentative } : request;
    const first = await this.admissions.admit(tokenId, firstRequest, caller);
    if (first === null) return this.configureAndAdmit(tokenId, request);
    if (!tentative || first.outcome !== 'refused' || !isForLackOfRoom(first)) return first;
    const piggybacked = this.waiting.take(tokenId);
    // The call of another request carries them already.
    if (piggybacked.length === 0) return (await this.admissions.admit(tokenId, request, caller)) ?? first;
    try {
      const { clock } = caller;
      const second = await this.call(tokenId, (ledger) => ledger.admit(request, piggybacked), clock);
      return second ?? first;
    } catch (error) {
      for (const settlement of piggybacked) caller.background(this.settle(tokenId, settlement));
      throw error;
    }
  }

  /**
   * Records a refusal that the relay has decided. Returns the ledger's own refusal if that takes precedence,
   * else null; either is logged. Returns `stale`, and logs nothing, if the token was edited since.
   */
  refuse(tokenId: string, request: AdmissionRequest, row: LogRow): Promise<Refusal | Stale | null> {
    return this.call(tokenId, (ledger) => ledger.refuse(request, boundedRow(row)));
  }

  /**
   * Returns the refusal that the token alone decides, before the body is read, and logs it. Null: the body
   * decides.
   */
  refuseEarly(tokenId: string, request: AdmissionRequest): Promise<Refusal | null> {
    return this.call(tokenId, (ledger) => ledger.refuseEarly(request));
  }

  /** Checks whether a token may be used at all, for requests that are neither charged nor logged. */
  async inspect(tokenId: string, question: PolicyQuestion): Promise<Inspection> {
    const inspection = await this.call(tokenId, (ledger) => ledger.inspect(question));
    if (inspection !== null) return inspection;
    const policy = await this.readPolicy(tokenId);
    if (policy !== null) await this.configure(policy);
    return (await this.call(tokenId, (ledger) => ledger.inspect(question))) ?? unknownToken;
  }

  /** Ends every request of this isolate that is still running after `drainMs`, with its format's error event. */
  endAfter(drainMs: number): void {
    this.endsAtMs = Date.now() + drainMs;
  }

  /** Whether the host is shutting down and running requests must end. */
  get isEnding(): boolean {
    return Date.now() >= this.endsAtMs;
  }

  renew(tokenId: string, renewal: LeaseRenewal): Promise<RenewalAnswer> {
    if (this.isEnding) return Promise.resolve(shuttingDown);
    return this.callTwice(tokenId, async (ledger) => {
      const [answer] = await ledger.renew([renewal]);
      if (answer === undefined) throw new Error('the ledger answered no look');
      return answer;
    });
  }

  /** Renews a lease like `renew`, but answers only after up to `watchMs`, or as soon as the token is refused. */
  async watch(tokenId: string, renewal: LeaseRenewal): Promise<RenewalAnswer> {
    if (this.endsAtMs !== Number.POSITIVE_INFINITY) {
      await scheduler.wait(Math.max(0, this.endsAtMs - Date.now()));
      return shuttingDown;
    }
    return this.callTwice(tokenId, (ledger) => ledger.watch(renewal));
  }

  /** Releases the holds of requests that never began. They get no log row. */
  release(tokenId: string, requestIds: string[]): Promise<void> {
    return this.call(tokenId, (ledger) => ledger.release(requestIds));
  }

  /**
   * Charges requests immediately. When it resolves, the charges are durable. When it throws, they may or may not
   * be: repeat the call.
   */
  charge(tokenId: string, settlements: Settlement[]): Promise<void> {
    const bounded = settlements.map(boundedSettlement);
    return this.call(tokenId, (ledger) => ledger.settle(bounded));
  }

  /**
   * Charges a request; to be handed to waitUntil. Resolves when the request is charged, when another request of
   * this isolate has taken the settlement over, or when every attempt failed: then the expiry of the reservation
   * charges it.
   */
  settle(tokenId: string, settlement: Settlement): Promise<void> {
    return this.waiting.add(tokenId, boundedSettlement(settlement));
  }

  /** Charges what waits in this isolate for a token, so that figures read next include it. As `settle`, for waitUntil. */
  async settleWaiting(tokenId: string): Promise<void> {
    const waiting = this.waiting.take(tokenId);
    if (waiting.length > 0) await this.deliver(tokenId, waiting);
  }

  /** Hands a running background response to its ledger; to be handed to waitUntil. Never rejects: see `settle`. */
  trackBackground(tokenId: string, renewal: LeaseRenewal, order: BackgroundOrder): Promise<void> {
    const bounded = { ...order, row: boundedRow(order.row) };
    return this.deliverPersistently(tokenId, [order.row.id], (ledger) =>
      ledger.trackBackground(renewal, bounded),
    );
  }

  /** Settles a background response by an answer that the caller fetched. Does nothing if it is not tracked. */
  endBackground(tokenId: string, responseId: string, ending: BackgroundEnding): Promise<void> {
    return this.deliverPersistently(tokenId, [responseId], (ledger) =>
      ledger.endBackground(responseId, ending),
    );
  }

  /** Makes the ledger poll a response now, and settle it if it has ended. */
  pollBackground(tokenId: string, responseId: string): Promise<void> {
    return this.callTwice(tokenId, (ledger) => ledger.pollBackground(responseId));
  }

  configure(policy: TokenPolicy): Promise<void> {
    return this.call(policy.tokenId, (ledger) => ledger.configure(policy));
  }

  restore(policy: TokenPolicy, spentNanoUsd: number): Promise<boolean> {
    return this.call(policy.tokenId, (ledger) => ledger.restore(policy, spentNanoUsd));
  }

  balance(tokenId: string): Promise<Balance> {
    return this.call(tokenId, (ledger) => ledger.balance());
  }

  audit(tokenId: string): Promise<Audit> {
    return this.call(tokenId, (ledger) => ledger.audit());
  }

  deliverLog(tokenId: string): Promise<void> {
    return this.call(tokenId, (ledger) => ledger.deliverLog());
  }

  private async configureAndAdmit(tokenId: string, request: AdmissionRequest): Promise<Admission> {
    const policy = await this.readPolicy(tokenId);
    if (policy === null) return unknownToken;
    await this.configure(policy);
    const admission = await this.call(tokenId, (ledger) => ledger.admit(request, []));
    if (admission === null) throw new RelayError('service_unavailable', unreachable, { retryAfterMs: 1_000 });
    return admission;
  }

  private async deliver(tokenId: string, settlements: Settlement[]): Promise<void> {
    for (let from = 0; from < settlements.length; from += ledgerCalls.batch) {
      const batch = settlements.slice(from, from + ledgerCalls.batch);
      const ids = batch.map(({ row }) => row.id);
      await this.deliverPersistently(tokenId, ids, (ledger) => ledger.settle(batch));
    }
  }

  /** Retries for as long as an invocation may live. After that, the expiry of the reservation settles the request. */
  private async deliverPersistently(
    tokenId: string,
    ids: string[],
    request: LedgerCall<void>,
  ): Promise<void> {
    for (const pauseMs of [...ledgerCalls.settlePausesMs, null]) {
      try {
        await this.callTwice(tokenId, request);
        return;
      } catch (error) {
        if (pauseMs === null) {
          logError('settlement-lost-to-expiry', { tokenId, ids, error });
          return;
        }
        await scheduler.wait(pauseMs);
      }
    }
  }

  /** Makes a call that has a deadline, on the request's timer or its own. */
  private async call<T>(tokenId: string, request: LedgerCall<T>, clock?: DeadlineTimer): Promise<T> {
    const running = clock ?? new DeadlineTimer();
    try {
      return await running.within(
        this.callTwice(tokenId, request),
        ledgerCalls.timeoutMs,
        () => new RelayError('service_unavailable', unreachable, { retryAfterMs: 1_000 }),
      );
    } finally {
      if (clock === undefined) running.stop();
    }
  }

  private async callTwice<T>(tokenId: string, request: LedgerCall<T>): Promise<T> {
    try {
      return await request(this.ledgerOf(tokenId));
    } catch (error) {
      if (!isRetryable(error)) throw asUnavailable(error);
    }
    try {
      return await request(this.ledgerOf(tokenId));
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  /** Returns a new stub each time: a stub that has failed stays broken. */
  private ledgerOf(tokenId: string): LedgerRpc {
    const id = this.ids.get(tokenId) ?? this.namespace.idFromName(tokenId);
    if (this.ids.size >= ledgerCalls.rememberedIds) this.ids.clear();
    this.ids.set(tokenId, id);
    // The stub's own types wrap every result, but only plain data travels.
    return this.namespace.get(id) as unknown as LedgerRpc;
  }
}

function boundedSettlement(settlement: Settlement): Settlement {
  return { ...settlement, row: boundedRow(settlement.row) };
}

type LedgerCall<T> = (ledger: LedgerRpc) => Promise<T>;
