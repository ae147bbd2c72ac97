// The ledger of one token: a Durable Object that decides whether a request may run, holds its upper bound while it
// runs, charges its true cost once, and delivers the log rows to D1. All decisions are synchronous between two
// awaits, so parallel requests cannot exceed a limit together.
import { DurableObject } from 'cloudflare:workers';
import { alertsOf } from '../alerts/alerts.ts';
import { readConfig } from '../config.ts';
import type { Env } from '../env.ts';
import type { LogRow } from '../metering/log-row.ts';
import type { TokenLimits, TokenPolicy } from '../tokens/token.ts';
import { AccountAllocation } from './account-allocation.ts';
import { accountLedgerOf } from './account-budget.ts';
import { AlarmScheduler, earliest } from './alarm-scheduler.ts';
import { BackgroundResponses } from './background.ts';
import { settlementOf } from './background-ending.ts';
import { pollThrough, upstreamsOf } from './background-poll.ts';
import { auditOf, balanceOf } from './balance.ts';
import { type CheckpointRest, Checkpoints, restoreState } from './checkpoints.ts';
import { LedgerAlerts } from './ledger-alerts.ts';
import { type LedgerState, rememberMs } from './ledger-state.ts';
import { LedgerStore } from './ledger-store.ts';
import { Outbox } from './outbox.ts';
import { compareVersions, limitsInForce, plannedBy, refusalByPolicy } from './policy.ts';
import {
  type Admission,
  type AdmissionRequest,
  type Audit,
  type Balance,
  type Inspection,
  isForLackOfRoom,
  type LeaseRenewal,
  type Refusal,
  type RenewalAnswer,
  type Settlement,
  type Stale,
} from './quota.ts';
import { usedUpRefusal } from './quota-refusal.ts';
import { RateLimits } from './rate-limits.ts';
import type { BackgroundEnding, BackgroundOrder, PolicyQuestion } from './records.ts';
import { refusalRow } from './refusal-tally.ts';
import { renewLease } from './renew-lease.ts';
import { type Decisions, decideAll, reserve } from './reserve.ts';
import { Watchers } from './watchers.ts';

