// Values that prove something and are stored as their hash only: of sessions, access keys and invitations.
import { createHash } from 'node:crypto';
import { base62 } from '../../lib/base62.ts';

/** What access keys for the management API begin with. */
export const accessKeyPrefix = 'ok-oo8-';

/** A new value: the prefix and 32 random bytes in base62. */
export function newSecretValue(prefix = ''): string {
  return prefix + base62(crypto.getRandomValues(new Uint8Array(32)), 43);
}

/** Hex SHA-256: enough for values of 256 random bits, which nobody tries out. */
export function hashOfSecret(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** A new id that nobody guesses: `tok_` (say) and 16 base62 characters of 12 random bytes. */
export function newId(prefix: 'tok' | 'ch' | 'key' | 'acc' | 'inv' | 'ak' | 'aud'): string {
  return `${prefix}_${base62(crypto.getRandomValues(new Uint8Array(12)), 17).slice(-16)}`;
}
