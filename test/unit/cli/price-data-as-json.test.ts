import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { tableAsJson } from '../../../src/cli/price-data-as-json.ts';

it('converts the table of the installed price package to JSON with the same values', async () => {
  const path = createRequire(import.meta.url)
    .resolve('@pydantic/genai-prices')
    .replace(/cjs$/, 'js');
  const source = readFileSync(path, 'utf8');
  const rewritten = tableAsJson(source);
  expect(rewritten.length).toBeLessThan(source.length * 0.8);
  const load = (text: string) => import(`data:text/javascript,${encodeURIComponent(text)}`);
  const question = { input_tokens: 1_000, output_tokens: 10 };
  const prices = ({ calcPrice }: typeof import('@pydantic/genai-prices')) =>
    [
      ['gpt-4o', 'openai'],
      ['claude-sonnet-4-5', 'anthropic'],
      ['gemini-2.5-pro', 'google'],
    ].map(([model = '', providerId = '']) => calcPrice(question, model, { providerId })?.total_price);
  expect(prices(await load(rewritten))).toEqual(prices(await load(source)));
  expect(prices(await load(rewritten))).not.toContain(undefined);
});

it('leaves a source unchanged if it does not begin with a table that JSON can represent', () => {
  for (const source of [
    'export const x = 1;',
    'const E = [\n  undefined\n];',
    'const E = [\n  new Date(0)\n];',
  ])
    expect(tableAsJson(source)).toBe(source);
});
