// Sums of usage as CSV (RFC 4180).
import type { UsageSums } from '../../metering/usage-log.ts';
import type { UsageGrouping } from '../../metering/usage-query.ts';
import { csvField } from './log-csv.ts';
import { usageSums, usageView } from './usage-fields.ts';

const sums = Object.keys(usageSums.shape) as (keyof typeof usageSums.shape)[];

/** Rows that are written together. */
const rowsAtATime = 1_000;

/** Writes the header line, with the groupings by their names, then a line for each row. */
export async function* usageCsv(
  groupings: readonly UsageGrouping[],
  rows: readonly UsageSums[],
): AsyncGenerator<string> {
  yield `${[...groupings, ...sums].join(',')}\r\n`;
  for (let at = 0; at < rows.length; at += rowsAtATime)
    yield rows
      .slice(at, at + rowsAtATime)
      .map((row) => usageLine(groupings, row))
      .join('');
}

function usageLine(groupings: readonly UsageGrouping[], row: UsageSums): string {
  const view = usageView(groupings, row);
  const keys = groupings.length === 1 ? [view.key] : [view.key, view.second_key];
  return `${[...keys, ...sums.map((name) => view[name])].map(csvField).join(',')}\r\n`;
}
