// What a token's ledger reports as alerts: that its quota is nearly spent, that models have no price or are answered by others, and that its
// rows do not reach D1. Called from the ledger's alarm, never while a request waits.
import type { AlertFacts, AlertSignal, AlertStatus } from '../alerts/alert-event.ts';
import type { AlertsRpc } from '../alerts/alerts.ts';
import { logWarning } from '../lib/log.ts';
import { usdFromNano } from '../lib/money.ts';
import type { LogRow } from '../metering/log-row.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { budgetsOf } from './budgets.ts';
import type { LedgerStore } from './ledger-store.ts';
import { nextPeriodStartMs, periodStartMs } from './period.ts';
import type { Refusal } from './quota.ts';
import type { ReportedAlerts, Totals } from './records.ts';

/** Limits of what a ledger reports. */
export const ledgerAlertLimits = {
  /** A quota or budget is low when this share of it is spent, or when it has refused a request. */
  lowShare: 0.9,
  /** Rows wait for D1 for so long before that is an incident. */
  stalledMs: 300_000,
  /** Models that a ledger reports an hour, so that a caller's inventions do not fill the list. */
  models: 50,
  /** A model is reported again after this, so that its incident is known to last. */
  modelAgainMs: 3_600_000,
} as const;

/** A quota or budget, with what is left of it. */
interface Limit {
  limitNanoUsd: number;
  spentNanoUsd: number;
  period: string | null;
}

interface LedgerNow {
  policy: TokenPolicy | null;
  totals: Totals;
  /** Since when D1 has taken nothing, or null. */
  stalledSinceMs: number | null;
  nowMs: number;
}

export class LedgerAlerts {
  private reported: ReportedAlerts;
  private refusedAt: string | null = null;
  private readonly models = new Map<string, number>();
  private waiting: AlertSignal[] = [];
  private readonly store: Pick<LedgerStore, 'readAlerts' | 'writeAlerts'>;
  private readonly alerts: () => Pick<AlertsRpc, 'report'>;

  constructor(
    store: Pick<LedgerStore, 'readAlerts' | 'writeAlerts'>,
    alerts: () => Pick<AlertsRpc, 'report'>,
  ) {
    this.store = store;
    this.alerts = alerts;
    this.reported = store.readAlerts() ?? { isLow: false, isStalled: false };
  }

  /** A request was refused, by the token's own limits or by the account's budget. */
  refused({ code, isOfAccount }: Refusal, policy: TokenPolicy, nowMs: number): void {
    if (code !== 'insufficient_quota') return;
    if (isOfAccount !== true) this.refusedAt = limitsName(policy, nowMs);
    else this.add(accountSignal(policy.accountId));
  }

  /** Requests were settled. */
  settled(rows: readonly LogRow[], nowMs: number): void {
    for (const row of rows) {
      if (row.costNanoUsd !== null && row.isSubstituted !== true) continue;
      if (row.costNanoUsd === null) this.addModel(unpriced(row), nowMs);
      if (row.isSubstituted === true) this.addModel(substituted(row), nowMs);
    }
  }

  /** Returns when the alarm must come for the alerts alone: a budget's next period ends an incident. */
  dueAtMs(policy: TokenPolicy | null, nowMs: number): number | null {
    if (policy === null || !this.reported.isLow) return null;
    const budgets = [policy.budget, policy.adminBudget ?? null].filter((budget) => budget !== null);
    const starts = budgets.map(({ period }) => nextPeriodStartMs(period, nowMs));
    return starts.length === 0 ? null : Math.min(...starts) + 1;
  }

  /** Returns when the alarm must come after an edit of the policy: it may end an incident. */
  dueAfterEditMs(nowMs: number): number | null {
    return this.reported.isLow ? nowMs : null;
  }

  /** Reports what has changed. `stalledSinceMs`: since when D1 takes nothing. What does not arrive is reported at the next alarm. Never rejects. */
  async report(policy: TokenPolicy | null, totals: Totals, stalledSinceMs: number | null): Promise<void> {
    const now: LedgerNow = { policy, totals, stalledSinceMs, nowMs: Date.now() };
    const state = { isLow: lowestLimit(now, this.refusedAt) !== null, isStalled: isStalled(now) };
    const signals = [...this.waiting, ...this.changes(state, now)];
    if (signals.length === 0) return;
    const sent = this.waiting.length;
    try {
      await this.alerts().report(signals);
      this.waiting = this.waiting.slice(sent);
      if (state.isLow === this.reported.isLow && state.isStalled === this.reported.isStalled) return;
      this.reported = state;
      this.store.writeAlerts(state);
    } catch (error) {
      logWarning('alerts-away', { error });
    }
  }

