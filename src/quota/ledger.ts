// The ledger of one token: a Durable Object that decides whether a request may run, holds its upper bound
// while it does, charges its true cost once, and hands the rows on to D1. All decisions are synchronous
// between two awaits, so parallel requests cannot pass a limit together.
import { DurableObject } from 'cloudflare:workers';
import { type Env, readConfig } from '../config.ts';
import { findChannel } from '../routing/find-channel.ts';
import { KeyRing } from '../routing/key-ring.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { accountLedgerOf } from './account-budget.ts';
import { AccountSlice } from './account-slice.ts';
import { type BackgroundOrder, BackgroundResponses } from './background.ts';
import { pollThrough } from './background-poll.ts';
import { Book, quotaRefusal, rememberMs } from './book.ts';
import { type CheckpointRest, Checkpoints } from './checkpoints.ts';
import { LedgerAlarm } from './ledger-alarm.ts';
import { LedgerStore, type Totals } from './ledger-store.ts';
import { Outbox } from './outbox.ts';
import { isLimited, type PolicyQuestion, priceUnsetRefusal, refusalByPolicy } from './policy.ts';
import {
  type Admission,
  type AdmissionAsk,
  type Audit,
  type Balance,
  type Inspection,
  isForWantOfRoom,
  type LogRow,
  type Look,
  type LookAnswer,
  type Refusal,
  type Settlement,
} from './quota.ts';
import { RateLimits } from './rate-limits.ts';
import { refusalRow } from './refusal-tally.ts';

const nothing: Totals = { spentNanoUsd: 0, budgetStartMs: 0, budgetSpentNanoUsd: 0, lastUsedAtMs: null };

