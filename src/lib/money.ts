// Money is integer nano-USD everywhere inside (1 USD = 1e9; exact in a JS number up to $9 million). The management
// API uses USD with at most nine decimals.

/** Nano-USD in one USD. */
const nanoPerUsd = 1_000_000_000;

/**
 * Converts USD as a person enters it (at most nine decimals) to integer nano-USD. Returns null for more
 * decimals, or text that is not an amount.
 */
export function nanoFromUsd(usd: number): number | null {
  if (!Number.isFinite(usd) || usd < 0 || usd > Number.MAX_SAFE_INTEGER / nanoPerUsd) return null;
  const nano = Math.round(usd * nanoPerUsd);
  return Number((nano / nanoPerUsd).toFixed(9)) === usd ? nano : null;
}

/** Converts integer nano-USD to USD, the nearest double. Prints with at most nine decimals. */
export function usdFromNano(nano: number): number {
  return Number((nano / nanoPerUsd).toFixed(9));
}

/** Formats integer nano-USD for people: USD with as many decimals as it needs, never in powers of ten. */
export function usdTextOfNano(nano: number): string {
  return (nano / nanoPerUsd).toFixed(9).replace(/\.?0+$/, '');
}
