import { expect, it } from 'vitest';
import { chunksOfJson } from '../../../src/lib/json.ts';

it('cuts items into arrays of at most so many bytes, in order', () => {
  const items = ['a', 'bb', 'ü', { c: 1 }, 5];
  const chunks = chunksOfJson(items, 12);
  expect(chunks.flatMap((chunk) => JSON.parse(chunk))).toEqual(items);
  for (const chunk of chunks) expect(new TextEncoder().encode(chunk).byteLength).toBeLessThanOrEqual(13);
  expect(chunks.length).toBeGreaterThan(1);
});

it('gives an item that is too large a chunk of its own, and nothing for nothing', () => {
  expect(chunksOfJson(['x'.repeat(50), 'y'], 12)).toHaveLength(2);
  expect(chunksOfJson([])).toEqual([]);
});