export class TokenLedger extends DurableObject<Env> {
  private readonly store: LedgerStore;
  private readonly book: Book;
  private policy: TokenPolicy | null;
  private seq: number;
  private readonly rates: RateLimits;
  private readonly outbox: Outbox;
  private readonly background: BackgroundResponses;
  private readonly checkpoints: Checkpoints;
  private readonly slice: AccountSlice;
  private readonly bell: LedgerAlarm;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.store = new LedgerStore(state.storage.sql);
    this.bell = new LedgerAlarm(state.storage, () => this.firstDueMs());
    const now = Date.now();
    const checkpoint = this.store.readCheckpoint();
    const last = this.store.lastJournal();
    this.policy = this.store.readPolicy();
    this.book = new Book(last?.totals ?? nothing);
    const accountOf = (id: string) => accountLedgerOf(env.ACCOUNTS, id);
    this.slice = new AccountSlice(this.store, this.book, accountOf);
    this.seq = last?.seq ?? 0;
    this.outbox = new Outbox(this.store, () => this.env.DB, checkpoint?.flushedSeq ?? 0);
    const ceilingNanoUsd = checkpoint?.ceilingNanoUsd ?? 0;
    this.rates = new RateLimits(checkpoint);
    this.store.visitJournalSince(now - rememberMs, ({ rows, atMs }) => {
      for (const row of rows) this.book.remember(row, atMs);
    });
    for (const hold of checkpoint?.holds ?? []) this.book.restore(hold, now);
    this.book.distrustUpTo(ceilingNanoUsd, checkpoint?.unknown ?? [], now);
    this.checkpoints = new Checkpoints(
      this.store,
      this.book,
      ceilingNanoUsd,
      (nowMs) => this.alsoDurable(nowMs),
      () => this.bell.ringBy(this.firstDueMs()),
    );
    const config = readConfig(env);
    const keys = new KeyRing(config.encryptionKey);
    const channel = (id: string) => findChannel(this.env.DB, config, id);
    this.background = new BackgroundResponses(this.store, pollThrough({ channel, keys }));
    for (const requestId of this.background.requestIds) this.book.keep(requestId);
    // What was put back got its time to be heard of: durable, or each reset would give it more.
    if (this.book.holds.size > 0) this.checkpoints.write();
    this.bell.begin();
  }

  /**
   * May this request run? If so, its reservation is held from now on. Idempotent by request id.
   * `settlements` of other requests ride along and are charged first. null: this ledger has no policy, or
   * one older than the caller's: configure it from D1 and ask again.
   */
  admit(ask: AdmissionAsk, settlements: Settlement[]): Admission | null | Promise<Admission | null> {
    if (settlements.length > 0) this.settle(settlements);
    const now = Date.now();
    const policy = this.policy;
    if (policy === null || policy.version < ask.policyVersion) return null;
    const refusal = refusalByPolicy(policy, ask, now);
    if (refusal !== null) return this.refused(refusal, policy, ask, now);
    if (policy.version > ask.policyVersion) return { outcome: 'stale', policy };
    if (this.book.holds.has(ask.requestId)) return { outcome: 'admitted' };
    const isShort = !ask.free && this.slice.shortBy(policy, ask.reserveNanoUsd ?? 0, now) > 0;
    return isShort ? this.drawAndAdmit(policy, ask, now) : this.decide(policy, ask, now);
  }

  /** May this token be used? Holds and counts nothing. null: not configured here. */
  inspect(question: PolicyQuestion): Inspection | null {
    if (this.policy === null) return null;
    return refusalByPolicy(this.policy, question, Date.now()) ?? { outcome: 'allowed', policy: this.policy };
  }

  /** The relay's own refusal of a request of this token: the policy's counts first; either has a row. */
  refuse(ask: AdmissionAsk, row: LogRow): Refusal | null {
    const now = Date.now();
    if (this.policy === null) return null;
    const refusal = refusalByPolicy(this.policy, ask, now);
    if (refusal !== null) return this.refused(refusal, this.policy, ask, now);
    this.tally(row, now);
    return null;
  }

  /** Charges requests, each once. When this resolves, the charges are durable. */
  settle(settlements: Settlement[]): void {
    const now = Date.now();
    const rows = settlements.flatMap((settlement) => {
      this.correctTokens(settlement, now);
      this.background.remove(settlement.row.id);
      return this.book.settle(settlement, this.policy, now) ?? [];
    });
    this.journal(rows, now);
  }

  /** Signs of life of running requests: renew, raise, or hear that it is over. */
  async look(looks: Look[]): Promise<LookAnswer[]> {
    if (this.policy?.accountBudget) await this.slice.extend(this.policy, looks, Date.now());
    const now = Date.now();
    return looks.map((look) => this.lookAt(look, now));
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

  /** Takes a newer policy; an older or equal one is ignored. Deleted is for ever. */
  configure(policy: TokenPolicy): void {
    if (this.policy !== null && (this.policy.status === 'deleted' || this.policy.version >= policy.version))
      return;
    this.policy = policy;
    this.store.writePolicy(policy);
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
    const now = Date.now();
    return {
      spentNanoUsd: this.book.totals.spentNanoUsd,
      reservedNanoUsd: this.book.held(now),
      open: this.book.holds.size,
      budgetSpentNanoUsd: this.policy ? this.book.budgetSpent(this.policy, now) : 0,
      lastUsedAtMs: this.book.totals.lastUsedAtMs,
    };
  }

  audit(): Audit {
    const { spentNanoUsd } = this.book.totals;
    return { spentNanoUsd, carriedNanoUsd: this.store.carriedNanoUsd(), ...this.outbox.pending() };
  }

  /** Expires orphans, asks for responses, hands rows to D1, forgets what is old, and comes again while there is something to do. */
  override async alarm(): Promise<void> {
    this.bell.rang();
    const now = Date.now();
    try {
      if (this.policy !== null) this.journal(this.book.expire(this.policy, now), now);
      const [ended] = await Promise.all([
        this.background.pollDue(now, (order) => this.isRefused(order)),
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

  private isRefused({ question }: BackgroundOrder): boolean {
    return this.policy !== null && refusalByPolicy(this.policy, question, Date.now()) !== null;
  }

  /** The account's slice is too small for it: draws, then decides anew. */
  private async drawAndAdmit(policy: TokenPolicy, ask: AdmissionAsk, now: number): Promise<Admission | null> {
    const refusal = await this.slice.makeRoom(policy, ask.reserveNanoUsd ?? 0, now);
    return refusal === null ? this.admit(ask, []) : this.refused(refusal, policy, ask, Date.now());
  }

  private decide(policy: TokenPolicy, ask: AdmissionAsk, now: number): Admission {
    const limited = isLimited(policy);
    if (ask.reserveNanoUsd === null && limited && !ask.free)
      return this.refused(priceUnsetRefusal(ask.model), policy, ask, now);
    const overLimit = this.rates.refusal(policy.limits, this.book.holds.size, ask.tokens, now);
    if (overLimit !== null) return this.refused(overLimit, policy, ask, now);
    const reserve = ask.reserveNanoUsd ?? 0;
    if (!ask.free && reserve > this.book.room(policy, now)) {
      return this.refused(quotaRefusal(policy, this.book, reserve, now), policy, ask, now);
    }
    this.rates.count(ask.tokens, now);
    this.book.hold(ask, reserve, now);
    if (limited) this.checkpoints.raiseCeiling(policy, reserve, now);
    this.checkpoints.soon();
    const left = this.rates.left(policy.limits, now);
    return left === undefined ? { outcome: 'admitted' } : { outcome: 'admitted', left };
  }

  private lookAt(look: Look, now: number): LookAnswer {
    const policy = this.policy;
    if (policy === null) return { outcome: 'go-on', reservedNanoUsd: look.reservedNanoUsd };
    const refusal = refusalByPolicy(policy, look, now);
    if (refusal !== null) return refusal;
    if (!this.book.holds.has(look.requestId)) this.book.adopt(look, now);
    const held = this.book.holds.get(look.requestId)?.reservedNanoUsd;
    if (held === undefined) return { outcome: 'go-on', reservedNanoUsd: look.reservedNanoUsd };
    const more = Math.max(0, look.wantNanoUsd - held);
    const room = Math.min(this.book.room(policy, now), this.slice.roomFor(policy, now));
    const granted = Math.min(more, Math.max(0, room));
    // What is left is given, and only what has used that up is ended.
    if (more > 0 && granted === 0 && look.runningNanoUsd >= held)
      return quotaRefusal(policy, this.book, more, now);
    const reserved = held + granted;
    const unheard = this.book.holds.get(look.requestId)?.restored === true;
    this.book.hold(look, reserved, now);
    if (unheard) this.checkpoints.write();
    if (isLimited(policy)) this.checkpoints.raiseCeiling(policy, granted, now);
    this.checkpoints.soon();
    return { outcome: 'go-on', reservedNanoUsd: reserved };
  }

  private refused(refusal: Refusal, policy: TokenPolicy, ask: AdmissionAsk, now: number): Refusal {
    const asksAgain = ask.tentative === true && isForWantOfRoom(refusal);
    if (!asksAgain) this.tally(refusalRow(refusal, policy, ask), now);
    const left = this.rates.left(policy.limits, now);
    return left === undefined ? refusal : { ...refusal, left };
  }

  private tally(row: LogRow, now: number): void {
    this.outbox.refused(row, now);
    this.bell.ringBy(this.outbox.dueAtMs(now));
  }

  private correctTokens({ row, tokens }: Settlement, now: number): void {
    const hold = this.book.holds.get(row.id);
    if (hold !== undefined && this.policy?.limits.tpm !== undefined)
      this.rates.correct(tokens - hold.tokens, hold.heldAtMs, now);
  }

  private journal(rows: LogRow[], now: number): void {
    if (rows.length > 0) this.append(rows, now);
  }

  private append(rows: LogRow[], now: number): void {
    this.seq += 1;
    this.store.appendJournal({ seq: this.seq, atMs: now, totals: this.book.totals, rows });
    this.bell.ringBy(this.outbox.dueAtMs(now));
  }

  private alsoDurable(nowMs: number): CheckpointRest {
    const rates = this.rates.snapshot(this.policy?.limits ?? {}, nowMs);
    return { flushedSeq: this.outbox.flushedSeq, ...rates };
  }

  /** What is due first: a delivery, the end of a lease, a response in the background. null: nothing is. */
  private firstDueMs(): number | null {
    const delivery = this.outbox.isEmpty(this.seq) ? null : this.outbox.dueAtMs(Date.now());
    const expiry = this.book.nextExpiryMs();
    const due = [delivery, expiry && expiry + 1, this.background.nextAtMs()].filter((atMs) => atMs !== null);
    return due.length === 0 ? null : Math.min(...due);
  }
}
