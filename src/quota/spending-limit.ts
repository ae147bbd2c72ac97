// What bounds a token's spending, for display: its quota, its budgets, and its account's budget. Pure.
import type { BudgetPeriod, TokenPolicy } from '../tokens/token.ts';
import type { BudgetState } from './budgets.ts';
import type { Balance } from './quota.ts';

/** An amount that may be spent, and what is spent of it. Period: how often it renews; null: never. */
export interface SpendingLimit {
  nanoUsd: number;
  spentNanoUsd: number;
  period: BudgetPeriod | null;
}

/**
 * Returns the limit of which the least is left, or null if nothing bounds the token. Of equal ones, the quota comes
 * first, then the token's own budget. `account`: the account's budget.
 */
export function tightestLimit(
  { quotaNanoUsd }: Pick<TokenPolicy, 'quotaNanoUsd'>,
  { spentNanoUsd, budgets }: Pick<Balance, 'spentNanoUsd' | 'budgets'>,
  account: BudgetState | null,
): SpendingLimit | null {
  const quota = quotaNanoUsd === null ? [] : [{ nanoUsd: quotaNanoUsd, spentNanoUsd, period: null }];
  const renewed = [...budgets, ...(account === null ? [] : [account])].map(
    ({ budget: { nanoUsd, period }, spentNanoUsd: spent }) => ({ nanoUsd, spentNanoUsd: spent, period }),
  );
  const [tightest = null] = [...quota, ...renewed].sort((one, other) => leftOf(one) - leftOf(other));
  return tightest;
}

/** Returns what is left of a limit, in nano-USD. Running requests may hold some of it. */
export function leftOf({ nanoUsd, spentNanoUsd }: SpendingLimit): number {
  return Math.max(0, nanoUsd - spentNanoUsd);
}
