import { describe, expect, it } from 'vitest';
import {
  addEncoded,
  emptyPositions,
  encodePositions,
  highestPositions,
  intersect,
} from '../../../src/lib/position-set.ts';

const setOf = (positions: number[], size: number) => {
  const set = emptyPositions(size);
  addEncoded(set, encodePositions(positions, size));
  return set;
};

describe('sets of positions', () => {
  it.each([
    ['a few, as a list', [0, 7, 8, 300, 8_191]],
    ['many, as a bitmap', Array.from({ length: 2_000 }, (_, index) => index * 4 + 1)],
    ['none', []],
    ['all', Array.from({ length: 8_192 }, (_, index) => index)],
  ])('keep %s', (_, positions) => {
    const set = setOf(positions, 8_192);
    expect(highestPositions(set, 8_192, 10_000)).toEqual(positions.toReversed());
  });

  it('takes the shorter form', () => {
    expect(encodePositions([1, 2, 3], 8_192)).toMatch(/^l/);
    expect(encodePositions([1, 2, 3], 20)).toMatch(/^b/);
    expect(
      encodePositions(
        Array.from({ length: 8_192 }, (_, at) => at),
        8_192,
      ).length,
    ).toBeLessThan(1_400);
  });

  it('unites and intersects', () => {
    const set = setOf([1, 5, 9], 16);
    addEncoded(set, encodePositions([2, 9], 16));
    intersect(set, setOf([2, 5, 15], 16));
    expect(highestPositions(set, 16, 9)).toEqual([5, 2]);
    intersect(set, emptyPositions(0));
    expect(highestPositions(set, 16, 9)).toEqual([]);
  });

  it('returns the highest below a bound, so many', () => {
    const set = setOf([1, 5, 9, 12, 13], 16);
    expect(highestPositions(set, 13, 2)).toEqual([12, 9]);
    expect(highestPositions(set, 5, 9)).toEqual([1]);
  });
});
