// What the ledgers of an account's tokens and the account's own ledger say to each other. A token's ledger holds a
// slice of the budget, drawn beforehand, so that admitting a request asks nobody else; slices that are not used are
// called back before anybody is refused. Every sum travels as a difference, in the account's turn.
import { usdTextOfNano } from '../lib/money.ts';
import type { Budget } from '../tokens/token.ts';
import { nextPeriodStartMs, periodStartMs } from './period.ts';
import type { Refusal } from './quota.ts';

/** An account's budget; the version tells an edit from the one before. */
export interface AccountBudget extends Budget {
  version: number;
}

/** What a token's ledger asks its account's for. */
export interface AllocationRequest {
  tokenId: string;
  budget: AccountBudget;
  /** The drawer's clock: the account's is never behind it. */
  nowMs: number;
  periodKey: string;
  /** What is wanted now. */
  needNanoUsd: number;
  /** Refused below this; 0: whatever there is. */
  atLeastNanoUsd: number;
  /** So much more would save draws to come. */
  spareNanoUsd: number;
  /** What the token has of this period: said by the first draw after it woke, or after a draw that was lost. */
  grantedNanoUsd?: number;
}

export type AllocationAnswer =
  | { outcome: 'granted'; grantedNanoUsd: number; nowMs: number; periodKey: string }
  | { outcome: 'refused'; leftNanoUsd: number; nowMs: number; periodKey: string };

/** What of a budget is spent, or held by requests that run, in the period that began then. */
export interface AccountStanding {
  spentNanoUsd: number;
  periodStartMs: number;
}

/** The account's ledger over RPC. */
export interface AccountLedgerRpc {
  allocate(request: AllocationRequest): Promise<AllocationAnswer>;
  configure(budget: AccountBudget): Promise<void>;
  standing(budget: AccountBudget): Promise<AccountStanding>;
  restore(budget: AccountBudget, standing: AccountStanding): Promise<void>;
}

/** The stub's own types wrap every answer; what travels is plain data. */
export function accountLedgerOf(namespace: DurableObjectNamespace, accountId: string): AccountLedgerRpc {
  return namespace.get(namespace.idFromName(accountId)) as unknown as AccountLedgerRpc;
}

/** A token's ledger as its account's ledger calls it. */
export interface AllocationHolderRpc {
  /** Gives back what is free of the slice of that period; below 0: so much more is used than was drawn. */
  reclaim(periodKey: string, nowMs: number): Promise<number>;
}

/** Names the period that a moment is in: sums of one are not those of another. */
export function periodKeyOf({ period }: Budget, nowMs: number): string {
  return `${period} ${periodStartMs(period, nowMs)}`;
}

/** The refusal of a request that the account's budget has no room for. */
export function accountRefusal(
  budget: Budget,
  needNanoUsd: number,
  leftNanoUsd: number,
  nowMs: number,
): Refusal {
  const figures = `it may cost up to $${usdTextOfNano(needNanoUsd)}, $${usdTextOfNano(leftNanoUsd)} is left`;
  const message = `This request does not fit the ${budget.period}'s budget of this API key's account: ${figures}. Ask its administrator.`;
  const retryAfterMs = nextPeriodStartMs(budget.period, nowMs) - nowMs;
  return { outcome: 'refused', code: 'insufficient_quota', message, retryAfterMs };
}
