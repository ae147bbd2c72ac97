// The budgets of a token: its own and an admin's. Each has its own period, so that editing one does not reset the
// other. Pure.
import type { Budget, TokenPolicy } from '../tokens/token.ts';
import { periodStartMs } from './period.ts';
import type { Totals } from './records.ts';

/** A budget and what is spent of it in its current period. */
export interface BudgetState {
  budget: Budget;
  spentNanoUsd: number;
}

/** Returns the budgets of a policy, its own first. */
export function budgetsOf(
  { budget, adminBudget }: Pick<TokenPolicy, 'budget' | 'adminBudget'>,
  totals: Totals,
  nowMs: number,
): BudgetState[] {
  const states: BudgetState[] = [];
  if (budget) states.push({ budget, spentNanoUsd: spentOf(budget, ownSpending(totals), nowMs) });
  if (adminBudget)
    states.push({ budget: adminBudget, spentNanoUsd: spentOf(adminBudget, adminSpending(totals), nowMs) });
  return states;
}

/** Returns a ledger's totals after a charge. A correction may be negative. */
export function totalsAfterCharge(
  totals: Totals,
  policy: TokenPolicy | null,
  nanoUsd: number,
  nowMs: number,
): Totals {
  const own = afterCharge(policy?.budget, ownSpending(totals), nanoUsd, nowMs);
  const admin = afterCharge(policy?.adminBudget, adminSpending(totals), nanoUsd, nowMs);
  return {
    spentNanoUsd: totals.spentNanoUsd + nanoUsd,
    budgetStartMs: own.startMs,
    budgetSpentNanoUsd: own.spentNanoUsd,
    ...(policy?.adminBudget && {
      adminBudgetStartMs: admin.startMs,
      adminBudgetSpentNanoUsd: admin.spentNanoUsd,
    }),
    lastUsedAtMs: nowMs,
  };
}

interface Spending {
  /** The start of the period. 0: there was no budget. */
  startMs: number;
  spentNanoUsd: number;
}

function ownSpending({ budgetStartMs, budgetSpentNanoUsd }: Totals): Spending {
  return { startMs: budgetStartMs, spentNanoUsd: budgetSpentNanoUsd };
}

function adminSpending({ adminBudgetStartMs = 0, adminBudgetSpentNanoUsd = 0 }: Totals): Spending {
  return { startMs: adminBudgetStartMs, spentNanoUsd: adminBudgetSpentNanoUsd };
}

function spentOf({ period }: Budget, { startMs, spentNanoUsd }: Spending, nowMs: number): number {
  return periodStartMs(period, nowMs) === startMs ? spentNanoUsd : 0;
}

function afterCharge(
  budget: Budget | null | undefined,
  before: Spending,
  nanoUsd: number,
  nowMs: number,
): Spending {
  const startMs = budget ? periodStartMs(budget.period, nowMs) : 0;
  const spentBefore = startMs === before.startMs ? before.spentNanoUsd : 0;
  return { startMs, spentNanoUsd: Math.max(0, spentBefore + nanoUsd) };
}
