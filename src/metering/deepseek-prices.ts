// DeepSeek's own prices, which depend on the hour of the week. genai-prices knows hours but no weekdays, and lacks
// the current name of the cheaper model. Pure.
import { freeRates, picoEach, type Rates } from './rates.ts';

/** USD per million tokens off peak. Peak prices are twice as high. */
interface OffPeakPrice {
  cacheRead: number;
  input: number;
  output: number;
}

// https://api-docs.deepseek.com/quick_start/pricing (2026-11-15)
const flash: OffPeakPrice = { cacheRead: 0.003, input: 0.15, output: 0.6 };
const pro: OffPeakPrice = { cacheRead: 0.022, input: 0.66, output: 1.98 };

/** From the same page: retired names are served and billed as `deepseek-flash`. */
const prices: Readonly<Record<string, OffPeakPrice>> = {
  'deepseek-flash': flash,
  'deepseek-v4-flash': flash,
  'deepseek-v4-flash-vision-exp': flash,
  'deepseek-v4-pro': pro,
};

/** Peak hours in UTC, Monday to Friday. */
const peakHours = [
  [1, 4],
  [6, 10],
] as const;

/** Returns DeepSeek's price of a model at that time, or null if only the library's table can have it. */
export function deepSeekRates(model: string, at: Date): Rates | null {
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
  if (price === undefined) return null;
  const factor = isPeak(at) ? 2 : 1;
  const each = (usd: number) => picoEach(usd * factor, 1_000_000);
  return {
    ...freeRates('table'),
    base: { input: each(price.input), output: each(price.output), cacheRead: each(price.cacheRead) },
  };
}

/** China's public holidays are off peak too. They are announced a year at a time and not known here. */
function isPeak(at: Date): boolean {
  const day = at.getUTCDay();
  const hour = at.getUTCHours();
  return day >= 1 && day <= 5 && peakHours.some(([from, until]) => hour >= from && hour < until);
}
