// The range of the page of usage: a named one, or any days. Pure.

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const rangeNames = ['24h', '7d', '30d', 'this-month', 'last-month', '90d', '12m', 'custom'] as const;
type RangeName = (typeof rangeNames)[number];

/** What the chart's columns are. */
type TimeUnit = 'hour' | 'day' | 'month';

export interface UsageRange {
  name: RangeName;
  fromMs: number;
  /** Not included. */
  toMs: number;
  unit: TimeUnit;
}

/** Limits of the chart. */
export const chartLimits = {
  /** A longer range has a column for each day instead of each hour. */
  hours: 48,
  /** A longer range has a column for each month instead of each day. */
  days: 100,
  /** Groups with a color of their own; the others are one. */
  series: 6,
} as const;

/**
 * Returns the range. `from` and `to` are days (`YYYY-MM-DD`), both included, and count for a custom range only. Null:
 * they are not days, or out of order.
 */
export function rangeOf(
  asked: { range?: string | undefined; from?: string | undefined; to?: string | undefined },
  nowMs: number,
): UsageRange | null {
  const name = rangeNames.find((one) => one === asked.range) ?? (asked.range ? null : 'this-month');
  const span = name === null ? null : spanOf(name, asked, nowMs);
  return name === null || span === null ? null : { name, ...span, unit: unitOf(span) };
}

type Span = Pick<UsageRange, 'fromMs' | 'toMs'>;

function spanOf(
  name: RangeName,
  { from, to }: { from?: string | undefined; to?: string | undefined },
  nowMs: number,
): Span | null {
  const now = new Date(nowMs);
  const month = (offset: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1);
  const today = Math.floor(nowMs / dayMs) * dayMs;
  const lastDays = (days: number) => ({ fromMs: today - (days - 1) * dayMs, toMs: nowMs });
  switch (name) {
    case '24h':
      return { fromMs: Math.floor(nowMs / hourMs) * hourMs - 23 * hourMs, toMs: nowMs };
    case '7d':
      return lastDays(7);
    case '30d':
      return lastDays(30);
    case '90d':
      return lastDays(90);
    case 'this-month':
      return { fromMs: month(0), toMs: nowMs };
    case 'last-month':
      return { fromMs: month(-1), toMs: month(0) };
    case '12m':
      return { fromMs: month(-11), toMs: nowMs };
    case 'custom': {
      const [fromMs, lastMs] = [dayStart(from ?? ''), to ? dayStart(to) : today];
      if (fromMs === null || lastMs === null || fromMs > lastMs) return null;
      return { fromMs, toMs: lastMs + dayMs };
    }
  }
}

function dayStart(day: string): number | null {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function unitOf({ fromMs, toMs }: Span): TimeUnit {
  if (toMs - fromMs <= chartLimits.hours * hourMs) return 'hour';
  return toMs - fromMs <= chartLimits.days * dayMs ? 'day' : 'month';
}

/** Returns the keys of a range's columns, as /api/usage has them: those without a request too. */
export function columnKeys({ fromMs, toMs, unit }: UsageRange): string[] {
  const keys: string[] = [];
  if (unit === 'month') {
    const first = new Date(fromMs);
    for (let month = 0; ; month += 1) {
      const at = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1);
      if (at >= toMs) return keys;
      keys.push(new Date(at).toISOString().slice(0, 7));
    }
  }
  const step = unit === 'hour' ? hourMs : dayMs;
  for (let at = Math.floor(fromMs / step) * step; at < toMs; at += step)
    keys.push(new Date(at).toISOString().slice(0, unit === 'hour' ? undefined : 10));
  return keys;
}
