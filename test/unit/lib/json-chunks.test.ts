import { expect, it } from 'vitest';
import { chunksOfJson } from '../../../src/lib/json.ts';

it('splits items into arrays up to a byte limit, in order', () => {
  const items = ['a', 'bb', 'ü', { c: 1 }, 5];
  const chunks = chunksOfJson(items, 12);
  expect(chunks.flatMap((chunk) => JSON.parse(chunk))).toEqual(items);
  for (const chunk of chunks) expect(new TextEncoder().encode(chunk).byteLength).toBeLessThanOrEqual(13);
  expect(chunks.length).toBeGreaterThan(1);
});

it('gives an oversized item its own chunk, and returns no chunk for no item', () => {
  expect(chunksOfJson(['x'.repeat(50), 'y'], 12)).toHaveLength(2);
  expect(chunksOfJson([])).toEqual([]);
});
