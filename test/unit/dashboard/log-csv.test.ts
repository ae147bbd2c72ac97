// Protects spreadsheets from formulas in an exported log.
import { expect, it } from 'vitest';
import { csvLine } from '../../../src/dashboard/api/log-csv.ts';
import type { LogRowView } from '../../../src/dashboard/api/log-fields.ts';

/** Returns the unquoted field of the requested model. */
function fieldOf(requested_model: string): string {
  const line = csvLine({ requested_model } as LogRowView).trimEnd();
  const [field = ''] = line.split(',').filter((text) => text !== '');
  return field.replace(/^"|"$/g, '').replaceAll('""', '"');
}

it.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(1)',
  ' =1+1',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '\n1',
  ' \u00a0 =1+1',
  '\u3000=1+1',
  '\ufeff=1+1',
  '\u200b=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
  ' ＝1+1',
])('writes %j as text', (text) => {
  expect(fieldOf(text)).toBe(`'${text}`);
});

it.each(['gpt-4o', 'a=b', ' gpt-4o', 'o1', "it's", '１+１'])('leaves %j unchanged', (text) => {
  expect(fieldOf(text)).toBe(text);
});
