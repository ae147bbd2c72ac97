import { expect, it } from 'vitest';
import type { TargetHealth } from '../../../src/routing/health.ts';
import { HealthAlerts } from '../../../src/routing/health-alerts.ts';

const health = (failures: number, fields: Partial<TargetHealth> = {}): TargetHealth => ({
  failures,
  coolUntilMs: 0,
  retryAfterUntilMs: 0,
  isLimited: false,
  isRefused: false,
  lastError: failures === 0 ? null : 'status 502',
  lastErrorAtMs: failures,
  firstByteMs: null,
  changedAtMs: 1,
  ...fields,
});

function follow(reports: readonly Record<string, TargetHealth>[]): string[] {
  const alerts = new HealthAlerts();
  return reports.flatMap((report) => {
    const signals = alerts.signalsOf(report);
    alerts.arrived(report);
    return signals.map(({ event, subject, status }) => `${event} ${subject} ${status}`);
  });
}

it('reports a channel that fails three times in a row, once, and its recovery', () => {
  const reports = [1, 2, 3, 4, 0, 0].map((failures) => ({ ch: health(failures, { lastErrorAtMs: 1 }) }));
  expect(follow(reports)).toEqual([
    'channel.down ch opened',
    'channel.down ch resolved',
    'channel.key_rejected ch resolved',
  ]);
});

it('reports a rejected key, once, and its end', () => {
  const rejected = { 'ch/k': health(1, { isRefused: true }) };
  const well = { 'ch/k': health(0, { lastErrorAtMs: 1 }) };
  expect(follow([rejected, rejected, well, well])).toEqual([
    'channel.key_rejected ch/k opened',
    'channel.key_rejected ch/k resolved',
  ]);
});

it('reports the recovery of what failed before it was there', () => {
  expect(follow([{ ch: health(0, { lastErrorAtMs: 5 }) }])[0]).toBe('channel.down ch resolved');
});

it('is silent about healthy targets, limits of models, and failures of keys that are not rejections', () => {
  expect(follow([{ ch: health(0), 'ch/k': health(0), 'ch/k#gpt': health(9), 'ch/j': health(9) }])).toEqual(
    [],
  );
});

it('reports again what has not arrived', () => {
  const alerts = new HealthAlerts();
  const report = { ch: health(3) };
  expect(alerts.signalsOf(report)).toHaveLength(1);
  expect(alerts.signalsOf(report)).toHaveLength(1);
  alerts.arrived(report);
  expect(alerts.signalsOf(report)).toHaveLength(0);
});
