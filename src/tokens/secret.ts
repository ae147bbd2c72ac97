// The value of a token: creation, validation without any I/O, hash, and hint.
import { createHash } from 'node:crypto';
import { base62, base62OfNumber } from '../lib/base62.ts';
import { crc32 } from '../lib/crc32.ts';

/** Every token begins with this. */
export const tokenPrefix = 'sk-oo8-';

const bodyLength = 43;
const checksumLength = 6;
const wellFormed = new RegExp(`^${tokenPrefix}[0-9A-Za-z]{${bodyLength + checksumLength}}$`);

/**
 * Creates a token: prefix, 43 base62 characters of 32 random bytes, 6 characters of the CRC32 of everything
 * before.
 */
export function mintSecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const unsigned = tokenPrefix + base62(random, bodyLength);
  return unsigned + checksumOf(unsigned);
}

/** Returns whether the text is a token by shape and checksum. Takes microseconds and no I/O. */
export function isWellFormedSecret(text: string): boolean {
  if (!wellFormed.test(text)) return false;
  const split = text.length - checksumLength;
  return checksumOf(text.slice(0, split)) === text.slice(split);
}

/** Returns the hex SHA-256: the only form in which a token is stored. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Returns what people see of a token afterwards: `sk-oo8-…aB3x`. */
export function hintOfSecret(secret: string): string {
  return `${tokenPrefix}…${secret.slice(-4)}`;
}

function checksumOf(unsigned: string): string {
  return base62OfNumber(crc32(unsigned), checksumLength);
}
