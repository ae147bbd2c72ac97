import { afterEach, expect, it, vi } from 'vitest';
import { startCron } from '../../../../src/cli/host/cron.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('runs at the given minute of the hour, in UTC, until it is stopped', async () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 0, 16, 30) });
  const runs: string[] = [];
  const stop = startCron(['17 * * * *', '5 3 * * *'], async (cron) => {
    runs.push(`${new Date().toISOString().slice(11, 16)} ${cron}`);
  });
  await vi.advanceTimersByTimeAsync(4 * 3_600_000);
  stop();
  await vi.advanceTimersByTimeAsync(86_400_000);
  const hourly = ['00', '01', '02', '03'].map((hour) => `${hour}:17 17 * * * *`);
  expect(runs.sort()).toEqual([...hourly, '03:05 5 3 * * *'].sort());
});

it('reports a failed run, and continues', async () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const stop = startCron(['17 * * * *'], () => Promise.reject(new Error('the database is away')));
  await vi.advanceTimersByTimeAsync(2 * 3_600_000);
  stop();
  expect(errors.mock.calls).toEqual(Array(2).fill(['cron 17 * * * *: the database is away']));
});
