// Budgets are restored at UTC boundaries: days, ISO weeks (Monday), months.
import { expect, it } from 'vitest';
import { nextPeriodStartMs, periodStartMs } from '../../../src/quota/period.ts';
import type { BudgetPeriod } from '../../../src/tokens/token.ts';

const cases: [BudgetPeriod, now: string, start: string, next: string][] = [
  ['day', '2026-11-24T00:00:00.000Z', '2026-11-24', '2026-11-25'],
  ['day', '2026-11-24T23:59:59.999Z', '2026-11-24', '2026-11-25'],
  ['day', '2028-02-28T23:59:59.999Z', '2028-02-28', '2028-02-29'],
  // 2026-11-23 is a Monday.
  ['week', '2026-11-23T00:00:00.000Z', '2026-11-23', '2026-11-30'],
  ['week', '2026-11-22T23:59:59.999Z', '2026-11-16', '2026-11-23'],
  ['week', '2026-11-29T12:00:00.000Z', '2026-11-23', '2026-11-30'],
  // The week of a new year belongs to the Monday before; 1970 began on a Thursday.
  ['week', '2027-01-01T00:00:00.000Z', '2026-12-28', '2027-01-04'],
  ['week', '1970-01-05T00:00:00.000Z', '1970-01-05', '1970-01-12'],
  ['month', '2026-01-31T23:59:59.999Z', '2026-01-01', '2026-02-01'],
  ['month', '2026-12-31T23:59:59.999Z', '2026-12-01', '2027-01-01'],
  ['month', '2028-02-29T23:59:59.999Z', '2028-02-01', '2028-03-01'],
  ['month', '2027-02-28T23:59:59.999Z', '2027-02-01', '2027-03-01'],
  ['month', '2000-02-29T00:00:00.000Z', '2000-02-01', '2000-03-01'],
];

it.each(cases)('computes that the %s of %s began at %s and ends at %s', (period, now, start, next) => {
  expect(new Date(periodStartMs(period, Date.parse(now))).toISOString()).toBe(`${start}T00:00:00.000Z`);
  expect(new Date(nextPeriodStartMs(period, Date.parse(now))).toISOString()).toBe(`${next}T00:00:00.000Z`);
});

it.each(['day', 'week', 'month'] as const)('begins every %s where the previous one ends', (period) => {
  let start = periodStartMs(period, Date.parse('2023-12-20T10:00:00Z'));
  for (let count = 0; count < 900; count++) {
    const next = nextPeriodStartMs(period, start);
    expect(next).toBeGreaterThan(start);
    expect(periodStartMs(period, next)).toBe(next);
    expect(periodStartMs(period, next - 1)).toBe(start);
    start = next;
  }
});
