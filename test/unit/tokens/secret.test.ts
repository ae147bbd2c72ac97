// The value of a token: its shape, its checksum, its hint.
import { expect, it } from 'vitest';
import { hashSecret, hintOfSecret, isWellFormedSecret, mintSecret } from '../../../src/tokens/secret.ts';

it('is the prefix, 43 characters of chance and 6 of checksum', () => {
  const minted = Array.from({ length: 200 }, mintSecret);
  expect(new Set(minted).size).toBe(200);
  for (const secret of minted) {
    expect(secret).toMatch(/^sk-oo8-[0-9A-Za-z]{49}$/);
    expect(isWellFormedSecret(secret)).toBe(true);
  }
});

it('tells every mistyped character and every two that changed places', () => {
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
])('is not %j', (text) => {
  expect(isWellFormedSecret(text)).toBe(false);
});

it('is known by its hash, and to people by its end', () => {
  const secret = mintSecret();
  expect(hashSecret(secret)).toMatch(/^[0-9a-f]{64}$/);
  expect(hintOfSecret(secret)).toBe(`sk-oo8-…${secret.slice(-4)}`);
});
