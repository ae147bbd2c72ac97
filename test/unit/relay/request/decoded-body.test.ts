// Limits the size of a decompressed body.
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { decodedLimit, decodeWithin } from '../../../../src/relay/request/decoded-body.ts';

const megabyte = 1024 * 1024;

it.each([
  [0, 25],
  [1_000, 25],
  [1.25 * megabyte, 25],
  [2 * megabyte, 40],
  [5 * megabyte, 100],
  [100 * megabyte, 100],
])('allows a body of %i bytes to decode to %i MB', (bytes, megabytes) => {
  expect(decodedLimit(bytes)).toBe(megabytes * megabyte);
});

it('decodes up to its limit and not a byte more, into a buffer of its own', () => {
  const text = Buffer.from('{"a":1}');
  const decoded = decodeWithin(gzipSync(text), 'gzip', text.length);
  expect(decoded?.byteLength).toBe(text.length);
  expect(Buffer.from(decoded ?? new ArrayBuffer(0)).equals(text)).toBe(true);
  expect(decodeWithin(gzipSync(text), 'gzip', text.length - 1)).toBeNull();
});
