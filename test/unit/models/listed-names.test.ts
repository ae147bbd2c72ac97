import { expect, it } from 'vitest';
import { listedNames } from '../../../src/models/listed-names.ts';

const november = Date.parse('2026-11-15T00:00:00Z');

it.each([
  ['openai', ['ft:gpt-3.5-turbo-', 'gpt-3.5-0301', 'ada', 'gpt-4o:extended', 'gpt-4o-mini-2024-07-18.ft-']],
  ['anthropic', ['claude-v1', 'claude-2', 'claude-3-sonnet']],
  ['gemini', ['gemini-flash-1.5', 'gemini-pro-1.5', 'claude-opus-5']],
] as const)('lists no name of the price table that %s does not have', async (provider, names) => {
  const listed = await listedNames(provider, november);
  expect(names.filter((name) => listed.includes(name))).toEqual([]);
});

it.each([
  ['openai', ['gpt-6.2-sol', 'gpt-4o', 'text-embedding-3-small', 'whisper-1', 'gpt-image-2']],
  ['anthropic', ['claude-opus-5-5', 'claude-sonnet-4-5']],
  ['gemini', ['gemini-3.8-flash', 'gemini-embedding-001']],
] as const)('lists models of %s with and without a chat', async (provider, names) => {
  expect(await listedNames(provider, november)).toEqual(expect.arrayContaining([...names]));
});

it('lists a model on its announced last day, and not on the next', async () => {
  const listed = (time: string) => listedNames('openai', Date.parse(time));
  expect(await listed('2026-12-11T23:59:59Z')).toContain('gpt-5');
  expect(await listed('2026-12-12T00:00:00Z')).not.toContain('gpt-5');
});
