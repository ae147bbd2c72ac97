// Which version an operator means who gives an address without one. Pure.

/** Hosts whose API has no version in its path. */
const unversionedHosts = new Set(['api.perplexity.ai']);

/** The address with `/v1` if it had no path at all. */
export function withVersion(baseUrl: string): string {
  const { pathname, host } = new URL(baseUrl);
  return pathname === '/' && !unversionedHosts.has(host) ? `${baseUrl}/v1` : baseUrl;
}
