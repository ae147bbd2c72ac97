import { expect, it } from 'vitest';
import { logRowView } from '../../../src/dashboard/api/log-fields.ts';
import { costOfCharge } from '../../../src/metering/charge.ts';
import { logRow } from '../stores/rows.ts';

it('shows each price of a charge in its own unit, so the cost can be recomputed', () => {
  const charge = {
    source: 'table' as const,
    tier: 'flex',
    multiplier: 1.2,
    items: [
      ['cacheWrite1h', 400, 6_000_000],
      ['webSearch', 2, 10_000_000_000],
      ['character', 100, 15_000_000],
      ['audio', 9_500, 360_000_000_000],
      ['image', 1, 40_000_000_000],
      ['output', 4, 25_000_000, 'claude-opus-5'],
    ] as const,
  };
  const view = logRowView(logRow({ charge: { ...charge, items: [...charge.items] } })).charge;
  expect(view).toEqual({
    source: 'table',
    service_tier: 'flex',
    multiplier: 1.2,
    items: [
      { kind: 'cache_write_1h', count: 400, usd: 6, per: 1_000_000 },
      { kind: 'web_search', count: 2, usd: 0.01, per: 1 },
      { kind: 'character', count: 100, usd: 15, per: 1_000_000 },
      { kind: 'audio', count: 9_500, usd: 0.36, per: 3_600_000 },
      { kind: 'image', count: 1, usd: 0.04, per: 1 },
      { kind: 'output', count: 4, usd: 25, per: 1_000_000, model: 'claude-opus-5' },
    ],
  });
  const sum = (view?.items ?? []).reduce((total, { count, usd, per }) => total + (count * usd) / per, 0);
  expect(Math.ceil(Number((sum * 1.2 * 1e9).toFixed(3)))).toBe(
    costOfCharge({ ...charge, items: [...charge.items] }),
  );
});

it('shows no charge where nothing was charged', () => {
  expect(logRowView(logRow({ charge: null })).charge).toBeNull();
});
