// The secrets that start and deploy create: 32 random bytes in base62, safe in every file and shell.
import { base62 } from '../lib/base62.ts';

/** A new admin key: `ak-` and 43 characters. */
export function newAdminKey(): string {
  return `ak-${randomText()}`;
}

/** A new key for sealing the channels' keys. */
export function newEncryptionKey(): string {
  return randomText();
}

function randomText(): string {
  return base62(crypto.getRandomValues(new Uint8Array(32)), 43);
}
