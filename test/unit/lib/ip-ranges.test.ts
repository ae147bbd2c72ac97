import { describe, expect, it } from 'vitest';
import { isInRanges, isIpRange } from '../../../src/lib/ip-ranges.ts';

describe('an IP range', () => {
  it.each(['127.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', 'fd00::/8', '::ffff:10.0.0.0/104'])(
    'can be %s',
    (text) => {
      expect(isIpRange(text)).toBe(true);
    },
  );

  it.each(['', '*', '10', '10.1', '10/8', '010.0.0.1', '0x7f.0.0.1', '10.0.0.0/33', '::1/129', 'localhost'])(
    'cannot be %j',
    (text) => {
      expect(isIpRange(text)).toBe(false);
    },
  );
});

it.each([
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['::ffff:10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '::ffff:10.0.0.0/104', true],
  ['11.1.2.3', '::ffff:10.0.0.0/104', false],
  ['2001:db8::1', '2001:db8::/32', true],
  ['10.1.2.3', '::/0', false],
])('matches %s against %s: %s', (address, range, isIn) => {
  expect(isInRanges(address, [range])).toBe(isIn);
});
