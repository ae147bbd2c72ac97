// What a target's key and address are, so that no text about it repeats them.
import { providers } from '../providers/registry.ts';
import type { LiveChannel } from './catalog.ts';
import type { ChannelKey } from './key-ring.ts';

/** A header's value of this length may be a key; a shorter one is a version or a media type. */
const headerCharacters = 16;

/**
 * Returns the key, its parts, and the channel's own address and headers. Upstreams quote a key of several parts (AWS) by its parts. A
 * provider's public address is not secret.
 */
export function secretsOfTarget(channel: LiveChannel, key: ChannelKey | null): string[] {
  const value = key?.value ?? null;
  const parts = value === null ? [] : [value, ...value.split(':')];
  const headers = Object.values(channel.headers).filter(({ length }) => length >= headerCharacters);
  const isOwn = channel.baseUrl !== null && channel.baseUrl !== providers[channel.provider].defaultBaseUrl;
  if (!isOwn || channel.baseUrl === null) return [...parts, ...headers];
  const { host, hostname } = new URL(channel.baseUrl);
  return [...parts, ...headers, channel.baseUrl, host, hostname];
}
