// The periods of budgets: UTC day, ISO week (Monday), month.
import type { BudgetPeriod } from '../tokens/token.ts';

const dayMs = 86_400_000;

/** Returns the start of the UTC period that contains `nowMs`, in milliseconds since 1970. */
export function periodStartMs(period: BudgetPeriod, nowMs: number): number {
  const midnight = Math.floor(nowMs / dayMs) * dayMs;
  switch (period) {
    case 'day':
      return midnight;
    case 'week':
      return midnight - ((new Date(midnight).getUTCDay() + 6) % 7) * dayMs;
    case 'month':
      return Date.UTC(new Date(nowMs).getUTCFullYear(), new Date(nowMs).getUTCMonth(), 1);
  }
}

/** Returns the start of the period after the one that contains `nowMs`. */
export function nextPeriodStartMs(period: BudgetPeriod, nowMs: number): number {
  const start = periodStartMs(period, nowMs);
  switch (period) {
    case 'day':
      return start + dayMs;
    case 'week':
      return start + 7 * dayMs;
    case 'month':
      return Date.UTC(new Date(start).getUTCFullYear(), new Date(start).getUTCMonth() + 1, 1);
  }
}
