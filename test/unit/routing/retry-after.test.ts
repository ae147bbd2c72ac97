// Reads from the headers when an upstream may be called again.
import { expect, it } from 'vitest';
import { retryAfterOf } from '../../../src/routing/upstream-failure.ts';

const now = Date.UTC(2026, 0, 1, 12);

it.each<[Record<string, string>, number | null]>([
  [{}, null],
  [{ 'retry-after': '5' }, 5_000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '-5' }, null],
  [{ 'retry-after': '' }, null],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': 'Infinity' }, null],
  [{ 'retry-after': '2 hours' }, null],
  [{ 'retry-after': '99999999999' }, 99_999_999_999_000],
  [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, null],
  [{ 'retry-after-ms': '120', 'retry-after': '5' }, 120],
  [{ 'retry-after-ms': '', 'retry-after': '5' }, 5_000],
  [{ 'retry-after-ms': '-1', 'retry-after': '5' }, 5_000],
  [{ 'retry-after-ms': 'x' }, null],
])('parses %j as %s ms', (headers, ms) => {
  expect(retryAfterOf(new Headers(headers), now)).toBe(ms);
});
