// Money is integer nano-USD everywhere inside (1 USD = 1e9; exact in a JS number to $9 million); the
// management API speaks USD with at most nine decimals.

/** Nano-USD in one USD. */
const nanoPerUsd = 1_000_000_000;

/** USD as given by a person (at most nine decimals) to integer nano-USD; null when it has more, or is no amount. */
export function nanoFromUsd(usd: number): number | null {
  if (!Number.isFinite(usd) || usd < 0 || usd > Number.MAX_SAFE_INTEGER / nanoPerUsd) return null;
  const nano = Math.round(usd * nanoPerUsd);
  return Number((nano / nanoPerUsd).toFixed(9)) === usd ? nano : null;
}

/** Integer nano-USD to USD, the nearest double: prints with at most nine decimals. */
export function usdFromNano(nano: number): number {
  return Number((nano / nanoPerUsd).toFixed(9));
}

/** Integer nano-USD as text for people: USD with as many decimals as it needs, never in powers of ten. */
export function usdTextOfNano(nano: number): string {
  return (nano / nanoPerUsd).toFixed(9).replace(/\.?0+$/, '');
}
