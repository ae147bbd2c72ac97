// How the Worker calls a token's ledger: time-outs, repetition (every call carries request ids, so a
// repeated one changes nothing), and settlements of one isolate sent together.
import { DeadlineTimer } from '../lib/deadline-timer.ts';
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LogRow } from '../metering/log-row.ts';
import { boundedRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
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

/** Times and bounds of calls to a ledger. */
const ledgerCalls = {
  /** An admission later than this counts as unreachable. */
  timeoutMs: 10_000,
  /** Settlements of one token and isolate wait this long for company: they then are one call and one row. */
  gatherMs: 50,
  /** For so many of those pauses one request keeps the timer. */
  gatherRounds: 10,
  /** Pauses between tries of a settlement, within the 30 s that an invocation may outlive its response. */
  settlePausesMs: [50, 200, 1_000, 4_000, 8_000, 8_000],
  /** Ids of ledgers that an isolate remembers: each takes a hash to compute. */
  rememberedIds: 10_000,
  /** Settlements in one call. */
  batch: 200,
} as const;

/** Reads a token's policy from the database, for a ledger that has none or an old one. */
export type PolicyReader = (tokenId: string) => Promise<TokenPolicy | null>;

export class LedgerClient implements Ledgers {
  /** Settlements that wait for company, by token. Bounded by the requests in flight. */
  private readonly waiting = new Map<string, { sinceMs: number; settlements: Settlement[] }>();
  private gatheredUntilMs = 0;
  private readonly ids = new Map<string, DurableObjectId>();
  /** From then on running requests are ended, because the host shuts down. */
  private endsAtMs = Number.POSITIVE_INFINITY;
  private readonly namespace: DurableObjectNamespace;
  private readonly readPolicy: PolicyReader;

  constructor(namespace: DurableObjectNamespace, readPolicy: PolicyReader) {
    this.namespace = namespace;
    this.readPolicy = readPolicy;
  }

  /**
   * One call decides. If it refuses for want of room, and settlements of the same token still wait here, they
   * are taken along with a second one: what they give back may be enough.
   */
  async admit(
    tokenId: string,
    request: AdmissionRequest,
    background: (work: Promise<unknown>) => void,
    clock?: DeadlineTimer,
  ): Promise<Admission> {
    const tentative = this.waiting.has(tokenId);
    const firstAsk = tentative ? { ...request, tentative } : request;
    const first = await this.call(tokenId, (ledger) => ledger.admit(firstAsk, []), clock);
    if (first === null) return this.configureAndAdmit(tokenId, request);
    if (!tentative || first.outcome !== 'refused' || !isForLackOfRoom(first)) return first;
    const riders = this.take(tokenId);
    try {
      const second = await this.call(tokenId, (ledger) => ledger.admit(request, riders), clock);
      return second ?? first;
    } catch (error) {
      for (const rider of riders) background(this.settle(tokenId, rider));
      throw error;
    }
  }

  /**
   * The relay's own refusal: the ledger's refusal when it has one that comes first, else null. Either is logged.
   * `stale`: nothing is yet, for the token was edited since.
   */
  refuse(tokenId: string, request: AdmissionRequest, row: LogRow): Promise<Refusal | Stale | null> {
    return this.call(tokenId, (ledger) => ledger.refuse(request, boundedRow(row)));
  }

  /** What the token alone decides against a request, before its body is read; logged. null: the body decides. */
  refuseEarly(tokenId: string, request: AdmissionRequest): Promise<Refusal | null> {
    return this.call(tokenId, (ledger) => ledger.refuseEarly(request));
  }

  /** Whether a token may be used at all, for requests that are neither charged nor logged. */
  async inspect(tokenId: string, question: PolicyQuestion): Promise<Inspection> {
    const inspection = await this.call(tokenId, (ledger) => ledger.inspect(question));
    if (inspection !== null) return inspection;
    const policy = await this.readPolicy(tokenId);
    if (policy !== null) await this.configure(policy);
    return (await this.call(tokenId, (ledger) => ledger.inspect(question))) ?? unknownToken;
  }

  /** Ends every request of this isolate that still runs after `drainMs`, with its format's error event. */
  endAfter(drainMs: number): void {
    this.endsAtMs = Date.now() + drainMs;
  }

  /** Whether the host shuts down, and no request may run on. */
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

  /** A look that takes up to `watchMs` to be answered; a refusal is answered the moment that it is one. */
  async watch(tokenId: string, renewal: LeaseRenewal): Promise<RenewalAnswer> {
    if (this.endsAtMs !== Number.POSITIVE_INFINITY) {
      await scheduler.wait(Math.max(0, this.endsAtMs - Date.now()));
      return shuttingDown;
    }
    return this.callTwice(tokenId, (ledger) => ledger.watch(renewal));
  }

  /** Gives back what is held for requests that never began; they have no row. */
  release(tokenId: string, requestIds: string[]): Promise<void> {
    return this.call(tokenId, (ledger) => ledger.release(requestIds));
  }

  /** Charges requests at once. When it resolves the charges are durable; when it throws they may be, and are to be repeated. */
  charge(tokenId: string, settlements: Settlement[]): Promise<void> {
    const bounded = settlements.map(boundedSettlement);
    return this.call(tokenId, (ledger) => ledger.settle(bounded));
  }

  /**
   * Charges a request; to be handed to waitUntil. Resolves when it is charged, or when another request of
   * this isolate has taken it along, or when every try failed: then the reservation's expiry charges it.
   */
  async settle(tokenId: string, given: Settlement): Promise<void> {
    const settlement = boundedSettlement(given);
    const now = Date.now();
    const gathering = this.waiting.get(tokenId);
    if (gathering === undefined) this.waiting.set(tokenId, { sinceMs: now, settlements: [settlement] });
    else gathering.settlements.push(settlement);
    // One request at a time keeps the timer for all: a timer costs as much as a small request.
    if (now < this.gatheredUntilMs) return;
    await this.gather(now);
  }

  /** Leaves a response that runs on to its ledger; to be handed to waitUntil. Never rejects: see `settle`. */
  trackBackground(tokenId: string, renewal: LeaseRenewal, order: BackgroundOrder): Promise<void> {
    const bounded = { ...order, row: boundedRow(order.row) };
    return this.deliverPersistently(tokenId, [order.row.id], (ledger) =>
      ledger.trackBackground(renewal, bounded),
    );
  }

  /** Settles a response in the background by an answer that its caller fetched. Nothing happens if it is not waited for. */
  endBackground(tokenId: string, responseId: string, ending: BackgroundEnding): Promise<void> {
    return this.deliverPersistently(tokenId, [responseId], (ledger) =>
      ledger.endBackground(responseId, ending),
    );
  }

  /** Has the ledger ask for a response now, and settle it if it is over. */
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

  private async configureAndAdmit(tokenId: string, request: AdmissionRequest): Promise<Admission> {
    const policy = await this.readPolicy(tokenId);
    if (policy === null) return unknownToken;
    await this.configure(policy);
    const admission = await this.call(tokenId, (ledger) => ledger.admit(request, []));
    if (admission === null) throw new RelayError('service_unavailable', unreachable, { retryAfterMs: 1_000 });
    return admission;
  }

  /** Delivers what has waited long enough, until nothing waits or this request has done its share. */
  private async gather(startedAtMs: number): Promise<void> {
    const deliveries: Promise<void>[] = [];
    for (let round = 1; this.waiting.size > 0 && round <= ledgerCalls.gatherRounds; round++) {
      // Should this invocation be ended, the next settlement after this moment takes over.
      this.gatheredUntilMs = startedAtMs + (round + 1) * 2 * ledgerCalls.gatherMs;
      await scheduler.wait(ledgerCalls.gatherMs);
      const ripeMs =
        round === ledgerCalls.gatherRounds ? Number.POSITIVE_INFINITY : Date.now() - ledgerCalls.gatherMs;
      for (const [tokenId, { sinceMs }] of this.waiting) {
        if (sinceMs <= ripeMs) deliveries.push(this.deliver(tokenId, this.take(tokenId)));
      }
    }
    this.gatheredUntilMs = 0;
    await Promise.all(deliveries);
  }

  private take(tokenId: string): Settlement[] {
    const taken = this.waiting.get(tokenId)?.settlements ?? [];
    this.waiting.delete(tokenId);
    return taken;
  }

  private async deliver(tokenId: string, settlements: Settlement[]): Promise<void> {
    for (let from = 0; from < settlements.length; from += ledgerCalls.batch) {
      const batch = settlements.slice(from, from + ledgerCalls.batch);
      const ids = batch.map(({ row }) => row.id);
      await this.deliverPersistently(tokenId, ids, (ledger) => ledger.settle(batch));
    }
  }

  /** Tries for as long as an invocation may live; what fails then is left to the reservation's expiry. */
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

  /** A call that somebody waits for: it has a deadline, on the request's clock or one of its own. */
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

  /** A new stub each time: one that has failed stays broken. */
  private ledgerOf(tokenId: string): LedgerRpc {
    const id = this.ids.get(tokenId) ?? this.namespace.idFromName(tokenId);
    if (this.ids.size >= ledgerCalls.rememberedIds) this.ids.clear();
    this.ids.set(tokenId, id);
    // The stub's own types wrap every answer; what travels is plain data.
    return this.namespace.get(id) as unknown as LedgerRpc;
  }
}

function boundedSettlement(settlement: Settlement): Settlement {
  return { ...settlement, row: boundedRow(settlement.row) };
}

type LedgerCall<T> = (ledger: LedgerRpc) => Promise<T>;
