// DeepSeek's prices by the hour of the week: https://api-docs.deepseek.com/quick_start/pricing (2026-11-15)
import { expect, it } from 'vitest';
import { usageOf } from '../../../src/formats/usage.ts';
import { costNanoUsd, tableRates } from '../../../src/metering/price.ts';

const million = usageOf({ inputTokens: 1_000_000, outputTokens: 1_000_000 });

/** Returns USD for a million tokens in and a million out at a time in UTC. 2026-11-30 is a Monday. */
function usd(model: string, at: string, baseUrl = 'https://api.deepseek.com/v1'): number | null {
  const rates = tableRates('openai-compatible', model, baseUrl, new Date(at));
  return rates && costNanoUsd(million, rates) / 1e9;
}

it.each([
  ['2026-11-30T00:59:59Z', 0.75],
  ['2026-11-30T01:00:00Z', 1.5],
  ['2026-11-30T03:59:59Z', 1.5],
  ['2026-11-30T04:00:00Z', 0.75],
  ['2026-11-30T06:00:00Z', 1.5],
  ['2026-11-30T10:00:00Z', 0.75],
  ['2026-12-04T09:00:00Z', 1.5],
  ['2026-12-05T02:00:00Z', 0.75],
  ['2026-12-06T07:00:00Z', 0.75],
])('prices deepseek-flash at %s at $%d per million tokens both ways', (at, expected) => {
  expect(usd('deepseek-flash', at)).toBe(expected);
  expect(usd('deepseek-v4-flash', at)).toBe(expected);
});

it('prices the larger model and cached input', () => {
  expect(usd('deepseek-v4-pro', '2026-12-05T02:00:00Z')).toBe(2.64);
  const rates = tableRates(
    'openai-compatible',
    'deepseek-flash',
    'https://api.deepseek.com',
    new Date('2026-12-05T02:00:00Z'),
  );
  expect(rates && costNanoUsd(usageOf({ inputTokens: 1_000_000, cachedTokens: 1_000_000 }), rates)).toBe(
    3_000_000,
  );
});

it('prices the model by its maker’s name at an unknown address', () => {
  expect(usd('deepseek-flash', '2026-12-05T02:00:00Z', 'https://gateway.example.com/v1')).toBe(0.75);
});

it('leaves other hosts’ prices for DeepSeek models to the price table', () => {
  expect(usd('deepseek/deepseek-v4-flash', '2026-12-05T02:00:00Z', 'https://openrouter.ai/api/v1')).not.toBe(
    0.75,
  );
});
