// Tests a token's own budget and an admin's, each with its own period.
import { expect, it } from 'vitest';
import { budgetsOf, totalsAfterCharge } from '../../../src/quota/budgets.ts';
import { noonMs, noTotals, policyWith } from './ledger-parts.ts';

const tomorrowMs = noonMs + 86_400_000;
const daily = { nanoUsd: 1_000, period: 'day' } as const;
const monthly = { nanoUsd: 5_000, period: 'month' } as const;
const spentOf = (states: { spentNanoUsd: number }[]) => states.map(({ spentNanoUsd }) => spentNanoUsd);

it('lists no budgets for a token without any', () => {
  expect(budgetsOf(policyWith(), noTotals, noonMs)).toEqual([]);
});

it('charges both budgets, and resets only the daily one the next day', () => {
  const policy = policyWith({ budget: daily, adminBudget: monthly });
  const today = totalsAfterCharge(noTotals, policy, 300, noonMs);
  expect(spentOf(budgetsOf(policy, today, noonMs))).toEqual([300, 300]);
  expect(spentOf(budgetsOf(policy, today, tomorrowMs))).toEqual([0, 300]);
  const tomorrow = totalsAfterCharge(today, policy, 50, tomorrowMs);
  expect(spentOf(budgetsOf(policy, tomorrow, tomorrowMs))).toEqual([50, 350]);
  expect(tomorrow.spentNanoUsd).toBe(350);
});

it('preserves an admin budget when the owner changes the period of their own', () => {
  const before = policyWith({ budget: daily, adminBudget: monthly });
  const totals = totalsAfterCharge(noTotals, before, 300, noonMs);
  const after = policyWith({ budget: { nanoUsd: 1_000, period: 'week' }, adminBudget: monthly });
  expect(spentOf(budgetsOf(after, totals, noonMs))).toEqual([0, 300]);
});

it('subtracts a correction, but never below zero of a period', () => {
  const policy = policyWith({ budget: daily });
  const totals = totalsAfterCharge(noTotals, policy, 300, noonMs);
  expect(spentOf(budgetsOf(policy, totalsAfterCharge(totals, policy, -100, noonMs), noonMs))).toEqual([200]);
  const corrected = totalsAfterCharge(totals, policy, -100, tomorrowMs);
  expect(spentOf(budgetsOf(policy, corrected, tomorrowMs))).toEqual([0]);
  expect(corrected.spentNanoUsd).toBe(200);
});

it('charges only the total without a policy', () => {
  expect(totalsAfterCharge(noTotals, null, 70, noonMs)).toMatchObject({
    spentNanoUsd: 70,
    budgetSpentNanoUsd: 70,
    budgetStartMs: 0,
    lastUsedAtMs: noonMs,
  });
});
