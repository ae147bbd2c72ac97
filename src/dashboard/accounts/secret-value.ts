// Secrets that are stored only as hashes: of sessions, access keys, and invitations.
import { createHash } from 'node:crypto';
import { base62 } from '../../lib/base62.ts';

/** The prefix of access keys for the management API. */
export const accessKeyPrefix = 'ok-oo8-';

/** Creates a secret: the prefix and 32 random bytes in base62. */
export function newSecretValue(prefix = ''): string {
  return prefix + base62(crypto.getRandomValues(new Uint8Array(32)), 43);
}

/** Returns the hex SHA-256: enough for values of 256 random bits, which cannot be guessed. */
export function hashOfSecret(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** Creates an id that nobody can guess: a prefix such as `tok_` and 16 base62 characters of 12 random bytes. */
export function newId(prefix: 'tok' | 'ch' | 'key' | 'acc' | 'inv' | 'ak' | 'aud'): string {
  return `${prefix}_${base62(crypto.getRandomValues(new Uint8Array(12)), 17).slice(-16)}`;
}
