// Removes from an upstream's text what only the operator may know: the key and the upstream's address. Pure.
import { providers } from '../../providers/registry.ts';
import type { Sent } from '../upstream/sent.ts';

/** Returns the text without key and address. Text that has neither is returned unchanged. */
export function redacted(text: string, sent: Pick<Sent, 'key' | 'route'>): string {
  return secretsOf(sent).reduce((said, secret) => said.replaceAll(secret, '[redacted]'), text);
}

/** Anything shorter is not a secret, and would be found in ordinary words. */
const shortestSecret = 8;

/** Upstreams quote a key of several parts (AWS) by its parts. A provider's public address is not secret. */
function secretsOf({ key, route: { channel } }: Pick<Sent, 'key' | 'route'>): string[] {
  const parts = key.value === null ? [] : [key.value, ...key.value.split(':')];
  const isOwn = channel.baseUrl !== null && channel.baseUrl !== providers[channel.provider].defaultBaseUrl;
  const address = isOwn ? [channel.baseUrl ?? '', new URL(channel.baseUrl ?? '').host] : [];
  return [...parts, ...address].filter((secret) => secret.length >= shortestSecret);
}
