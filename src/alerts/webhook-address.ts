// Which addresses webhooks may go to. Pure.
import ipaddr from 'ipaddr.js';

/** Names that never mean a public host: RFC 6761, RFC 6762, RFC 8375, RFC 9476, and ICANN's `internal`. */
const privateNames =
  /(^|\.)(localhost|local|internal|intranet|lan|corp|home|private|test|invalid|example|alt|arpa|onion)$/;

/**
 * Returns what is wrong with a webhook's address, or null. Without `isPrivateAllowed` only https and public hosts are allowed. A name may still
 * point to a private address: the network that the request goes through refuses that.
 */
export function faultOfAddress(url: string, isPrivateAllowed: boolean): string | null {
  if (!URL.canParse(url)) return 'must be a URL, like https://example.com/hooks/1';
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'must not have a user name or password';
  if (isPrivateAllowed) return /^https?:$/.test(protocol) ? null : 'must begin with https:// or http://';
  if (protocol !== 'https:') return 'must begin with https://';
  return isPublicHost(hostname) ? null : 'must be a public host (ALLOW_PRIVATE_WEBHOOKS=1 allows others)';
}

/** `hostname` as URL gives it: lower case, IPv4 in four numbers, IPv6 in brackets. */
function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'unicast';
  return host.includes('.') && !privateNames.test(host);
}
