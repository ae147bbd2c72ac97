// OpenAI's old `GET /dashboard/billing/subscription` and `/usage`, which it serves no longer but many clients read.
// Shapes: as one-api and new-api write them (QuantumNous/new-api, controller/billing.go, as of 2026-12-01), where an
// unlimited token has a limit of 100,000,000 USD. Pure.
import { usdFromNano } from '../../lib/money.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { DaySpending, TokenFigures } from './figures.ts';
import { unlimitedUsd } from './openrouter.ts';

const dayMs = 86_400_000;

/** Writes the subscription: the limit of which the least is left. */
export function subscriptionView({ name, policy, limit }: TokenFigures) {
  const limitUsd = limit === null ? unlimitedUsd : usdFromNano(limit.nanoUsd);
  return {
    object: 'billing_subscription',
    has_payment_method: true,
    canceled: false,
    canceled_at: null,
    delinquent: null,
    access_until: policy.expiresAtMs === null ? 0 : Math.floor(policy.expiresAtMs / 1_000),
    soft_limit_usd: limitUsd,
    hard_limit_usd: limitUsd,
    system_hard_limit_usd: limitUsd,
    plan: { title: name, id: policy.group },
    account_name: name,
  };
}

/**
 * Writes the usage in cents: of those days, or, without a range, what counts against the limit of the subscription,
 * so that the difference of both is what is left.
 */
export function usageView(spent: readonly DaySpending[] | TokenFigures) {
  if (!('limit' in spent)) {
    const nanoUsd = spent.reduce((sum, day) => sum + day.nanoUsd, 0);
    return { object: 'list', total_usage: centsOf(nanoUsd), daily_costs: spent.map(dailyCost) };
  }
  return {
    object: 'list',
    total_usage: centsOf(spent.limit?.spentNanoUsd ?? spent.spentNanoUsd),
    daily_costs: [],
  };
}

function dailyCost({ dayMs: atMs, nanoUsd }: DaySpending) {
  return { timestamp: atMs / 1_000, line_items: [{ name: 'All models', cost: centsOf(nanoUsd) }] };
}

function centsOf(nanoUsd: number): number {
  return Number((nanoUsd / 10_000_000).toFixed(7));
}

/**
 * Returns the range of `start_date` and `end_date`, UTC days of which the last is excluded, or null if there is neither.
 * Throws RelayError `invalid_request`.
 */
export function billingRange(query: URLSearchParams, nowMs: number): { fromMs: number; toMs: number } | null {
  const fromMs = dateOf(query, 'start_date');
  const toMs = dateOf(query, 'end_date');
  if (fromMs === null && toMs === null) return null;
  const range = { fromMs: fromMs ?? 0, toMs: toMs ?? nowMs + dayMs };
  if (range.fromMs > range.toMs)
    throw new RelayError('invalid_request', '`start_date` must not be after `end_date`.', {
      param: 'start_date',
    });
  return range;
}

function dateOf(query: URLSearchParams, param: string): number | null {
  const text = query.get(param);
  if (text === null || text === '') return null;
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text)
    throw new RelayError('invalid_request', `\`${param}\` must be a date like 2026-12-31.`, { param });
  return atMs;
}
