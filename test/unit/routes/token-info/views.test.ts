// The shapes in which a token's holder reads its figures.
import { expect, it } from 'vitest';
import type { TokenFigures } from '../../../../src/routes/token-info/figures.ts';
import { tokenUsageView } from '../../../../src/routes/token-info/new-api.ts';
import {
  billingRange,
  subscriptionView,
  usageView,
} from '../../../../src/routes/token-info/openai-billing.ts';
import { creditsView, keyView } from '../../../../src/routes/token-info/openrouter.ts';
import { policyWith } from '../../quota/ledger-parts.ts';

const figures = (fields: Partial<TokenFigures> = {}): TokenFigures => ({
  name: 'Laptop',
  policy: policyWith(),
  models: null,
  limits: {},
  spentNanoUsd: 7_000_000_001,
  limit: { nanoUsd: 5_000_000_000, spentNanoUsd: 1_000_000_001, period: 'month' },
  ...fields,
});

const day = (date: string, usd: number) => ({ dayMs: Date.parse(`${date}T00:00:00Z`), nanoUsd: usd * 1e9 });

it.each([
  // A Tuesday; its week began in the month before.
  ['2026-12-01T12:00:00Z', 1, 3, 1],
  // A Sunday is the last day of its week.
  ['2026-12-06T23:59:59Z', 0, 7, 5],
  ['2026-12-07T00:00:00Z', 8, 8, 13],
])('sums the day, the week from Monday, and the month in UTC at %s', (now, daily, weekly, monthly) => {
  const days = [
    day('2026-11-29', 16),
    day('2026-11-30', 2),
    day('2026-12-01', 1),
    day('2026-12-05', 4),
    day('2026-12-07', 8),
  ].filter(({ dayMs }) => dayMs <= Date.parse(now));
  expect(keyView(figures(), days, Date.parse(now)).data).toMatchObject({
    usage: 7.000000001,
    usage_daily: daily,
    usage_weekly: weekly,
    usage_monthly: monthly,
    limit: 5,
    limit_remaining: 3.999999999,
    limit_reset: 'monthly',
  });
});

it('adds what is left to what was spent, for the credits', () => {
  expect(creditsView(figures()).data).toEqual({ total_credits: 11, total_usage: 7.000000001 });
  expect(creditsView(figures({ limit: null })).data).toEqual({
    total_credits: 100_000_000,
    total_usage: 7.000000001,
  });
});

it('rounds against the caller in units of new-api, and marks an unlimited token', () => {
  expect(tokenUsageView(figures()).data).toMatchObject({
    total_used: 3_500_001,
    total_available: 1_999_999,
    total_granted: 5_500_000,
    unlimited_quota: false,
    model_limits_enabled: false,
    expires_at: 0,
  });
  expect(tokenUsageView(figures({ limit: null })).data).toMatchObject({
    total_used: 3_500_001,
    total_available: 0,
    unlimited_quota: true,
  });
});

it('subtracts to what is left in OpenAI’s old shapes: by the limit, or by the total of an unlimited token', () => {
  const leftUsd = (of: TokenFigures) => subscriptionView(of).hard_limit_usd - usageView(of).total_usage / 100;
  expect(leftUsd(figures())).toBeCloseTo(3.999999999, 9);
  expect(subscriptionView(figures({ limit: null })).hard_limit_usd).toBe(100_000_000);
  expect(usageView(figures({ limit: null })).total_usage).toBe(700.0000001);
  const expiring = figures({ policy: policyWith({ expiresAtMs: 1_999 }) });
  expect([subscriptionView(figures()).access_until, subscriptionView(expiring).access_until]).toEqual([0, 1]);
});

it('reads the dates of a range, of which the last day is excluded', () => {
  const rangeOf = (query: string) =>
    billingRange(new URLSearchParams(query), Date.parse('2026-12-01T12:00:00Z'));
  expect(rangeOf('')).toBeNull();
  expect(rangeOf('start_date=&end_date=')).toBeNull();
  expect(rangeOf('start_date=2026-11-01&end_date=2026-12-01')).toEqual({
    fromMs: Date.UTC(2026, 10, 1),
    toMs: Date.UTC(2026, 11, 1),
  });
  expect(rangeOf('end_date=2026-12-01')?.fromMs).toBe(0);
  expect(rangeOf('start_date=2026-12-01')?.toMs).toBeGreaterThan(Date.UTC(2026, 11, 2));
  for (const wrong of ['start_date=1764547200', 'end_date=2026-02-30', 'end_date=2026-13-01'])
    expect(() => rangeOf(wrong)).toThrow('must be a date');
  expect(() => rangeOf('start_date=2026-12-02&end_date=2026-12-01')).toThrow('must not be after');
});
