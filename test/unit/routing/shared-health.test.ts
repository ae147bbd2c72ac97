// Tests an isolate's reports about its targets, and that an undelivered report is repeated.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Health, type TargetHealth } from '../../../src/routing/health.ts';
import { exchangeEveryMs, reportEveryMs, SharedHealth } from '../../../src/routing/shared-health.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const target = { channelId: 'one', keyId: 'k1' };
const healthy = { channelId: 'two', keyId: null };
const unavailable = { kind: 'unavailable', reason: 'status 503' } as const;

it('repeats a report that could not be delivered', async () => {
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const reports: Record<string, TargetHealth>[] = [];
  let isAway = true;
  const health = new SharedHealth({
    exchange: async (report) => {
      reports.push(report);
      if (isAway) throw new Error('away');
      return {};
    },
  });
  const work: Promise<unknown>[] = [];
  const background = (each: Promise<unknown>) => void work.push(each);
  health.failed(target, unavailable, Date.now(), background);
  await Promise.all(work);
  isAway = false;
  vi.advanceTimersByTime(exchangeEveryMs);
  health.succeeded(healthy, Date.now(), 5, background);
  await Promise.all(work);
  vi.advanceTimersByTime(exchangeEveryMs);
  health.succeeded(healthy, Date.now(), 5, background);
  await Promise.all(work);
  expect(reports.map((report) => 'one' in report)).toEqual([true, true, false]);
  warnings.mockRestore();
});

it('batches reports that follow a change within a moment', async () => {
  const reports: string[][] = [];
  const health = new SharedHealth({
    exchange: async (report) => {
      reports.push(Object.keys(report));
      return {};
    },
  });
  const work: Promise<unknown>[] = [];
  const background = (each: Promise<unknown>) => void work.push(each);
  for (const channelId of ['one', 'two', 'three'])
    health.failed({ channelId, keyId: null }, unavailable, Date.now(), background);
  await vi.advanceTimersByTimeAsync(reportEveryMs);
  await Promise.all(work);
  expect(reports).toEqual([['one'], ['one', 'two', 'three']]);
});

it('fetches the reports of others at the start of a request, but not of every request', async () => {
  const seen = new Health();
  seen.failed({ ...target, upstreamModel: 'm' }, unavailable, Date.now(), Date.now(), 0.5);
  let calls = 0;
  const health = new SharedHealth({
    exchange: async () => {
      calls += 1;
      return seen.report();
    },
  });
  const work: Promise<unknown>[] = [];
  for (let request = 0; request < 3; request++) health.refresh((each) => void work.push(each));
  await Promise.all(work);
  expect([calls, health.current.availability(target, Date.now())]).toEqual([1, 'cooling']);
  vi.advanceTimersByTime(exchangeEveryMs);
  health.refresh((each) => void work.push(each));
  expect(calls).toBe(2);
});
