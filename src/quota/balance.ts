// The numbers of a ledger for display and audit.
import type { TokenPolicy } from '../tokens/token.ts';
import type { AccountAllocation } from './account-allocation.ts';
import { budgetsOf } from './budgets.ts';
import type { LedgerState } from './ledger-state.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { Outbox } from './outbox.ts';
import type { Audit, Balance } from './quota.ts';

export function balanceOf(
  state: LedgerState,
  policy: TokenPolicy | null,
  allocation: Pick<AccountAllocation, 'unspent'>,
  nowMs: number,
): Balance {
  return {
    spentNanoUsd: state.totals.spentNanoUsd,
    reservedNanoUsd: state.held(nowMs),
    open: state.holds.size,
    budgetSpentNanoUsd: policy ? state.budgetSpent(policy, nowMs) : 0,
    budgets: policy ? budgetsOf(policy, state.totals, nowMs) : [],
    unspentAllocation: allocation.unspent(),
    lastUsedAtMs: state.totals.lastUsedAtMs,
  };
}

/** Returns the numbers that are compared with the log. */
export function auditOf(state: LedgerState, store: LedgerStore, outbox: Outbox): Audit {
  const carriedNanoUsd = store.carriedNanoUsd();
  return { spentNanoUsd: state.totals.spentNanoUsd, carriedNanoUsd, ...outbox.pending() };
}
