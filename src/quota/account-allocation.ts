// The share of an account's budget that a token's ledger holds (its allocation). Decides whether a request fits
// it, and asks the account's ledger for more. An allocation is stored before it is used, and what is used of it
// follows from the ledger's state: a reset can lose room, but never create any.

import type { TokenPolicy } from '../tokens/token.ts';
import {
  type AccountBudget,
  type AccountLedgerRpc,
  type AllocationAnswer,
  accountRefusal,
  periodKeyOf,
} from './account-budget.ts';
import type { LedgerState } from './ledger-state.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { LeaseRenewal, Refusal } from './quota.ts';
import type { StoredAllocation } from './records.ts';

/** A request that needs a larger allocation asks for enough room for this many requests like it. */
const requestsAllocatedAhead = 32;

export class AccountAllocation {
  private readonly store: Pick<LedgerStore, 'readAllocation' | 'writeAllocation'>;
  private readonly state: LedgerState;
  private readonly accountOf: (accountId: string) => AccountLedgerRpc;
  private stored: StoredAllocation | null;
  private underWay: Promise<AllocationAnswer> | null = null;
  /**
   * The account may have recorded a larger allocation than this ledger knows of. The next request to it reports
   * ours.
   */
  private isUnsure = true;
  private clockMs = 0;

  constructor(
    store: Pick<LedgerStore, 'readAllocation' | 'writeAllocation'>,
    state: LedgerState,
    accountOf: (accountId: string) => AccountLedgerRpc,
  ) {
    this.store = store;
    this.state = state;
    this.accountOf = accountOf;
    this.stored = store.readAllocation();
  }

  /** Returns how much of the request's upper bound does not fit, in nano-USD. 0 or less: the request fits. */
  shortfall({ accountBudget }: TokenPolicy, reserveNanoUsd: number, nowMs: number): number {
    return accountBudget === undefined ? 0 : reserveNanoUsd - this.free(accountBudget, nowMs);
  }

  /** Returns how much more a running request may reserve, in nano-USD. */
  roomFor({ accountBudget }: TokenPolicy, nowMs: number): number {
    return accountBudget === undefined ? Infinity : Math.max(0, this.free(accountBudget, nowMs));
  }

  /**
   * Enlarges the allocation so that a request fits. Requests that wait at the same time share one call, and may
   * have to call again. Returns the refusal if there is no room. Throws when the account's ledger cannot be
   * reached.
   */
  async makeRoom(policy: TokenPolicy, reserveNanoUsd: number, nowMs: number): Promise<Refusal | null> {
    const { accountBudget: budget } = policy;
    const short = this.shortfall(policy, reserveNanoUsd, nowMs);
    if (budget === undefined || short <= 0) return null;
    const answer = await this.allocate(
      policy,
      budget,
      short,
      short,
      reserveNanoUsd * requestsAllocatedAhead,
      nowMs,
    );
    if (answer.outcome === 'granted') return null;
    if (this.shortfall(policy, reserveNanoUsd, nowMs) <= answer.leftNanoUsd) return null;
    return accountRefusal(budget, reserveNanoUsd, Math.max(0, answer.leftNanoUsd), this.clockMs);
  }

  /** Enlarges the allocation by what running requests want to reserve in addition, as far as the budget allows. */
  async extend(policy: TokenPolicy, renewals: readonly LeaseRenewal[], nowMs: number): Promise<void> {
    const { accountBudget: budget } = policy;
    if (budget === undefined) return;
    const held = (renewal: LeaseRenewal) =>
      this.state.holds.get(renewal.requestId)?.reservedNanoUsd ?? renewal.reservedNanoUsd;
    const more = renewals.reduce((sum, renewal) => sum + Math.max(0, renewal.wantNanoUsd - held(renewal)), 0);
    const short = this.shortfall(policy, more, nowMs);
    if (more > 0 && short > 0) await this.allocate(policy, budget, short, 0, 0, nowMs);
  }

  /** Returns the unused part of the allocation to the account. */
  reclaim(policy: TokenPolicy, periodKey: string, nowMs: number): number {
    const budget = policy.accountBudget;
    if (budget === undefined) return this.reclaimAll(periodKey);
    const allocation = this.current(budget, nowMs);
    if (allocation.periodKey !== periodKey) return 0;
    const free = this.free(budget, nowMs);
    if (free !== 0) this.write({ ...allocation, grantedNanoUsd: allocation.grantedNanoUsd - free });
    return free;
  }

  /** Returns what is not spent of the latest allocation, held or not. Negative: more was spent than allocated. */
  unspent(): { periodKey: string; nanoUsd: number } | null {
    if (this.stored === null) return null;
    const { periodKey, grantedNanoUsd, spentBeforeNanoUsd } = this.stored;
    return { periodKey, nanoUsd: grantedNanoUsd - (this.state.totals.spentNanoUsd - spentBeforeNanoUsd) };
  }

  /** Returns the whole allocation: the account no longer has a budget. */
  private reclaimAll(periodKey: string): number {
    const given = this.stored?.periodKey === periodKey ? this.stored.grantedNanoUsd : 0;
    if (given !== 0 && this.stored !== null) this.write({ ...this.stored, grantedNanoUsd: 0 });
    return given;
  }

  private allocate(
    policy: TokenPolicy,
    budget: AccountBudget,
    needNanoUsd: number,
    atLeastNanoUsd: number,
    spareNanoUsd: number,
    nowMs: number,
  ): Promise<AllocationAnswer> {
    if (this.underWay !== null) return this.underWay;
    const { periodKey, grantedNanoUsd } = this.current(budget, nowMs);
    const known = this.isUnsure ? { grantedNanoUsd } : {};
    const amounts = { needNanoUsd, atLeastNanoUsd, spareNanoUsd, ...known };
    const request = { tokenId: policy.tokenId, budget, nowMs: this.clockMs, periodKey, ...amounts };
    this.isUnsure = true;
    this.underWay = this.accountOf(policy.accountId)
      .allocate(request)
      .then((answer) => this.take(budget, answer))
      .finally(() => {
        this.underWay = null;
      });
    return this.underWay;
  }

  private take(budget: AccountBudget, answer: AllocationAnswer): AllocationAnswer {
    this.isUnsure = false;
    const allocation = this.current(budget, answer.nowMs);
    if (answer.outcome === 'granted' && allocation.periodKey === answer.periodKey) {
      this.write({ ...allocation, grantedNanoUsd: allocation.grantedNanoUsd + answer.grantedNanoUsd });
    }
    return answer;
  }

  private free(budget: AccountBudget, nowMs: number): number {
    const { grantedNanoUsd, spentBeforeNanoUsd } = this.current(budget, nowMs);
    return grantedNanoUsd - (this.state.totals.spentNanoUsd - spentBeforeNanoUsd) - this.state.held(nowMs);
  }

  /** Returns the allocation of the current period. A new period starts with an empty one. */
  private current(budget: AccountBudget, nowMs: number): StoredAllocation {
    this.clockMs = Math.max(this.clockMs, nowMs);
    const periodKey = periodKeyOf(budget, this.clockMs);
    if (this.stored?.periodKey !== periodKey) {
      const spentBeforeNanoUsd = this.state.totals.spentNanoUsd;
      this.write({ periodKey, grantedNanoUsd: 0, spentBeforeNanoUsd });
    }
    return this.stored as StoredAllocation;
  }

  private write(allocation: StoredAllocation): void {
    this.stored = allocation;
    this.store.writeAllocation(allocation);
  }
}
