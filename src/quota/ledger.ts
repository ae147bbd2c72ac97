// The ledger of one token: a Durable Object that decides whether a request may run, holds its upper bound
// while it does, charges its true cost once, and hands the rows on to D1. All decisions are synchronous
// between two awaits, so parallel requests cannot pass a limit together.
import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../config.ts';
import type { TokenLimits, TokenPolicy } from '../tokens/token.ts';
import { Book, leaseMs, quotaRefusal, rememberMs } from './book.ts';
import { LedgerStore, type Totals } from './ledger-store.ts';
import { Outbox } from './outbox.ts';
import { compareVersions, limitsInForce, type PolicyQuestion, plannedBy, refusalByPolicy } from './policy.ts';
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
  type Stale,
} from './quota.ts';
import { RateLimits } from './rate-limits.ts';
import { refusalRow } from './refusal-tally.ts';

/** The ledger's own limits and rhythms. */
export const ledgerRhythm = {
  /** New holds are written down this long after they were taken, together. */
  checkpointMs: 250,
  /** The ceiling rises by this many times the request that needs it (and never above quota or budget). */
  ceilingStep: 32,
} as const;

const nothing: Totals = { spentNanoUsd: 0, budgetStartMs: 0, budgetSpentNanoUsd: 0, lastUsedAtMs: null };

