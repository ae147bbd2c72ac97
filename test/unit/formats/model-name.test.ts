import { expect, it } from 'vitest';
import { isModelName, modelNameLimits } from '../../../src/formats/request-checks.ts';

const longest = modelNameLimits.characters;

it.each([
  'gpt-4o',
  'openai/gpt-4o:free',
  '@cf/meta/llama',
  'Qwen 2.5',
  'модель',
  '模型',
  'm'.repeat(longest),
  '😀'.repeat(longest),
])('accepts the model name %j', (name) => {
  expect(isModelName(name)).toBe(true);
});

it.each([
  '',
  ' ',
  ' gpt',
  'gpt ',
  'gpt\n',
  'g\tpt',
  'g\u0000pt',
  'g\u200bpt',
  'g\u2028pt',
  '\u00a0gpt',
  'g\u00a0pt',
  '\ud800',
  'm'.repeat(longest + 1),
  '😀'.repeat(longest + 1),
])('refuses the model name %j', (name) => {
  expect(isModelName(name)).toBe(false);
});