export class TokenLedger extends DurableObject<Env> {
  private readonly store: LedgerStore;
  private readonly state: LedgerState;
  private policy: TokenPolicy | null;
  private limits: TokenLimits;
  private seq: number;
  private readonly rates: RateLimits;
  private readonly outbox: Outbox;
  private readonly background: BackgroundResponses;
  private readonly checkpoints: Checkpoints;
  private readonly watchers = new Watchers(() => this.policy);
  private readonly allocation: AccountAllocation;
  private readonly alarms: AlarmScheduler;
  private readonly alerts: LedgerAlerts;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.store = new LedgerStore(state.storage.sql);
    this.alerts = new LedgerAlerts(this.store, () => alertsOf(env.HEALTH));
    this.alarms = new AlarmScheduler(state.storage, () => this.firstDueMs());
    const now = Date.now();
    const checkpoint = this.store.readCheckpoint();
    this.policy = this.store.readPolicy();
    this.limits = this.policy === null ? {} : limitsInForce(this.policy);
    this.state = restoreState(this.store, checkpoint, now);
    const accountOf = (id: string) => accountLedgerOf(env.ACCOUNTS, id);
    this.allocation = new AccountAllocation(this.store, this.state, accountOf);
    this.seq = this.store.lastJournal()?.seq ?? 0;
    this.outbox = new Outbox(this.store, () => this.env.DB, checkpoint?.flushedSeq ?? 0);
    this.rates = new RateLimits(checkpoint);
    this.checkpoints = new Checkpoints(
      this.store,
      this.state,
      checkpoint?.ceilingNanoUsd ?? 0,
      (nowMs) => this.checkpointRest(nowMs),
      () => this.alarms.scheduleBy(this.firstDueMs()),
    );
    this.background = new BackgroundResponses(this.store, pollThrough(upstreamsOf(env.DB, readConfig(env))));
    for (const requestId of this.background.requestIds) this.state.holdUntilSettled(requestId);
    // The restored holds got extra time to be renewed. This is stored, or each reset would grant it again.
    if (this.state.holds.size > 0) this.checkpoints.write();
    this.alarms.start();
  }

  /**
   * Decides whether a request may run. If so, its reservation is held from now on. Idempotent by request id. Piggybacked settlements of
   * other requests are charged first. Returns null if this ledger has no policy, or an older one than the caller (the token's or its
   * group's): configure it from D1 and call again.
   */
  admit(request: AdmissionRequest, settlements: Settlement[]): Admission | null | Promise<Admission | null> {
    if (settlements.length > 0) this.settle(settlements);
    const now = Date.now();
    const policy = this.policy;
    if (policy === null || compareVersions(policy, plannedBy(request)) < 0) return null;
    const refusal = refusalByPolicy(policy, request, now);
    if (refusal !== null) return this.refused(refusal, policy, request, now);
    if (compareVersions(policy, plannedBy(request)) > 0) return { outcome: 'stale', policy };
    if (this.state.holds.has(request.requestId)) return { outcome: 'admitted' };
    const isShort = !request.free && this.allocation.shortfall(policy, request.reserveNanoUsd ?? 0, now) > 0;
    return isShort ? this.allocateAndAdmit(policy, request) : this.decide(policy, request, now);
  }

  /** Decides several requests, in their order and without an `await` in between. See decideAll. */
  admitAll(requests: AdmissionRequest[]): Decisions | Promise<Decisions> {
    return decideAll(requests, (request) => this.admit(request, []));
  }

  /** Decides whether this token may be used. Holds and counts nothing. Returns null if the ledger has no policy. */
  inspect(question: PolicyQuestion): Inspection | null {
    return this.policy && (this.watchers.refusal(question) ?? { outcome: 'allowed', policy: this.policy });
  }

  /** Logs and returns the refusal that the token alone decides. Null: the body decides, or this policy is old. */
  refuseEarly(request: AdmissionRequest): Refusal | null {
    const now = Date.now();
    const { policy } = this;
    if (policy === null || compareVersions(policy, plannedBy(request)) < 0) return null;
    const refusal =
      refusalByPolicy(policy, request, now) ?? (request.free ? null : usedUpRefusal(policy, this.state, now));
    return refusal && this.refused(refusal, policy, request, now);
  }

  /** Logs the relay's own refusal, or the policy's, which wins. `stale`: the newest policy may allow the request. */
  refuse(request: AdmissionRequest, row: LogRow): Refusal | Stale | null {
    const now = Date.now();
    if (this.policy === null) return null;
    const refusal = refusalByPolicy(this.policy, request, now);
    if (refusal !== null) return this.refused(refusal, this.policy, request, now);
    if (compareVersions(this.policy, plannedBy(request)) > 0)
      return { outcome: 'stale', policy: this.policy };
    this.tally(row, now);
    return null;
  }

  /** Charges requests, each once. When this resolves, the charges are durable. */
  settle(settlements: Settlement[]): void {
    const now = Date.now();
    const rows = settlements.flatMap((settlement) => {
      this.rates.correct(this.state.holds.get(settlement.row.id), settlement.tokens, now);
      this.background.remove(settlement.row.id);
      return this.state.settle(settlement, this.policy, now) ?? [];
    });
    if (rows.length > 0) this.append(rows, now);
  }

  /** Renews the leases of running requests, and raises their reservations or ends them. */
  async renew(renewals: LeaseRenewal[]): Promise<RenewalAnswer[]> {
    if (this.policy?.accountBudget) await this.allocation.extend(this.policy, renewals, Date.now());
    const now = Date.now();
    return renewals.map((renewal) => this.renewOne(renewal, now));
  }

  /** Renews a lease, and answers after a while, or at once when the policy refuses the request. */
  async watch(renewal: LeaseRenewal): Promise<RenewalAnswer> {
    const answer = this.renewOne(renewal, Date.now());
    return answer.outcome === 'refused' ? answer : ((await this.watchers.refusalOf(renewal)) ?? answer);
  }

  /** Releases the holds of requests that never began. They get no log row. */
  release(requestIds: string[]): void {
    for (const id of requestIds) this.rates.correct(this.state.abandon(id), 0, Date.now());
    this.checkpoints.soon();
  }

  /** Tracks a background response that runs on: keeps the reservation, and polls until the response ends. */
  trackBackground(renewal: LeaseRenewal, order: BackgroundOrder): void {
    const now = Date.now();
    if (!this.state.holds.has(renewal.requestId)) this.state.adopt(renewal, now);
    if (!this.state.holds.has(renewal.requestId)) return;
    this.background.add(order, now);
    this.state.holdUntilSettled(renewal.requestId);
    this.checkpoints.write();
  }

  /** Settles a background response, once, by the answer that its caller fetched. */
  endBackground(responseId: string, ending: BackgroundEnding): void {
    const order = this.background.orderOf(responseId);
    if (order !== undefined) this.settle([settlementOf(order, ending, Date.now())]);
  }

  /** Polls a response before it is deleted, and settles it if it has ended. */
  async pollBackground(responseId: string): Promise<void> {
    this.settle(await this.background.pollNow(responseId));
  }

  /** Takes over a newer policy. Ignores an older or equal one. A deleted token stays deleted. */
  configure(policy: TokenPolicy): void {
    const before = this.policy;
    if (before !== null && (before.status === 'deleted' || compareVersions(before, policy) >= 0)) return;
    this.policy = policy;
    this.limits = limitsInForce(policy);
    this.store.writePolicy(policy);
    this.watchers.notify();
    this.background.pollAllSoon(Date.now());
    this.alarms.scheduleBy(earliest([this.background.nextAtMs(), this.alerts.dueAfterEditMs(Date.now())]));
  }

  /** Records what was spent before an import. Returns false if more than that is already recorded. */
  restore(policy: TokenPolicy, spentNanoUsd: number): boolean {
    this.configure(policy);
    if (spentNanoUsd < this.state.totals.spentNanoUsd) return false;
    this.store.carryOver(spentNanoUsd - this.state.totals.spentNanoUsd);
    this.state.totals = { ...this.state.totals, spentNanoUsd };
    this.append([], Date.now());
    return true;
  }

  /** Returns the unused part of the allocation to the account's ledger. */
  reclaim(periodKey: string, nowMs: number): number {
    return this.policy === null ? 0 : this.allocation.reclaim(this.policy, periodKey, nowMs);
  }

  balance(): Balance {
    return balanceOf(this.state, this.policy, this.allocation, Date.now());
  }

  audit(): Audit {
    return auditOf(this.state, this.store, this.outbox);
  }

  deliverLog(): Promise<void> {
    return this.outbox.flush(this.policy?.tokenId ?? null, () => this.seq);
  }

  /** Expires orphans, polls responses, delivers rows and alerts, forgets old ids, and schedules itself while work is left. */
  override async alarm(): Promise<void> {
    this.alarms.fired();
    const now = Date.now();
    try {
      const orphans = this.policy === null ? [] : this.state.expire(this.policy, now);
      if (orphans.length > 0) this.append(orphans, now);
      const [ended] = await Promise.all([
        this.background.pollDue(now, ({ question }) => this.watchers.refusal(question) !== null),
        this.deliverLog(),
      ]);
      this.settle(ended);
      this.state.forget(now);
      this.store.prune(this.outbox.flushedSeq, now - rememberMs);
      this.checkpoints.lowerCeiling(Date.now());
      await this.alerts.report(this.policy, this.state.totals, this.outbox.failingSinceMs);
    } finally {
      this.alarms.scheduleBy(this.firstDueMs());
    }
  }

  /** Enlarges the allocation of the account's budget, then decides again. */
  private async allocateAndAdmit(policy: TokenPolicy, request: AdmissionRequest): Promise<Admission | null> {
    const refusal = await this.allocation.makeRoom(policy, request.reserveNanoUsd ?? 0, Date.now());
    return refusal === null ? this.admit(request, []) : this.refused(refusal, policy, request, Date.now());
  }

  private decide(policy: TokenPolicy, request: AdmissionRequest, now: number): Admission {
    const { state, limits, rates, checkpoints } = this;
    const refusal = reserve(request, policy, { state, limits, rates, checkpoints }, now);
    if (refusal !== null) return this.refused(refusal, policy, request, now);
    const left = rates.left(limits, now);
    return left === undefined ? { outcome: 'admitted' } : { outcome: 'admitted', left };
  }

  private renewOne(renewal: LeaseRenewal, now: number): RenewalAnswer {
    const { state, allocation, checkpoints, rates } = this;
    return renewLease(renewal, this.policy, { state, allocation, checkpoints, rates }, now);
  }

  private refused(refusal: Refusal, policy: TokenPolicy, request: AdmissionRequest, now: number): Refusal {
    if (!(request.tentative && isForLackOfRoom(refusal))) {
      this.tally(refusalRow(refusal, policy, request), now);
      this.alerts.refused(refusal, policy, now);
    }
    const left = this.rates.left(this.limits, now);
    return left === undefined ? refusal : { ...refusal, left };
  }

  private tally(row: LogRow, now: number): void {
    this.outbox.recordRefusal(row, now);
    this.alarms.scheduleBy(this.outbox.dueAtMs(now));
  }

  private append(rows: LogRow[], now: number): void {
    this.seq += 1;
    this.alerts.settled(rows, now);
    this.store.appendJournal({ seq: this.seq, atMs: now, totals: this.state.totals, rows });
    this.alarms.scheduleBy(this.outbox.dueAtMs(now));
  }

  private checkpointRest(nowMs: number): CheckpointRest {
    return { flushedSeq: this.outbox.flushedSeq, ...this.rates.snapshot(this.limits, nowMs) };
  }

  /** Returns the earliest deadline: a delivery, the end of a lease, or a poll. Null: there is none. */
  private firstDueMs(): number | null {
    const delivery = this.outbox.isEmpty(this.seq) ? null : this.outbox.dueAtMs(Date.now());
    const expiry = this.state.nextExpiryMs();
    const alert = this.alerts.dueAtMs(this.policy, Date.now());
    return earliest([delivery, expiry && expiry + 1, this.background.nextAtMs(), alert]);
  }
}
