// Tests the error for a caller whose token has too little left.
import { describe, expect, it } from 'vitest';
import { LedgerState } from '../../../src/quota/ledger-state.ts';
import { quotaRefusal, usedUpRefusal } from '../../../src/quota/quota-refusal.ts';
import { noonMs, noTotals, policyWith, requestWith, settlementOf } from './ledger-parts.ts';

const spent = (nanoUsd: number) => new LedgerState({ ...noTotals, spentNanoUsd: nanoUsd });
const cent = 10_000_000;

describe('a request that does not fit', () => {
  it('is refused with its possible cost and the rest of the quota, without a retry time', () => {
    const refusal = quotaRefusal(policyWith({ quotaNanoUsd: 5 * cent }), spent(4 * cent), 2 * cent, noonMs);
    expect(refusal.message).toContain('it may cost up to $0.02, $0.01 is left');
    expect(refusal.retryAfterMs).toBeUndefined();
  });

  it('is refused for the exceeded budget that is restored last', () => {
    const policy = policyWith({
      budget: { nanoUsd: cent, period: 'day' },
      adminBudget: { nanoUsd: cent, period: 'month' },
    });
    const refusal = quotaRefusal(policy, spent(0), 2 * cent, noonMs);
    expect(refusal.message).toContain("the month's budget");
    expect(refusal.retryAfterMs).toBe(Date.parse('2026-12-01T00:00:00Z') - noonMs);
  });

  it('counts held amounts, and never shows a negative amount', () => {
    const state = spent(4 * cent);
    state.hold(requestWith(), 3 * cent, noonMs);
    const refusal = quotaRefusal(policyWith({ quotaNanoUsd: 5 * cent }), state, cent, noonMs);
    expect(refusal.message).toContain('$0 is left');
  });
});

describe('a token that has used up everything', () => {
  it('is refused at exactly its quota, and not one nano-USD earlier', () => {
    const policy = policyWith({ quotaNanoUsd: cent });
    expect(usedUpRefusal(policy, spent(cent - 1), noonMs)).toBeNull();
    expect(usedUpRefusal(policy, spent(cent), noonMs)?.code).toBe('insufficient_quota');
  });

  it('is not refused for amounts that are only held', () => {
    const state = spent(0);
    state.hold(requestWith(), cent, noonMs);
    expect(usedUpRefusal(policyWith({ quotaNanoUsd: cent }), state, noonMs)).toBeNull();
  });

  it('is accepted again when its budget is restored', () => {
    const policy = policyWith({ budget: { nanoUsd: cent, period: 'week' } });
    const state = spent(0);
    state.settle(settlementOf('req_1', cent), policy, noonMs);
    const refusal = usedUpRefusal(policy, state, noonMs);
    expect(refusal?.message).toBe("The week's budget of this API key is used up.");
    expect(refusal?.retryAfterMs).toBe(Date.parse('2026-11-30T00:00:00Z') - noonMs);
  });
});
