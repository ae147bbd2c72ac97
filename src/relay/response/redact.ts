// An upstream's words about itself without what is the operator's only: the key it was asked with and the address it has. Pure.
import { providers } from '../../providers/registry.ts';
import type { Sent } from '../upstream/sent.ts';

/** The text without key and address. Anything else stays as it is, so that text without them is the same text. */
export function redacted(text: string, sent: Pick<Sent, 'key' | 'route'>): string {
  return secretsOf(sent).reduce((said, secret) => said.replaceAll(secret, '[redacted]'), text);
}

/** Shorter than this is no secret, but would be found in ordinary words. */
const shortestSecret = 8;

/** A key of several parts (AWS) is quoted by its parts. A provider's public address is none of the operator's. */
function secretsOf({ key, route: { channel } }: Pick<Sent, 'key' | 'route'>): string[] {
  const parts = key.value === null ? [] : [key.value, ...key.value.split(':')];
  const isOwn = channel.baseUrl !== null && channel.baseUrl !== providers[channel.provider].defaultBaseUrl;
  const address = isOwn ? [channel.baseUrl ?? '', new URL(channel.baseUrl ?? '').host] : [];
  return [...parts, ...address].filter((secret) => secret.length >= shortestSecret);
}
