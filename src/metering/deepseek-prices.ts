// DeepSeek's own prices, which change with the hour of the week: genai-prices knows hours but no weekdays, and has no
// current name of the cheaper model. Pure.
import { freeRates, picoEach, type Rates } from './rates.ts';

/** USD per million tokens off peak; at peak each is twice that. */
interface OffPeakPrice {
  cacheRead: number;
  input: number;
  output: number;
}

// https://api-docs.deepseek.com/quick_start/pricing (2026-11-15)
const flash: OffPeakPrice = { cacheRead: 0.003, input: 0.15, output: 0.6 };
const pro: OffPeakPrice = { cacheRead: 0.022, input: 0.66, output: 1.98 };

/** The same page: retired names are served and billed as `deepseek-flash`. */
const prices: Readonly<Record<string, OffPeakPrice>> = {
  'deepseek-flash': flash,
  'deepseek-v4-flash': flash,
  'deepseek-v4-flash-vision-exp': flash,
  'deepseek-v4-pro': pro,
};

/** Peak, in hours of UTC from Monday to Friday. */
const peakHours = [
  [1, 4],
  [6, 10],
] as const;

/** What DeepSeek asks for a model at that time; null: its price is in the library's table, or nowhere. */
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

/** China's public holidays are off peak, too; they are announced a year at a time and not known here. */
function isPeak(at: Date): boolean {
  const day = at.getUTCDay();
  const hour = at.getUTCHours();
  return day >= 1 && day <= 5 && peakHours.some(([from, until]) => hour >= from && hour < until);
}