  private changes(state: ReportedAlerts, now: LedgerNow): AlertSignal[] {
    const { policy } = now;
    if (policy === null) return [];
    const { tokenId: token_id, accountId: account_id } = policy;
    const signals: AlertSignal[] = [];
    if (state.isLow !== this.reported.isLow) {
      const facts = { token_id, account_id, ...figuresOf(lowestLimit(now, this.refusedAt)) };
      signals.push({ event: 'token.quota_low', subject: token_id, status: statusOf(state.isLow), facts });
    }
    if (state.isStalled !== this.reported.isStalled) {
      const status = statusOf(state.isStalled);
      signals.push({ event: 'log.delivery_stalled', subject: 'log', status, reporter: token_id, facts: {} });
    }
    return signals;
  }

  private addModel(signal: AlertSignal, nowMs: number): void {
    const name = `${signal.event} ${signal.subject}`;
    const isRecent = (this.models.get(name) ?? 0) > nowMs - ledgerAlertLimits.modelAgainMs;
    for (const [old, atMs] of this.models)
      if (atMs <= nowMs - ledgerAlertLimits.modelAgainMs) this.models.delete(old);
    if (isRecent || this.models.size >= ledgerAlertLimits.models) return;
    this.models.set(name, nowMs);
    this.add(signal);
  }

  private add(signal: AlertSignal): void {
    const isWaiting = this.waiting.some(
      ({ event, subject }) => event === signal.event && subject === signal.subject,
    );
    if (!isWaiting) this.waiting.push(signal);
  }
}

function accountSignal(account_id: string): AlertSignal {
  return { event: 'account.budget_low', subject: account_id, status: 'opened', facts: { account_id } };
}

function statusOf(isOpen: boolean): AlertStatus {
  return isOpen ? 'opened' : 'resolved';
}

function isStalled({ stalledSinceMs, nowMs }: LedgerNow): boolean {
  return stalledSinceMs !== null && nowMs - stalledSinceMs >= ledgerAlertLimits.stalledMs;
}

/** Returns the limit of which the least is left, if it is low, or null. A token that may not be used has none. */
function lowestLimit({ policy, totals, nowMs }: LedgerNow, refusedAt: string | null): Limit | null {
  if (policy === null || policy.status !== 'active') return null;
  const limits = limitsOf(policy, totals, nowMs);
  const left = ({ limitNanoUsd, spentNanoUsd }: Limit) => limitNanoUsd - spentNanoUsd;
  const [lowest = null] = limits.toSorted((one, other) => left(one) - left(other));
  if (lowest === null || refusedAt === limitsName(policy, nowMs)) return lowest;
  return (
    limits.find((limit) => limit.spentNanoUsd >= limit.limitNanoUsd * ledgerAlertLimits.lowShare) ?? null
  );
}

function limitsOf(policy: TokenPolicy, totals: Totals, nowMs: number): Limit[] {
  const { quotaNanoUsd } = policy;
  const budgets = budgetsOf(policy, totals, nowMs).map(({ budget, spentNanoUsd }) => {
    return { limitNanoUsd: budget.nanoUsd, spentNanoUsd, period: budget.period };
  });
  if (quotaNanoUsd === null) return budgets;
  return [{ limitNanoUsd: quotaNanoUsd, spentNanoUsd: totals.spentNanoUsd, period: null }, ...budgets];
}

/** Names the limits that a refusal was about: another quota, or the next period, is another matter. */
function limitsName({ quotaNanoUsd, budget, adminBudget }: TokenPolicy, nowMs: number): string {
  const starts = [budget, adminBudget ?? null].map((one) => one && periodStartMs(one.period, nowMs));
  return JSON.stringify([quotaNanoUsd, budget, adminBudget ?? null, starts]);
}

function figuresOf(limit: Limit | null): AlertFacts {
  if (limit === null) return {};
  const { limitNanoUsd, spentNanoUsd, period } = limit;
  const left_usd = usdFromNano(Math.max(0, limitNanoUsd - spentNanoUsd));
  return { left_usd, limit_usd: usdFromNano(limitNanoUsd), period };
}

function unpriced({ requestedModel, upstreamModel, channelId }: LogRow): AlertSignal {
  const model = requestedModel ?? upstreamModel ?? '';
  return {
    event: 'model.unpriced',
    subject: model,
    status: 'opened',
    facts: { model, channel_id: channelId },
  };
}

function substituted({ upstreamModel, servedModel, channelId }: LogRow): AlertSignal {
  const facts = { model: upstreamModel, served_model: servedModel ?? null, channel_id: channelId };
  const subject = [channelId, upstreamModel, servedModel].join(' ');
  return { event: 'model.substituted', subject, status: 'opened', facts };
}
