// The ledger of one token: a Durable Object that decides whether a request may run, holds its upper bound
// while it does, charges its true cost once, and hands the rows on to D1. All decisions are synchronous
// between two awaits, so parallel requests cannot pass a limit together.
import { DurableObject } from 'cloudflare:workers';
import { readConfig } from '../config.ts';
import type { Env } from '../env.ts';
import type { LogRow } from '../metering/log-row.ts';
import type { TokenLimits, TokenPolicy } from '../tokens/token.ts';
import { accountLedgerOf } from './account-budget.ts';
import { AccountSlice } from './account-slice.ts';
import { answerLook } from './answer-look.ts';
import { BackgroundResponses } from './background.ts';
import { settlementOf } from './background-ending.ts';
import { pollThrough, upstreamsOf } from './background-poll.ts';
import { auditOf, balanceOf } from './balance.ts';
import { type Book, rememberMs } from './book.ts';
import { type CheckpointRest, Checkpoints } from './checkpoints.ts';
import { earliest, LedgerAlarm } from './ledger-alarm.ts';
import { LedgerStore } from './ledger-store.ts';
import { Outbox } from './outbox.ts';
import {
  compareVersions,
  isLimited,
  limitsInForce,
  plannedBy,
  priceUnset,
  refusalByPolicy,
} from './policy.ts';
import {
  type Admission,
  type AdmissionAsk,
  type Audit,
  type Balance,
  type Inspection,
  isForWantOfRoom,
  type Look,
  type LookAnswer,
  type Refusal,
  type Settlement,
  type Stale,
} from './quota.ts';
import { quotaRefusal, usedUpRefusal } from './quota-refusal.ts';
import { RateLimits } from './rate-limits.ts';
import type { BackgroundEnding, BackgroundOrder, PolicyQuestion } from './records.ts';
import { refusalRow } from './refusal-tally.ts';
import { restoredBook } from './restored-book.ts';
import { Watchers } from './watchers.ts';

