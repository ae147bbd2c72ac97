// Selects the price override of a model.
import { expect, it } from 'vitest';
import { Catalog } from '../../../src/routing/catalog.ts';

const catalog = (...models: string[]) =>
  new Catalog({
    channels: [],
    groups: [],
    aliases: [],
    overrides: models.map((model, index) => ({ model, price: { input: index + 1, output: 0 } })),
  });
const chosen = (model: string, ...models: string[]) => {
  const price = catalog(...models).override(model);
  return price === null ? null : models[price.input - 1];
};

it.each([
  ['gpt-4o', ['gpt-*', 'gpt-4o', '*'], 'gpt-4o'],
  ['gpt-4o-mini', ['gpt-*', 'gpt-4o', '*'], 'gpt-*'],
  ['gpt-4o-mini', ['gpt-*', 'gpt-4o*', '*'], 'gpt-4o*'],
  ['meta/llama', ['*', 'meta/*'], 'meta/*'],
  ['claude', ['gpt-*'], null],
  ['gpt-*', ['gpt-*'], 'gpt-*'],
  // Of equally long patterns, the first by name, which is the stored order.
  ['abc', ['*c', 'a*'], '*c'],
])('finds the override of %s in %j: %s', (model, models, expected) => {
  expect(chosen(model, ...models)).toBe(expected);
});
