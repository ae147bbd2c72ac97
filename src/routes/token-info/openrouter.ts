// OpenRouter's `GET /key` and `GET /credits`. Shapes: openrouter.ai/docs/api-reference/limits and
// /docs/api/api-reference/credits/get-credits, as of 2026-12-01. Pure.
import { usdFromNano } from '../../lib/money.ts';
import { periodStartMs } from '../../quota/period.ts';
import { leftOf } from '../../quota/spending-limit.ts';
import type { BudgetPeriod } from '../../tokens/token.ts';
import type { DaySpending, TokenFigures } from './figures.ts';

const resets: Record<BudgetPeriod, string> = { day: 'daily', week: 'weekly', month: 'monthly' };

/** What clients of new-api and one-api read as "unlimited", in USD: they expect a number. */
export const unlimitedUsd = 100_000_000;

/** Writes the key. `days`: what was spent since the week or the month began, whichever is earlier. */
export function keyView(figures: TokenFigures, days: readonly DaySpending[], nowMs: number) {
  const { name, policy, models, limits, spentNanoUsd, limit } = figures;
  const since = (period: BudgetPeriod) => usdFromNano(sumSince(days, periodStartMs(period, nowMs)));
  return {
    data: {
      label: name,
      usage: usdFromNano(spentNanoUsd),
      usage_daily: since('day'),
      usage_weekly: since('week'),
      usage_monthly: since('month'),
      limit: limit && usdFromNano(limit.nanoUsd),
      limit_remaining: limit && usdFromNano(leftOf(limit)),
      limit_reset: limit?.period ? resets[limit.period] : null,
      expires_at: policy.expiresAtMs === null ? null : new Date(policy.expiresAtMs).toISOString(),
      models,
      rate_limit: {
        requests: limits.rpm ?? -1,
        interval: '1m',
        note: 'Requests in a minute. -1: unlimited.',
      },
      is_free_tier: false,
      ...notOfTheRelay,
    },
  };
}

/** Members that OpenRouter's SDKs require (1.3.19). The relay has nothing of the kind. */
const notOfTheRelay = {
  is_management_key: false,
  is_provisioning_key: false,
  include_byok_in_limit: false,
  byok_usage: 0,
  byok_usage_daily: 0,
  byok_usage_weekly: 0,
  byok_usage_monthly: 0,
  creator_user_id: null,
  organization_id: null,
  workspace_id: null,
  allowed_data_regions: ['global'],
  free_model_daily_requests: { limit: 0, remaining: 0, used: 0 },
};

/** Clients subtract the one from the other: the difference is what is left of the tightest limit. */
export function creditsView({ spentNanoUsd, limit }: TokenFigures) {
  const total = limit === null ? unlimitedUsd : usdFromNano(spentNanoUsd + leftOf(limit));
  return { data: { total_credits: total, total_usage: usdFromNano(spentNanoUsd) } };
}

function sumSince(days: readonly DaySpending[], fromMs: number): number {
  return days.reduce((sum, { dayMs, nanoUsd }) => (dayMs >= fromMs ? sum + nanoUsd : sum), 0);
}