export class TokenLedger extends DurableObject<Env> {
  private readonly store: LedgerStore;
  private readonly book: Book;
  private policy: TokenPolicy | null;
  private limits: TokenLimits;
  private seq: number;
  private readonly rates: RateLimits;
  private readonly outbox: Outbox;
  private readonly background: BackgroundResponses;
  private readonly checkpoints: Checkpoints;
  private readonly watchers = new Watchers(() => this.policy);
  private readonly slice: AccountSlice;
  private readonly bell: LedgerAlarm;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.store = new LedgerStore(state.storage.sql);
    this.bell = new LedgerAlarm(state.storage, () => this.firstDueMs());
    const now = Date.now();
    const checkpoint = this.store.readCheckpoint();
    this.policy = this.store.readPolicy();
    this.limits = this.policy === null ? {} : limitsInForce(this.policy);
    this.book = restoredBook(this.store, checkpoint, now);
    this.slice = new AccountSlice(this.store, this.book, (id) => accountLedgerOf(env.ACCOUNTS, id));
    this.seq = this.store.lastJournal()?.seq ?? 0;
    this.outbox = new Outbox(this.store, () => this.env.DB, checkpoint?.flushedSeq ?? 0);
    this.rates = new RateLimits(checkpoint);
    this.checkpoints = new Checkpoints(
      this.store,
      this.book,
      checkpoint?.ceilingNanoUsd ?? 0,
      (nowMs) => this.alsoDurable(nowMs),
      () => this.bell.ringBy(this.firstDueMs()),
    );
    this.background = new BackgroundResponses(this.store, pollThrough(upstreamsOf(env.DB, readConfig(env))));
    for (const requestId of this.background.requestIds) this.book.keep(requestId);
    // What was put back got its time to be heard of: durable, or each reset would give it more.
    if (this.book.holds.size > 0) this.checkpoints.write();
    this.bell.begin();
  }

  /**
   * May this request run? If so, its reservation is held from now on. Idempotent by request id.
   * `settlements` of other requests ride along and are charged first. null: this ledger has no policy, or
   * one older than the caller's (the token's, or its group's): configure it from D1 and ask again.
   */
  admit(ask: AdmissionAsk, settlements: Settlement[]): Admission | null | Promise<Admission | null> {
    if (settlements.length > 0) this.settle(settlements);
    const now = Date.now();
    const policy = this.policy;
    if (policy === null || compareVersions(policy, plannedBy(ask)) < 0) return null;
    const refusal = refusalByPolicy(policy, ask, now);
    if (refusal !== null) return this.refused(refusal, policy, ask, now);
    if (compareVersions(policy, plannedBy(ask)) > 0) return { outcome: 'stale', policy };
    if (this.book.holds.has(ask.requestId)) return { outcome: 'admitted' };
    const isShort = !ask.free && this.slice.shortBy(policy, ask.reserveNanoUsd ?? 0, now) > 0;
    return isShort ? this.drawAndAdmit(policy, ask, now) : this.decide(policy, ask, now);
  }

  /** May this token be used? Holds and counts nothing. null: not configured here. */
  inspect(question: PolicyQuestion): Inspection | null {
    return this.policy && (this.watchers.refusal(question) ?? { outcome: 'allowed', policy: this.policy });
  }

  /**
   * The refusal that the token alone decides, whatever the request's body says; it has a row. null: the body decides, or
   * this ledger does not know the caller's newest policy.
   */
  refuseEarly(ask: AdmissionAsk): Refusal | null {
    const now = Date.now();
    const { policy } = this;
    if (policy === null || compareVersions(policy, plannedBy(ask)) < 0) return null;
    const refusal =
      refusalByPolicy(policy, ask, now) ?? (ask.free ? null : usedUpRefusal(policy, this.book, now));
    return refusal && this.refused(refusal, policy, ask, now);
  }

  /** The relay's own refusal: the policy's counts first; either has a row. `stale`: the newest may allow it. */
  refuse(ask: AdmissionAsk, row: LogRow): Refusal | Stale | null {
    const now = Date.now();
    if (this.policy === null) return null;
    const refusal = refusalByPolicy(this.policy, ask, now);
    if (refusal !== null) return this.refused(refusal, this.policy, ask, now);
    if (compareVersions(this.policy, plannedBy(ask)) > 0) return { outcome: 'stale', policy: this.policy };
    this.tally(row, now);
    return null;
  }

  /** Charges requests, each once. When this resolves, the charges are durable. */
  settle(settlements: Settlement[]): void {
    const now = Date.now();
    const rows = settlements.flatMap((settlement) => {
      this.rates.correct(this.book.holds.get(settlement.row.id), settlement.tokens, now);
      this.background.remove(settlement.row.id);
      return this.book.settle(settlement, this.policy, now) ?? [];
    });
    if (rows.length > 0) this.append(rows, now);
  }

  /** Signs of life of running requests: renew, raise, or hear that it is over. */
  async look(looks: Look[]): Promise<LookAnswer[]> {
    if (this.policy?.accountBudget) await this.slice.extend(this.policy, looks, Date.now());
    const now = Date.now();
    return looks.map((look) => this.lookAt(look, now));
  }

  /** A look that is answered when there is something to say, or after a while: a revocation is heard at once. */
  async watch(look: Look): Promise<LookAnswer> {
    const answer = this.lookAt(look, Date.now());
    return answer.outcome === 'refused' ? answer : ((await this.watchers.refusalOf(look)) ?? answer);
  }

  /** Gives back what is held for requests that never began: they have no row. */
  release(requestIds: string[]): void {
    for (const requestId of requestIds) {
      this.rates.correct(this.book.abandon(requestId), 0, Date.now());
    }
    this.checkpoints.soon();
  }

  /** The response runs on without its request: the reservation is kept, and the response asked for until it ends. */
  waitFor(look: Look, order: BackgroundOrder): void {
    const now = Date.now();
    if (!this.book.holds.has(look.requestId)) this.book.adopt(look, now);
    if (!this.book.holds.has(look.requestId)) return;
    this.background.add(order, now);
    this.book.keep(look.requestId);
    this.checkpoints.write();
  }

  /** The caller has fetched the answer of a response that is over: that settles it, once. */
  endBackground(responseId: string, ending: BackgroundEnding): void {
    const order = this.background.orderOf(responseId);
    if (order !== undefined) this.settle([settlementOf(order, ending, Date.now())]);
  }

  /** Asks for a response before it is deleted, and settles it if it is over. */
  async pollBackground(responseId: string): Promise<void> {
    this.settle(await this.background.pollNow(responseId));
  }

  /** Takes a newer policy; an older or equal one is ignored. Deleted is for ever. */
  configure(policy: TokenPolicy): void {
    const before = this.policy;
    if (before !== null && (before.status === 'deleted' || compareVersions(before, policy) >= 0)) return;
    this.policy = policy;
    this.limits = limitsInForce(policy);
    this.store.writePolicy(policy);
    this.watchers.tell();
    this.background.hurry(Date.now());
    this.bell.ringBy(this.background.nextAtMs());
  }

  /** Takes over what was spent elsewhere before. false: more than that is recorded here already. */
  restore(policy: TokenPolicy, spentNanoUsd: number): boolean {
    this.configure(policy);
    if (spentNanoUsd < this.book.totals.spentNanoUsd) return false;
    this.store.carryOver(spentNanoUsd - this.book.totals.spentNanoUsd);
    this.book.totals = { ...this.book.totals, spentNanoUsd };
    this.append([], Date.now());
    return true;
  }

  /** The account calls back what is not used of its budget. */
  giveBack(periodKey: string, nowMs: number): number {
    return this.policy === null ? 0 : this.slice.giveBack(this.policy, periodKey, nowMs);
  }

  balance(): Balance {
    return balanceOf(this.book, this.policy, Date.now());
  }

  audit(): Audit {
    return auditOf(this.book, this.store, this.outbox);
  }

  /** Expires orphans, asks for responses, hands rows to D1, forgets what is old, and comes again while there is something to do. */
  override async alarm(): Promise<void> {
    this.bell.rang();
    const now = Date.now();
    try {
      const orphans = this.policy === null ? [] : this.book.expire(this.policy, now);
      if (orphans.length > 0) this.append(orphans, now);
      const [ended] = await Promise.all([
        this.background.pollDue(now, ({ question }) => this.watchers.refusal(question) !== null),
        this.outbox.flush(this.policy?.tokenId ?? null, () => this.seq),
      ]);
      this.settle(ended);
      this.book.forget(now);
      this.store.prune(this.outbox.flushedSeq, now - rememberMs);
      this.checkpoints.lowerCeiling(Date.now());
    } finally {
      this.bell.ringBy(this.firstDueMs());
    }
  }

  /** The account's slice is too small for it: draws, then decides anew. */
  private async drawAndAdmit(policy: TokenPolicy, ask: AdmissionAsk, now: number): Promise<Admission | null> {
    const refusal = await this.slice.makeRoom(policy, ask.reserveNanoUsd ?? 0, now);
    return refusal === null ? this.admit(ask, []) : this.refused(refusal, policy, ask, Date.now());
  }

  private decide(policy: TokenPolicy, ask: AdmissionAsk, now: number): Admission {
    const limited = isLimited(policy);
    if (ask.reserveNanoUsd === null && limited && !ask.free)
      return this.refused(priceUnset(ask.model), policy, ask, now);
    const overLimit = this.rates.refusal(this.limits, this.book.openBeside(ask), ask.tokens, now);
    if (overLimit !== null) return this.refused(overLimit, policy, ask, now);
    const reserve = ask.reserveNanoUsd ?? 0;
    if (!ask.free && reserve > this.book.room(policy, now))
      return this.refused(quotaRefusal(policy, this.book, reserve, now), policy, ask, now);
    this.rates.count(ask.tokens, now);
    this.book.hold(ask, reserve, now);
    if (limited) this.checkpoints.raiseCeiling(policy, reserve, now);
    this.checkpoints.soon();
    const left = this.rates.left(this.limits, now);
    return left === undefined ? { outcome: 'admitted' } : { outcome: 'admitted', left };
  }

  private lookAt(look: Look, now: number): LookAnswer {
    const { book, slice, checkpoints, rates } = this;
    return answerLook(look, this.policy, { book, slice, checkpoints, rates }, now);
  }

  private refused(refusal: Refusal, policy: TokenPolicy, ask: AdmissionAsk, now: number): Refusal {
    if (!(ask.tentative && isForWantOfRoom(refusal))) this.tally(refusalRow(refusal, policy, ask), now);
    const left = this.rates.left(this.limits, now);
    return left === undefined ? refusal : { ...refusal, left };
  }

  private tally(row: LogRow, now: number): void {
    this.outbox.refused(row, now);
    this.bell.ringBy(this.outbox.dueAtMs(now));
  }

  private append(rows: LogRow[], now: number): void {
    this.seq += 1;
    this.store.appendJournal({ seq: this.seq, atMs: now, totals: this.book.totals, rows });
    this.bell.ringBy(this.outbox.dueAtMs(now));
  }

  private alsoDurable(nowMs: number): CheckpointRest {
    return { flushedSeq: this.outbox.flushedSeq, ...this.rates.snapshot(this.limits, nowMs) };
  }

  /** What is due first: a delivery, the end of a lease, a response in the background. null: nothing is. */
  private firstDueMs(): number | null {
    const delivery = this.outbox.isEmpty(this.seq) ? null : this.outbox.dueAtMs(Date.now());
    const expiry = this.book.nextExpiryMs();
    return earliest([delivery, expiry && expiry + 1, this.background.nextAtMs()]);
  }
}