export class TokenLedger extends DurableObject<Env> {
  private readonly store: LedgerStore;
  private readonly book: Book;
  private policy: TokenPolicy | null;
  /** The policy's and its group's together. */
  private limits: TokenLimits;
  private ceilingNanoUsd: number;
  private seq: number;
  private readonly rates: RateLimits;
  private readonly outbox: Outbox;
  private checkpointDue = false;
  /** The holds that the last checkpoint has. */
  private written: ReadonlySet<string> = new Set();
  private alarmAtMs: number | null = null;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.store = new LedgerStore(state.storage.sql);
    const now = Date.now();
    const checkpoint = this.store.readCheckpoint();
    const last = this.store.lastJournal();
    this.policy = this.store.readPolicy();
    this.limits = this.policy === null ? {} : limitsInForce(this.policy);
    this.book = new Book(last?.totals ?? nothing);
    this.seq = last?.seq ?? 0;
    this.outbox = new Outbox(this.store, () => this.env.DB, checkpoint?.flushedSeq ?? 0);
    this.ceilingNanoUsd = checkpoint?.ceilingNanoUsd ?? 0;
    this.rates = new RateLimits(checkpoint);
    for (const entry of this.store.journalAfter(0, Number.MAX_SAFE_INTEGER)) {
      for (const row of entry.rows) this.book.remember(row, entry.atMs);
    }
    for (const hold of checkpoint?.holds ?? []) this.book.restore(hold, now);
    this.book.distrustUpTo(this.ceilingNanoUsd, now);
    if (this.book.holds.size > 0 || this.seq > this.outbox.flushedSeq) this.wakeBy(this.outbox.dueAtMs(now));
  }

  /**
   * May this request run? If so, its reservation is held from now on. Idempotent by request id.
   * `settlements` of other requests ride along and are charged first. null: this ledger has no policy, or
   * one older than the caller's (the token's, or its group's): configure it from D1 and ask again.
   */
  admit(ask: AdmissionAsk, settlements: Settlement[]): Admission | null {
    if (settlements.length > 0) this.settle(settlements);
    const now = Date.now();
    const policy = this.policy;
    if (policy === null || compareVersions(policy, plannedBy(ask)) < 0) return null;
    const refusal = refusalByPolicy(policy, ask, now);
    if (refusal !== null) return this.refused(refusal, policy, ask, now);
    if (compareVersions(policy, plannedBy(ask)) > 0) return { outcome: 'stale', policy };
    if (this.book.holds.has(ask.requestId)) return { outcome: 'admitted' };
    return this.decide(policy, ask, now);
  }

  /** May this token be used? Holds and counts nothing. null: not configured here. */
  inspect(question: PolicyQuestion): Inspection | null {
    if (this.policy === null) return null;
    return refusalByPolicy(this.policy, question, Date.now()) ?? { outcome: 'allowed', policy: this.policy };
  }

  /**
   * The relay's own refusal of a request of this token: the policy's counts first; either has a row. `stale`: by the
   * newest policy there might be none.
   */
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
      this.correctTokens(settlement, now);
      return this.book.settle(settlement, this.policy, now) ?? [];
    });
    this.journal(rows, now);
  }

  /** Signs of life of running requests: renew, raise, or hear that it is over. */
  look(looks: Look[]): LookAnswer[] {
    const now = Date.now();
    return looks.map((look) => this.lookAt(look, now));
  }

  /** Takes a newer policy; an older or equal one is ignored. Deleted is for ever. */
  configure(policy: TokenPolicy): void {
    const before = this.policy;
    if (before !== null && (before.status === 'deleted' || compareVersions(before, policy) >= 0)) return;
    this.policy = policy;
    this.limits = limitsInForce(policy);
    this.store.writePolicy(policy);
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

  /** Expires orphans, hands rows to D1, forgets what is old, and comes again while there is something to do. */
  override async alarm(): Promise<void> {
    this.alarmAtMs = null;
    const now = Date.now();
    if (this.policy !== null) this.journal(this.book.expire(this.policy, now), now);
    await this.outbox.flush(this.policy?.tokenId ?? null, () => this.seq);
    this.book.forget(now);
    if (this.book.holds.size === 0) this.rest();
    this.rearm();
  }

  private decide(policy: TokenPolicy, ask: AdmissionAsk, now: number): Admission {
    const limited = policy.quotaNanoUsd !== null || policy.budget !== null;
    if (ask.reserveNanoUsd === null && limited && !ask.free) {
      const message = `The model \`${ask.model}\` has no price, and this API key has a limited quota. Ask the operator to set a price for it.`;
      return this.refused({ outcome: 'refused', code: 'model_price_unset', message }, policy, ask, now);
    }
    const overLimit = this.rates.refusal(this.limits, this.book.holds.size, ask.tokens, now);
    if (overLimit !== null) return this.refused(overLimit, policy, ask, now);
    const reserve = ask.reserveNanoUsd ?? 0;
    if (!ask.free && reserve > this.book.room(policy, now)) {
      return this.refused(quotaRefusal(policy, this.book, reserve, now), policy, ask, now);
    }
    this.rates.count(ask.tokens, now);
    this.book.hold(ask, reserve, now);
    if (limited) this.raiseCeiling(policy, reserve, now);
    this.checkpointSoon();
    const left = this.rates.left(this.limits, now);
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
    const more = look.wantNanoUsd - held;
    if (more > 0 && more > this.book.room(policy, now)) return quotaRefusal(policy, this.book, more, now);
    const reserved = Math.max(look.wantNanoUsd, held);
    this.book.hold(look, reserved, now);
    if (policy.quotaNanoUsd !== null || policy.budget !== null)
      this.raiseCeiling(policy, Math.max(0, more), now);
    this.checkpointSoon();
    return { outcome: 'go-on', reservedNanoUsd: reserved };
  }

  private refused(refusal: Refusal, policy: TokenPolicy, ask: AdmissionAsk, now: number): Refusal {
    const asksAgain = ask.tentative === true && isForWantOfRoom(refusal);
    if (!asksAgain) this.tally(refusalRow(refusal, policy, ask), now);
    const left = this.rates.left(this.limits, now);
    return left === undefined ? refusal : { ...refusal, left };
  }

  private tally(row: LogRow, now: number): void {
    this.outbox.refused(row, now);
    this.wakeBy(this.outbox.dueAtMs(now));
  }

  private correctTokens({ row, tokens }: Settlement, now: number): void {
    const hold = this.book.holds.get(row.id);
    if (hold !== undefined && this.limits.tpm !== undefined) this.rates.correct(tokens - hold.tokens, now);
  }

  private journal(rows: LogRow[], now: number): void {
    if (rows.length > 0) this.append(rows, now);
  }

  private append(rows: LogRow[], now: number): void {
    this.seq += 1;
    this.store.appendJournal({ seq: this.seq, atMs: now, totals: this.book.totals, rows });
    this.wakeBy(this.outbox.dueAtMs(now));
  }

  private raiseCeiling(policy: TokenPolicy, reserve: number, now: number): void {
    const need = this.book.totals.spentNanoUsd + this.book.held(now);
    if (need <= this.ceilingNanoUsd) return;
    const room = this.book.room(policy, now);
    this.ceilingNanoUsd = need + Math.max(0, Math.min(reserve * ledgerRhythm.ceilingStep, room));
    this.checkpoint();
  }

  /** Nothing runs: the ceiling comes down to what is spent, and old rows are forgotten. */
  private rest(): void {
    this.ceilingNanoUsd = this.book.totals.spentNanoUsd;
    this.checkpoint();
  }

  /** Sees to it that no hold lives longer than `checkpointMs` without being written down. */
  private checkpointSoon(): void {
    if (this.checkpointDue) return;
    this.checkpointDue = true;
    setTimeout(() => this.checkpointIfOld(), ledgerRhythm.checkpointMs);
  }

  /** Most requests are over before it is their turn: what is young yet is looked at again when it is due. */
  private checkpointIfOld(): void {
    const oldest = [...this.book.holds.values()].find(({ requestId }) => !this.written.has(requestId));
    const waitMs = oldest === undefined ? 0 : oldest.heldAtMs + ledgerRhythm.checkpointMs - Date.now();
    if (oldest !== undefined && waitMs > ledgerRhythm.checkpointMs / 4) {
      setTimeout(() => this.checkpointIfOld(), waitMs);
      return;
    }
    this.checkpointDue = false;
    if (oldest !== undefined) this.checkpoint();
  }

  private checkpoint(): void {
    const now = Date.now();
    this.written = new Set(this.book.holds.keys());
    this.store.prune(this.outbox.flushedSeq, now - rememberMs);
    this.store.writeCheckpoint({
      holds: [...this.book.holds.values()],
      ceilingNanoUsd: this.ceilingNanoUsd,
      flushedSeq: this.outbox.flushedSeq,
      ...this.rates.snapshot(this.limits, now),
    });
    if (this.book.holds.size > 0) this.wakeBy(now + leaseMs);
  }

  private rearm(): void {
    const now = Date.now();
    if (!this.outbox.isEmpty(this.seq)) {
      this.wakeBy(this.outbox.retryAtMs(now));
    } else if (this.book.holds.size > 0) {
      this.wakeBy(Math.min(...[...this.book.holds.values()].map(({ expiresAtMs }) => expiresAtMs)) + 1);
    }
  }

  private wakeBy(atMs: number): void {
    if (this.alarmAtMs !== null && this.alarmAtMs <= atMs) return;
    this.alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }
}
