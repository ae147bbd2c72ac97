// The client of a request on a machine without Cloudflare in front: the socket's peer, or the address that a
// trusted reverse proxy reports.
import ipaddr from 'ipaddr.js';
import { isInRanges } from '../lib/ip-ranges.ts';

/** Returns whether an address belongs to a trusted reverse proxy. */
export type IsTrustedProxy = (address: string) => boolean;

export interface Client {
  /** Null when the socket has no address. */
  readonly address: string | null;
  readonly scheme: 'http' | 'https';
  /** Whether the peer is a trusted proxy. */
  readonly isBehindProxy: boolean;
}

/**
 * Returns the test for TRUSTED_PROXY, whose ranges were validated before. Caches the last peer: most requests
 * share it.
 */
export function trustedProxies(setting: string): IsTrustedProxy {
  const ranges = setting.split(',').flatMap((range) => range.trim() || []);
  if (ranges.length === 0) return () => false;
  let last = { address: '', isTrusted: false };
  return (address) => {
    if (address !== last.address) last = { address, isTrusted: isInRanges(address, ranges) };
    return last.isTrusted;
  };
}

/**
 * Finds the client of a request. `peer` is workerd's `cf.clientIp`, `address:port`. X-Forwarded-For is read from
 * the right, past trusted proxies, to the first other address; anything left of it could be forged by the
 * client. X-Forwarded-Proto is read at the same position, for proxies that append. A shorter list was
 * overwritten, and its first value counts.
 */
export function clientOf(peer: string | undefined, headers: Headers, isTrusted: IsTrustedProxy): Client {
  const address = peer === undefined ? null : addressOf(peer);
  if (address === null || !isTrusted(address)) return { address, scheme: 'http', isBehindProxy: false };
  const hop = firstUntrusted(address, listIn(headers, 'x-forwarded-for'), isTrusted);
  const schemes = listIn(headers, 'x-forwarded-proto').reverse();
  const scheme = schemes[Math.min(Math.max(hop.position, 0), schemes.length - 1)];
  return {
    address: hop.address,
    scheme: scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    isBehindProxy: true,
  };
}

/** Position 0 is the right-most entry; -1 is the peer itself, when the header has no usable entry. */
function firstUntrusted(peer: string, forwarded: string[], isTrusted: IsTrustedProxy) {
  let hop = { address: peer, position: -1 };
  for (const entry of forwarded.reverse()) {
    const address = addressOf(entry);
    // A proxy that does not know its peer writes `unknown` or a name. The proxy is then the last certain address.
    if (address === null) return hop;
    hop = { address, position: hop.position + 1 };
    if (!isTrusted(address)) return hop;
  }
  return hop;
}

function listIn(headers: Headers, name: string): string[] {
  const value = headers.get(name);
  return value === null ? [] : value.split(',').map((entry) => entry.trim());
}

/**
 * Extracts the address from `address:port`, `[address]:port`, or an address. An IPv4 address mapped into IPv6
 * becomes IPv4.
 */
function addressOf(text: string): string | null {
  const plain = withoutPort(text).replace(/%.*$/, '');
  if (ipaddr.IPv4.isValidFourPartDecimal(plain)) return plain;
  return plain.includes(':') && ipaddr.isValid(plain) ? ipaddr.process(plain).toString() : null;
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed !== null) return bracketed[1] ?? '';
  const [address = '', port, more] = text.split(':');
  return port !== undefined && more === undefined ? address : text;
}
