// The contract between the ledgers of an account's tokens and the account's own ledger. A token's ledger holds an
// allocation of the account's budget, so that admitting a request needs no second call. Unused allocations are
// reclaimed before a request is refused. Amounts travel as differences, and the account's ledger applies them one
// at a time.
import { usdTextOfNano } from '../lib/money.ts';
import type { Budget } from '../tokens/token.ts';
import { nextPeriodStartMs, periodStartMs } from './period.ts';
import type { Balance, Refusal } from './quota.ts';

/** An account's budget. The version distinguishes an edit from the budget before it. */
export interface AccountBudget extends Budget {
  version: number;
}

/** What a token's ledger sends to its account's ledger to enlarge its allocation. */
export interface AllocationRequest {
  tokenId: string;
  budget: AccountBudget;
  /** The time at the token's ledger. The account's clock never lags behind it. */
  nowMs: number;
  periodKey: string;
  /** What is needed now. */
  needNanoUsd: number;
  /** The request is refused if less than this is left. 0: grant whatever is left. */
  atLeastNanoUsd: number;
  /** An extra amount that would save later calls. */
  spareNanoUsd: number;
  /**
   * What the token's ledger holds of this period. Sent with the first call after it was loaded, or after a call
   * that got no answer.
   */
  grantedNanoUsd?: number;
}

export type AllocationAnswer =
  | { outcome: 'granted'; grantedNanoUsd: number; nowMs: number; periodKey: string }
  | { outcome: 'refused'; leftNanoUsd: number; nowMs: number; periodKey: string };

/** What is spent of a budget, or held by running requests, in the period that began at `periodStartMs`. */
export interface AccountStanding {
  spentNanoUsd: number;
  periodStartMs: number;
}

/** The account's ledger over RPC. */
export interface AccountLedgerRpc {
  allocate(request: AllocationRequest): Promise<AllocationAnswer>;
  configure(budget: AccountBudget): Promise<void>;
  standing(budget: AccountBudget): Promise<AccountStanding>;
  spending(budget: AccountBudget): Promise<number>;
  restore(budget: AccountBudget, standing: AccountStanding): Promise<void>;
}

/** Returns the account's ledger. The stub's own types wrap every result, but only plain data travels. */
export function accountLedgerOf(namespace: DurableObjectNamespace, accountId: string): AccountLedgerRpc {
  return namespace.get(namespace.idFromName(accountId)) as unknown as AccountLedgerRpc;
}

/** A token's ledger as its account's ledger calls it. */
export interface AllocationHolderRpc {
  /** Returns the free part of the allocation of that period. Negative: more was used than was allocated. */
  reclaim(periodKey: string, nowMs: number): Promise<number>;
  balance(): Promise<Pick<Balance, 'unspentAllocation'>>;
}

/** Names the period that contains `nowMs`. Amounts of different periods are never mixed. */
export function periodKeyOf({ period }: Budget, nowMs: number): string {
  return `${period} ${periodStartMs(period, nowMs)}`;
}

/** Returns the refusal of a request that does not fit the account's budget. */
export function accountRefusal(
  budget: Budget,
  needNanoUsd: number,
  leftNanoUsd: number,
  nowMs: number,
): Refusal {
  const figures = `it may cost up to $${usdTextOfNano(needNanoUsd)}, $${usdTextOfNano(leftNanoUsd)} is left`;
  const message = `This request does not fit the ${budget.period}'s budget of this API key's account: ${figures}. Ask its administrator.`;
  const retryAfterMs = nextPeriodStartMs(budget.period, nowMs) - nowMs;
  return { outcome: 'refused', code: 'insufficient_quota', message, retryAfterMs, isOfAccount: true };
}
