import { beforeEach, describe, expect, it } from 'vitest';
import type { AlertSignal } from '../../../src/alerts/alert-event.ts';
import { LedgerAlerts, ledgerAlertLimits } from '../../../src/quota/ledger-alerts.ts';
import type { ReportedAlerts, Totals } from '../../../src/quota/records.ts';
import type { TokenPolicy } from '../../../src/tokens/token.ts';
import { noonMs, settlementOf } from './ledger-parts.ts';

let sent: AlertSignal[];
let stored: ReportedAlerts | null;
let isAway: boolean;

beforeEach(() => {
  sent = [];
  stored = null;
  isAway = false;
});

const store = {
  readAlerts: () => stored,
  writeAlerts: (reported: ReportedAlerts) => {
    stored = reported;
  },
};
const open = () =>
  new LedgerAlerts(store, () => ({
    report: async (signals) => {
      if (isAway) throw new Error('away');
      sent.push(...signals);
    },
  }));
const policy = (fields: Partial<TokenPolicy> = {}) =>
  ({
    tokenId: 'tok',
    accountId: 'acc',
    status: 'active',
    quotaNanoUsd: 100,
    budget: null,
    ...fields,
  }) as TokenPolicy;
const totals = (spentNanoUsd: number): Totals => ({
  spentNanoUsd,
  budgetStartMs: 0,
  budgetSpentNanoUsd: 0,
  lastUsedAtMs: null,
});
const signals = () => sent.map(({ event, status }) => `${event} ${status}`);

describe('a quota', () => {
  it.each([
    [89, []],
    [90, ['token.quota_low opened']],
    [100, ['token.quota_low opened']],
  ])('of which %i of 100 are spent', async (spent, expected) => {
    await open().report(policy(), totals(spent), null);
    expect(signals()).toEqual(expected);
  });

  it('is reported once, also after a reset, and its end once', async () => {
    for (const quotaNanoUsd of [100, 200])
      for (const newest of [open, open]) {
        const alerts = newest();
        for (const _ of [1, 2]) await alerts.report(policy({ quotaNanoUsd }), totals(95), null);
      }
    expect(signals()).toEqual(['token.quota_low opened', 'token.quota_low resolved']);
  });

  it('that has refused a request is low until it is edited', async () => {
    const alerts = open();
    const refusal = { outcome: 'refused', code: 'insufficient_quota', message: '' } as const;
    alerts.refused(refusal, policy(), Date.now());
    await alerts.report(policy(), totals(10), null);
    await alerts.report(policy({ quotaNanoUsd: 101 }), totals(10), null);
    expect(signals()).toEqual(['token.quota_low opened', 'token.quota_low resolved']);
  });

  it('is not low because the account refuses, or a rate limit', async () => {
    const alerts = open();
    const common = { outcome: 'refused', message: '' } as const;
    alerts.refused({ ...common, code: 'insufficient_quota', isOfAccount: true }, policy(), Date.now());
    alerts.refused({ ...common, code: 'rate_limit_exceeded' }, policy(), Date.now());
    await alerts.report(policy(), totals(10), null);
    expect(signals()).toEqual(['account.budget_low opened']);
  });

  it('of a token that may not be used is not low', async () => {
    await open().report(policy({ status: 'disabled' }), totals(100), null);
    expect(signals()).toEqual([]);
  });

  it('wakes the ledger when its budget’s next period begins', async () => {
    const alerts = open();
    const budget = { nanoUsd: 100, period: 'day' } as const;
    const start = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const spent = { ...totals(95), budgetStartMs: start, budgetSpentNanoUsd: 95 };
    const limited = policy({ quotaNanoUsd: null, budget });
    expect(alerts.dueAtMs(limited, Date.now())).toBeNull();
    await alerts.report(limited, spent, null);
    expect(signals()).toEqual(['token.quota_low opened']);
    expect(alerts.dueAtMs(limited, Date.now())).toBe(start + 86_400_001);
  });
});

describe('rows that do not reach D1', () => {
  it('are reported after the bound, and their end', async () => {
    const alerts = open();
    await alerts.report(policy(), totals(0), Date.now() - ledgerAlertLimits.stalledMs + 1_000);
    expect(signals()).toEqual([]);
    await alerts.report(policy(), totals(0), Date.now() - ledgerAlertLimits.stalledMs);
    await alerts.report(policy(), totals(0), null);
    expect(signals()).toEqual(['log.delivery_stalled opened', 'log.delivery_stalled resolved']);
    expect(sent[0]?.reporter).toBe('tok');
  });
});

describe('models', () => {
  const row = (requestedModel: string) => ({
    ...settlementOf(requestedModel, 0).row,
    requestedModel,
    costNanoUsd: null,
  });

  it('are reported once an hour, up to the bound', async () => {
    const alerts = open();
    const many = Array.from({ length: ledgerAlertLimits.models + 1 }, (_, index) => row(`m${index}`));
    alerts.settled([...many, ...many], noonMs);
    await alerts.report(policy(), totals(0), null);
    expect(sent).toHaveLength(ledgerAlertLimits.models);
    alerts.settled(many, noonMs + ledgerAlertLimits.modelAgainMs - 1);
    await alerts.report(policy(), totals(0), null);
    expect(sent).toHaveLength(ledgerAlertLimits.models);
    alerts.settled([row('m0')], noonMs + ledgerAlertLimits.modelAgainMs);
    await alerts.report(policy(), totals(0), null);
    expect(sent).toHaveLength(ledgerAlertLimits.models + 1);
  });

  it('are reported later if the alerts cannot be reached', async () => {
    const alerts = open();
    isAway = true;
    alerts.settled([row('m')], noonMs);
    await alerts.report(policy(), totals(95), null);
    expect([signals(), stored]).toEqual([[], null]);
    isAway = false;
    await alerts.report(policy(), totals(95), null);
    expect(signals()).toEqual(['model.unpriced opened', 'token.quota_low opened']);
  });
});
