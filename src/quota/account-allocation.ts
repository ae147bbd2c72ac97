// The slice of its account's budget that a token's ledger holds. Decides whether a request fits it, and draws more. What
// is drawn is stored before it is used; what is used is the book's, so that a reset can lose room and never make any.

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

/** So many requests like the one that draws are drawn for at a time, where the budget has plenty. */
const requestsAllocatedAhead = 32;

export class AccountAllocation {
  private readonly store: Pick<LedgerStore, 'readAllocation' | 'writeAllocation'>;
  private readonly state: LedgerState;
  private readonly accountOf: (accountId: string) => AccountLedgerRpc;
  private stored: StoredAllocation | null;
  private underWay: Promise<AllocationAnswer> | null = null;
  /** The account may believe us to have more than we know of: the next draw says what we have. */
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

  /** By how much a request of that upper bound does not fit; 0 or less: it fits. */
  shortfall({ accountBudget }: TokenPolicy, reserveNanoUsd: number, nowMs: number): number {
    return accountBudget === undefined ? 0 : reserveNanoUsd - this.free(accountBudget, nowMs);
  }

  /** What a running request may take more of. */
  roomFor({ accountBudget }: TokenPolicy, nowMs: number): number {
    return accountBudget === undefined ? Infinity : Math.max(0, this.free(accountBudget, nowMs));
  }

  /**
   * Draws so that a request fits; requests that wait at the same time share one draw, and may have to draw again.
   * The refusal, if there is no room for it. Throws when the account's ledger cannot be reached.
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

  /** Draws what running requests would like more of, as far as there is any. */
  async extend(policy: TokenPolicy, renewals: readonly LeaseRenewal[], nowMs: number): Promise<void> {
    const { accountBudget: budget } = policy;
    if (budget === undefined) return;
    const held = (renewal: LeaseRenewal) =>
      this.state.holds.get(renewal.requestId)?.reservedNanoUsd ?? renewal.reservedNanoUsd;
    const more = renewals.reduce((sum, renewal) => sum + Math.max(0, renewal.wantNanoUsd - held(renewal)), 0);
    const short = this.shortfall(policy, more, nowMs);
    if (more > 0 && short > 0) await this.allocate(policy, budget, short, 0, 0, nowMs);
  }

  /** For the account, which calls back what is not used. */
  reclaim(policy: TokenPolicy, periodKey: string, nowMs: number): number {
    const budget = policy.accountBudget;
    if (budget === undefined) return this.reclaimAll(periodKey);
    const allocation = this.current(budget, nowMs);
    if (allocation.periodKey !== periodKey) return 0;
    const free = this.free(budget, nowMs);
    if (free !== 0) this.write({ ...allocation, grantedNanoUsd: allocation.grantedNanoUsd - free });
    return free;
  }

  /** The budget was taken away: nothing of it is held. */
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

  /** The slice of the period that it is: a new one is empty. */
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
