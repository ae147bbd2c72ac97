import { expect, it } from 'vitest';
import { addEncoded, emptyPositions, highestPositions } from '../../../src/lib/position-set.ts';
import {
  bucketOf,
  type Dimension,
  dimensions,
  keyOf,
  postingsOf,
  timesOf,
} from '../../../src/metering/postings.ts';

const row = (fields: Record<string, string | number | null>) => ({
  token_id: 'tok_1',
  account_id: 'acc_1',
  requested_model: 'gpt-4o',
  channel_id: null,
  status: 200,
  error_code: null,
  error_class: null,
  end_user: null,
  session: null,
  tags: '[]',
  ...fields,
});

function positionsOf(
  postings: ReturnType<typeof postingsOf>,
  dimension: Dimension,
  value: string,
  size: number,
): number[] {
  const set = emptyPositions(size);
  for (const posting of postings) {
    if (posting.dimension !== dimension || posting.bucket !== bucketOf(dimension, value)) continue;
    const encoded = JSON.parse(posting.positions)[keyOf(dimension, value)];
    if (encoded !== undefined) addEncoded(set, encoded);
  }
  return highestPositions(set, size, size).reverse();
}

it('lists the positions of each value', () => {
  const long = 'a-person-whose-name-is-longer-than-a-key';
  const rows = [
    row({ end_user: long }),
    row({ status: 502, tags: '["a=1","b=2","a=1"]' }),
    row({ end_user: long, requested_model: null }),
    row({ token_id: '__proto__', tags: '["a=1"]' }),
  ];
  const postings = postingsOf(rows);
  expect(positionsOf(postings, 'end_user', long, 4)).toEqual([0, 2]);
  expect(positionsOf(postings, 'status', '502', 4)).toEqual([1]);
  expect(positionsOf(postings, 'tag', 'a=1', 4)).toEqual([1, 3]);
  expect(positionsOf(postings, 'tag', 'b=2', 4)).toEqual([1]);
  expect(positionsOf(postings, 'model', 'gpt-4o', 4)).toEqual([0, 1, 3]);
  expect(positionsOf(postings, 'token', '__proto__', 4)).toEqual([3]);
  expect(positionsOf(postings, 'token', 'tok_2', 4)).toEqual([]);
});

it('has few rows however many values there are', () => {
  const rows = Array.from({ length: 8_192 }, (_, index) =>
    row({
      token_id: `tok_${index}`,
      end_user: `user-${index}`,
      session: `session-${index}`,
      tags: `["t=${index}"]`,
    }),
  );
  const most = Object.values(dimensions).reduce((sum, { buckets }) => sum + buckets, 0);
  expect(postingsOf(rows).length).toBeLessThanOrEqual(most);
  expect(most).toBeLessThan(400);
});

it('writes times at fixed places', () => {
  expect(timesOf([5, 1_796_083_200_000])).toEqual(['00000000000051796083200000']);
  expect(timesOf(Array.from({ length: 513 }, (_, index) => index)).map((part) => part.length)).toEqual([
    512 * 13,
    13,
  ]);
});
