import { base62 } from '../../lib/base62.ts';

/** A new id that nobody guesses: `tok_` (say) and 16 base62 characters of 12 random bytes. */
export function newId(prefix: 'tok' | 'ch' | 'key' | 'acc' | 'inv' | 'ak' | 'aud'): string {
  return `${prefix}_${base62(crypto.getRandomValues(new Uint8Array(12)), 17).slice(-16)}`;
}
