// Tests the value of a token: its structure, checksum and hint.
import { expect, it } from 'vitest';
import { hashSecret, hintOfSecret, isWellFormedSecret, mintSecret } from '../../../src/tokens/secret.ts';

it('consists of the prefix, 43 random characters and a checksum of 6', () => {
  const minted = Array.from({ length: 200 }, mintSecret);
  expect(new Set(minted).size).toBe(200);
  for (const secret of minted) {
    expect(secret).toMatch(/^sk-oo8-[0-9A-Za-z]{49}$/);
    expect(isWellFormedSecret(secret)).toBe(true);
  }
});

it('detects every mistyped character and every two swapped ones', () => {
  const secret = mintSecret();
  for (let at = 0; at < secret.length; at++) {
    const other = secret[at] === 'x' ? 'y' : 'x';
    expect(isWellFormedSecret(secret.slice(0, at) + other + secret.slice(at + 1)), `at ${at}`).toBe(false);
    const [first = '', second = ''] = [secret[at], secret[at + 1]];
    if (first === second || second === '') continue;
    expect(isWellFormedSecret(secret.slice(0, at) + second + first + secret.slice(at + 2)), `at ${at}`).toBe(
      false,
    );
  }
});

it.each([
  '',
  'sk-oo8-',
  'sk-proj-abc',
  `${mintSecret()}a`,
  ` ${mintSecret()}`,
  mintSecret().slice(0, -1),
  mintSecret().toUpperCase(),
])('rejects %j as a token', (text) => {
  expect(isWellFormedSecret(text)).toBe(false);
});

it('is stored as a hash, and shown by its last characters', () => {
  const secret = mintSecret();
  expect(hashSecret(secret)).toMatch(/^[0-9a-f]{64}$/);
  expect(hintOfSecret(secret)).toBe(`sk-oo8-…${secret.slice(-4)}`);
});
