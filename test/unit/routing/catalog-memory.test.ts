// What a snapshot remembers of repeated models: the channels for each scope, and the price override.
import { expect, it } from 'vitest';
import { Catalog, type LiveChannel, rememberedModels } from '../../../src/routing/catalog.ts';

const channel = (id: string, fields: object) =>
  ({
    id,
    enabled: true,
    groups: [],
    models: ['*'],
    modelMap: {},
    lastResort: false,
    ...fields,
  }) as unknown as LiveChannel;

/** Counts how often the channels and the overrides are searched. */
function countedCatalog() {
  const searches = { channels: 0, overrides: 0 };
  const contents = {
    get channels() {
      searches.channels += 1;
      return [channel('all', {}), channel('team', { groups: ['team'] })];
    },
    get overrides() {
      searches.overrides += 1;
      return [{ model: 'known', price: { input: 1, output: 1 } }];
    },
    groups: [],
    aliases: [],
  };
  return { catalog: new Catalog(contents), searches };
}

const scope = (group: string, ...channels: string[]) => ({ group, bounds: { channels } });

it('searches the channels of a model once for each scope', () => {
  const { catalog, searches } = countedCatalog();
  for (let round = 0; round < 3; round++) {
    expect(catalog.serves('m', scope('default'))).toBe(true);
    expect(catalog.serves('m', scope('default', 'team'))).toBe(false);
    expect(catalog.serves('m', scope('team', 'team'))).toBe(true);
    expect(catalog.serves('../m', scope('team'))).toBe(false);
  }
  expect(searches.channels).toBe(3);
});

it('does not mix a model with the scope of another', () => {
  const { catalog } = countedCatalog();
  expect(catalog.serves('m","default', scope('team', 'team'))).toBe(true);
  expect(catalog.serves('m', scope('default","team', 'team'))).toBe(false);
});

it('searches the price override of a model once, even if it finds no override', () => {
  const { catalog, searches } = countedCatalog();
  for (let round = 0; round < 3; round++) {
    expect(catalog.override('known')).toEqual({ input: 1, output: 1 });
    expect(catalog.override('unknown')).toBeNull();
  }
  expect(searches.overrides).toBe(2);
});

it('forgets when there are too many models, and is right afterwards', () => {
  const { catalog, searches } = countedCatalog();
  for (let index = 0; index <= rememberedModels; index++) catalog.override(`model-${index}`);
  expect(searches.overrides).toBe(rememberedModels + 1);
  expect(catalog.override('known')).toEqual({ input: 1, output: 1 });
  catalog.override('model-0');
  expect(searches.overrides).toBe(rememberedModels + 3);
});
