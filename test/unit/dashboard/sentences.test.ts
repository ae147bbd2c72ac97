// The English of the dashboard: sentences and turns of phrase that were replaced do not come back.
import { expect, it } from 'vitest';
import { en } from '../../../src/dashboard/i18n/en.ts';
import old from './old-sentences.json' with { type: 'json' };

/** Returns every text, with functions called on names. */
function textsOf(part: unknown): string[] {
  if (typeof part === 'string') return [part];
  if (typeof part === 'function') return [String(part('2', '3', '4'))];
  return Object.values(part as object).flatMap(textsOf);
}

const texts = textsOf(en);

it('has none of the old sentences', () => {
  expect(old.length).toBeGreaterThan(80);
  const found = old.filter((sentence) => texts.some((text) => text === sentence));
  expect(found).toEqual([]);
});

/** Each with what to write instead. */
const phrases: Readonly<Record<string, RegExp>> = {
  'per minute, per line': /\b(one|requests|tokens) a (line|minute)\b/i,
  'cannot be undone': /for ever/i,
  'Select none to allow all.': /none chosen/i,
  'base URL': /base address/i,
  '15 minutes': /quarter of an hour/i,
  attempts: /\btries\b/i,
  someone: /\bsomebody\b/i,
  'an action, in the imperative': /: it is to\b|\bthat it may\b|\bit is for\b/i,
};

it.each(Object.entries(phrases))('writes “%s”, never %s', (_better, phrase) => {
  expect(texts.filter((text) => phrase.test(text))).toEqual([]);
});
