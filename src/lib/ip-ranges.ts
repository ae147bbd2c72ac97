import ipaddr from 'ipaddr.js';

/**
 * Returns whether the text is an address or a CIDR range, IPv4 or IPv6. An IPv4 address needs four decimal
 * parts: inet_aton also accepts `10` or `010.0.0.1`, but as other addresses than their authors usually meant.
 */
export function isIpRange(text: string): boolean {
  const { IPv4, IPv6 } = ipaddr;
  if (text.includes('/')) return IPv4.isValidCIDRFourPartDecimal(text) || IPv6.isValidCIDR(text);
  return IPv4.isValidFourPartDecimal(text) || IPv6.isValid(text);
}

/** Returns whether an address lies in one of the ranges. An IPv4 address mapped into IPv6 counts as IPv4. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    const [network, bits] = parseRange(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}

function parseRange(range: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (range.includes('/')) return withoutMapping(ipaddr.parseCIDR(range));
  const address = ipaddr.process(range);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** Turns a mapped range into an IPv4 range: `::ffff:10.0.0.0/104` is 10.0.0.0/8. */
function withoutMapping([address, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number]): [
  ipaddr.IPv4 | ipaddr.IPv6,
  number,
] {
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96;
  return isMapped ? [address.toIPv4Address(), bits - 96] : [address, bits];
}

/**
 * Returns the network that one subscriber has: an IPv4 address, or the /64 of an IPv6 address (RFC 6177). Other
 * text is returned unchanged.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/64`)}/64`;
}
