// Columns of a chart over time: every hour or day of the range, those without a request too. Pure.
import type { UsageRow } from './usage-table.tsx';

const stepMs = { hour: 3_600_000, day: 86_400_000 } as const;

/** `fromMs` and `toMs` are in the first and the last column. */
export function timeColumns(rows: readonly UsageRow[], by: 'hour' | 'day', fromMs: number, toMs: number) {
  const known = new Map(rows.map(({ key, cost_usd }) => [key, cost_usd]));
  const step = stepMs[by];
  const first = Math.floor(fromMs / step);
  const count = Math.floor(toMs / step) - first + 1;
  return Array.from({ length: count }, (_, index) => {
    const iso = new Date((first + index) * step).toISOString();
    const key = by === 'hour' ? iso : iso.slice(0, 10);
    const label = by === 'hour' ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : key;
    return { label, value: known.get(key) ?? 0 };
  });
}
