import { describe, expect, it } from 'vitest';
import { sharedTextLimits, sharedWith } from '../../../src/lib/shared-text.ts';
import { seededNumbers } from '../../support/fixtures.ts';
import { growthOfTime, linearGrowth } from '../../support/growth.ts';

/** Marks by comparing every window with every position. */
function slowly(text: string, sources: readonly string[], least: number): number[] {
  const marked = Array.from(text, () => 0);
  for (let at = 0; at + least <= text.length; at++)
    if (sources.some((source) => source.includes(text.slice(at, at + least)))) marked.fill(1, at, at + least);
  return marked;
}

describe('sharedWith', () => {
  it.each([
    ['19 characters', 19, false],
    ['20 characters', 20, true],
    ['21 characters', 21, true],
  ])('compares runs of 20 characters and more: %s', (_, length, isMarked) => {
    const quoted = 'abcdefghijklmnopqrstuvwxyz'.slice(0, length);
    const marked = sharedWith(`> ${quoted} <`, [`{"a":"_${quoted}_"}`], 20);
    expect(marked?.includes(1)).toBe(isMarked);
    expect(marked?.reduce((sum, one) => sum + one, 0)).toBe(isMarked ? length : 0);
  });

  it('finds what a comparison of every window finds', () => {
    const next = seededNumbers(7);
    const letters = (length: number) => Array.from({ length }, () => 'abc…'[Math.floor(next() * 4)]).join('');
    for (let round = 0; round < 200; round++) {
      const text = letters(60);
      const sources = [letters(80), letters(3), letters(200)];
      expect([...(sharedWith(text, sources, 5) ?? [])]).toEqual(slowly(text, sources, 5));
    }
  });

  it('compares sources up to the bound and no longer ones', () => {
    const half = 'x'.repeat(sharedTextLimits.sourceCharacters / 2);
    expect(sharedWith('y'.repeat(30), [half, half], 20)).not.toBeNull();
    expect(sharedWith('y'.repeat(30), [half, half, 'x'], 20)).toBeNull();
  });

  it('gives up where too much is nearly the same', () => {
    const text = Array.from({ length: 40 }, (_, index) => String.fromCharCode(97 + index)).join('');
    // Eleven windows around each block are compared, of which none is the text's.
    const nearly = (times: number) => `${text.slice(0, 19)}#`.repeat(times);
    expect(sharedWith(text, [nearly(1_000)], 20)?.includes(1)).toBe(false);
    expect(sharedWith(text, [nearly(sharedTextLimits.comparisons / 10)], 20)).toBeNull();
  });

  it('reads a source once, however long the text and however often it matches', () => {
    const source = 'x'.repeat(100_000);
    // The second half never matches, so the source is read to its end.
    const textOf = (size: number) => 'x'.repeat(size / 2) + 'y'.repeat(size / 2);
    const growth = growthOfTime(256, (size) => sharedWith(textOf(size), [source], 20));
    // Eight texts read the source eight times.
    expect(growth).toBeLessThan(1 / 2);
  });

  it('takes time that grows with the source and not with its square', () => {
    const text = 'y'.repeat(2_000);
    expect(growthOfTime(100_000, (size) => sharedWith(text, ['x'.repeat(size)], 20))).toBeLessThan(
      linearGrowth,
    );
  });
});
