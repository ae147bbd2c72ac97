// Why a request does not fit what a token has left.
import { usdTextOfNano } from '../lib/money.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { budgetsOf } from './budgets.ts';
import type { LedgerState } from './ledger-state.ts';
import { nextPeriodStartMs } from './period.ts';
import type { Refusal } from './quota.ts';

/** Returns the refusal of every request of a token that has spent everything, or null if something is left. */
export function usedUpRefusal(policy: TokenPolicy, state: LedgerState, nowMs: number): Refusal | null {
  if (policy.quotaNanoUsd !== null && state.totals.spentNanoUsd >= policy.quotaNanoUsd) {
    const message = 'The quota of this API key is used up. Raise it in the dashboard.';
    return { outcome: 'refused', code: 'insufficient_quota', message };
  }
  const spent = budgetsOf(policy, state.totals, nowMs).find(
    ({ budget, spentNanoUsd }) => spentNanoUsd >= budget.nanoUsd,
  );
  if (spent === undefined) return null;
  const { period } = spent.budget;
  const message = `The ${period}'s budget of this API key is used up.`;
  const retryAfterMs = nextPeriodStartMs(period, nowMs) - nowMs;
  return { outcome: 'refused', code: 'insufficient_quota', message, retryAfterMs };
}

/**
 * Returns the refusal of a request that does not fit what is left, and when it may fit again (budgets are
 * renewed).
 */
export function quotaRefusal(
  policy: TokenPolicy,
  state: LedgerState,
  needNanoUsd: number,
  nowMs: number,
): Refusal {
  const left = Math.max(0, state.room(policy, nowMs));
  const figures = `it may cost up to $${usdTextOfNano(needNanoUsd)}, $${usdTextOfNano(left)} is left`;
  const held = state.held(nowMs);
  const [tight] = budgetsOf(policy, state.totals, nowMs)
    .filter(({ budget, spentNanoUsd }) => budget.nanoUsd - spentNanoUsd - held < needNanoUsd)
    .map(({ budget: { period } }) => ({ period, retryAfterMs: nextPeriodStartMs(period, nowMs) - nowMs }))
    .sort((one, other) => other.retryAfterMs - one.retryAfterMs);
  if (tight !== undefined) {
    const { period, retryAfterMs } = tight;
    const message = `This request does not fit the ${period}'s budget of this API key: ${figures}.`;
    return { outcome: 'refused', code: 'insufficient_quota', message, retryAfterMs };
  }
  const message = `This request does not fit the quota of this API key: ${figures}. Raise it in the dashboard, or ask for fewer output tokens.`;
  return { outcome: 'refused', code: 'insufficient_quota', message };
}
