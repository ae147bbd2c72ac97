// Which of a token's limits is the tightest.
import { expect, it } from 'vitest';
import { leftOf, tightestLimit } from '../../../src/quota/spending-limit.ts';

const budget = (nanoUsd: number, spentNanoUsd: number, period: 'day' | 'week' | 'month') => ({
  budget: { nanoUsd, period },
  spentNanoUsd,
});

it('returns no limit for a token that nothing bounds', () => {
  expect(tightestLimit({ quotaNanoUsd: null }, { spentNanoUsd: 7, budgets: [] }, null)).toBeNull();
});

it.each([
  ['the quota', 50, 40, 60, { nanoUsd: 50, spentNanoUsd: 20, period: null }],
  ['the token’s budget', 100, 40, 70, { nanoUsd: 40, spentNanoUsd: 5, period: 'day' }],
  ['the account’s budget', 100, 80, 60, { nanoUsd: 60, spentNanoUsd: 30, period: 'month' }],
])('returns %s if the least of it is left', (_, quotaNanoUsd, own, ofAccount, limit) => {
  const balance = { spentNanoUsd: 20, budgets: [budget(own, 5, 'day'), budget(90, 5, 'week')] };
  expect(tightestLimit({ quotaNanoUsd }, balance, budget(ofAccount, 30, 'month'))).toEqual(limit);
});

it('prefers the quota to a budget of which as little is left', () => {
  const balance = { spentNanoUsd: 12, budgets: [budget(5, 9, 'day')] };
  expect(tightestLimit({ quotaNanoUsd: 10 }, balance, null)?.period).toBeNull();
});

it('leaves nothing, never less, of a limit that is exceeded', () => {
  expect(leftOf({ nanoUsd: 10, spentNanoUsd: 12, period: null })).toBe(0);
  expect(leftOf({ nanoUsd: 10, spentNanoUsd: 4, period: null })).toBe(6);
});
