// What an isolate tells the others of its places, and that it tells it again when nobody heard.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PlaceHealth } from '../../src/routing/health.ts';
import { exchangeEveryMs, SharedHealth } from '../../src/routing/shared-health.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const place = { channelId: 'one', keyId: 'k1' };
const well = { channelId: 'two', keyId: null };
const unavailable = { kind: 'unavailable', reason: 'status 503' } as const;

it('tells what nobody heard once more', async () => {
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const told: Record<string, PlaceHealth>[] = [];
  let isAway = true;
  const health = new SharedHealth({
    exchange: async (report) => {
      told.push(report);
      if (isAway) throw new Error('away');
      return {};
    },
  });
  const work: Promise<unknown>[] = [];
  const background = (each: Promise<unknown>) => void work.push(each);
  health.failed(place, unavailable, Date.now(), background);
  await Promise.all(work);
  isAway = false;
  vi.advanceTimersByTime(exchangeEveryMs);
  health.succeeded(well, Date.now(), 5, background);
  await Promise.all(work);
  vi.advanceTimersByTime(exchangeEveryMs);
  health.succeeded(well, Date.now(), 5, background);
  await Promise.all(work);
  expect(told.map((report) => 'one' in report)).toEqual([true, true, false]);
  warnings.mockRestore();
});
