// The filters of the log's page, and what they are for the management API.
import { expect, it } from 'vitest';
import { addressWith, apiQuery, filtersOf } from '../../../../src/dashboard/pages/log-filters.tsx';

const nowMs = Date.parse('2026-12-01T16:00:00Z');
const query = (filters: Parameters<typeof apiQuery>[0]) => Object.fromEntries(apiQuery(filters, nowMs));

it('takes the filters that have a value from the address, and no others', () => {
  const address = new URLSearchParams({
    model: ' gpt-* ',
    token: '',
    status: '4xx',
    cursor: 'x',
    other: '1',
  });
  expect(filtersOf((name) => address.get(name) ?? undefined)).toEqual({ model: 'gpt-*', status: '4xx' });
});

it('includes the day or the minute that a range ends with', () => {
  expect(query({ from: '2026-11-01', to: '2026-11-30' })).toEqual({
    from: '2026-11-01',
    to: '2026-12-01T00:00:00.000Z',
  });
  expect(query({ from: '2026-11-30T23:58', to: '2026-11-30T23:59' })).toEqual({
    from: '2026-11-30T23:58:00Z',
    to: '2026-12-01T00:00:00.000Z',
  });
});

it('leaves exact times and what is no time to the management API', () => {
  const exact = { from: '2026-11-01T00:00:00Z', to: '2026-11-01T00:00:30Z' };
  expect(query(exact)).toEqual(exact);
  expect(query({ from: 'x', to: '2026-13-45' })).toEqual({ from: 'x', to: '2026-13-45' });
});

it('begins a preset at its length before now, unless exact times are set', () => {
  expect(query({ range: '15m' })).toEqual({ from: '2026-12-01T15:45:00.000Z' });
  expect(query({ range: '7d', model: 'a' })).toEqual({ model: 'a', from: '2026-11-24T16:00:00.000Z' });
  expect(query({ range: '1h', from: '2026-11-01' })).toEqual({ from: '2026-11-01' });
  expect(query({ range: 'constructor' })).toEqual({});
});

it('makes the address of the page without the filters that were removed', () => {
  expect(addressWith({ model: 'gpt-*', status: undefined })).toBe('/dashboard/logs?model=gpt-*');
  expect(addressWith({})).toBe('/dashboard/logs');
});
