// Formats amounts for people.
import { expect, it } from 'vitest';
import { usdTextOfNano } from '../../../src/lib/money.ts';

it.each([
  [0, '0'],
  [1, '0.000000001'],
  [20_000, '0.00002'],
  [1_500_000_000, '1.5'],
  [100_000_000_000, '100'],
])('formats %i nano-USD as $%s, never as a power of ten', (nano, text) => {
  expect(usdTextOfNano(nano)).toBe(text);
});
