import { expect, it } from 'vitest';
import {
  chartLimits,
  columnKeys,
  rangeOf,
  type UsageRange,
} from '../../../../src/dashboard/pages/usage-range.ts';

const now = Date.parse('2026-12-01T15:30:00Z');
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);
const span = (range: string, days: { from?: string; to?: string } = {}) => {
  const found = rangeOf({ range, ...days }, now);
  return found && [iso(found.fromMs), iso(found.toMs), found.unit];
};

it('knows the named ranges, in UTC', () => {
  expect(span('')).toEqual(['2026-12-01T00:00', '2026-12-01T15:30', 'hour']);
  expect(span('24h')).toEqual(['2026-11-30T16:00', '2026-12-01T15:30', 'hour']);
  expect(span('7d')).toEqual(['2026-11-25T00:00', '2026-12-01T15:30', 'day']);
  expect(span('last-month')).toEqual(['2026-11-01T00:00', '2026-12-01T00:00', 'day']);
  expect(span('12m')).toEqual(['2026-01-01T00:00', '2026-12-01T15:30', 'month']);
  expect(span('yesterday')).toBeNull();
});

it('includes both days of a custom range, and ends today without a last one', () => {
  expect(span('custom', { from: '2026-11-03', to: '2026-11-04' })).toEqual([
    '2026-11-03T00:00',
    '2026-11-05T00:00',
    'hour',
  ]);
  expect(span('custom', { from: '2026-11-30' })).toEqual(['2026-11-30T00:00', '2026-12-02T00:00', 'hour']);
  expect(span('custom', { from: '2026-12-02', to: '2026-12-01' })).toBeNull();
  expect(span('custom', { from: '2026-13-01' })).toBeNull();
  expect(span('custom')).toBeNull();
});

it('chooses the columns by the length of the range, at both limits', () => {
  const unitOf = (from: string, to: string) => span('custom', { from, to })?.[2];
  expect(chartLimits).toMatchObject({ hours: 48, days: 100 });
  expect(unitOf('2026-11-03', '2026-11-04')).toBe('hour');
  expect(unitOf('2026-11-03', '2026-11-05')).toBe('day');
  expect(unitOf('2026-01-01', '2026-04-10')).toBe('day');
  expect(unitOf('2026-01-01', '2026-04-11')).toBe('month');
});

it('lists every column, those without a request too', () => {
  const range = (name: string) => rangeOf({ range: name }, now) as UsageRange;
  expect(columnKeys(range('24h'))).toHaveLength(24);
  expect(columnKeys(range('24h'))[0]).toBe('2026-11-30T16:00:00.000Z');
  expect(columnKeys(range('7d'))).toEqual(
    ['25', '26', '27', '28', '29', '30'].map((day) => `2026-11-${day}`).concat('2026-12-01'),
  );
  expect(columnKeys(range('12m')).slice(-2)).toEqual(['2026-11', '2026-12']);
});
