// Limits the age of an isolate's catalog snapshot.
import { expect, it, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { CatalogLoader, catalogAges, type StoredCatalog } from '../../../src/routing/catalog-loader.ts';
import { plainChannel as channel } from '../../support/plain-channel.ts';

const startMs = 1_000_000;

function world() {
  const stored: StoredCatalog = { channels: [channel('one')], groups: [], overrides: [], aliases: [] };
  const source = {
    stored,
    away: false,
    snapshot: null as StoredCatalog | null,
    reads: 0,
    read: async () => {
      source.reads += 1;
      if (source.away) throw new Error('D1 is away');
      return structuredClone(source.stored);
    },
    readSnapshot: async () => source.snapshot,
    writeSnapshot: async (snapshot: StoredCatalog) => {
      source.snapshot = snapshot;
    },
  };
  const loader = new CatalogLoader(source, readConfig({} as never));
  const background: Promise<unknown>[] = [];
  const idsAt = async (nowMs: number) => {
    const catalog = await loader.current(startMs + nowMs, (work) => background.push(work));
    return catalog.channelsFor({ group: 'default', bounds: { channels: [] } }).map(({ id }) => id);
  };
  return { source, loader, idsAt, settle: () => Promise.all(background) };
}

it('is at most a minute behind the database, even if background reads fail', () => {
  expect(catalogAges.staleMs).toBeLessThan(60_000);
});

it('shows a busy isolate a change at the first request after the fresh period', async () => {
  const { source, idsAt, settle } = world();
  expect(await idsAt(0)).toEqual(['one']);
  source.stored.channels = [channel('two')];
  expect(await idsAt(catalogAges.freshMs - 1)).toEqual(['one']);
  expect(await idsAt(catalogAges.freshMs)).toEqual(['one']);
  await settle();
  expect([await idsAt(catalogAges.freshMs + 1), source.reads]).toEqual([['two'], 2]);
});

it('shows an idle isolate a change at its first request after the stale period', async () => {
  const { source, idsAt } = world();
  await idsAt(0);
  source.stored.channels = [];
  expect(await idsAt(catalogAges.staleMs)).toEqual([]);
});

it('continues with the current catalog during a database outage, and with the KV copy on a cold start', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { source, loader, idsAt } = world();
  await loader.refresh(startMs + 0);
  source.away = true;
  expect(await idsAt(catalogAges.staleMs * 100)).toEqual(['one']);
  const cold = world();
  cold.source.away = true;
  await expect(cold.idsAt(0)).rejects.toThrow('cannot be read');
  cold.source.snapshot = { channels: [channel('three')], groups: [], overrides: [] };
  expect(await cold.idsAt(0)).toEqual(['three']);
  warn.mockRestore();
});

it('never replaces a catalog with one whose read began earlier', async () => {
  const { source, loader, idsAt, settle } = world();
  await idsAt(0);
  const slow = Promise.withResolvers<void>();
  const read = source.read;
  source.read = async () => {
    const old = await read();
    await slow.promise;
    return old;
  };
  await idsAt(catalogAges.freshMs);
  source.read = read;
  source.stored.channels = [channel('two')];
  await loader.refresh(startMs + catalogAges.freshMs + 1);
  slow.resolve();
  await settle();
  expect(await idsAt(catalogAges.freshMs + 2)).toEqual(['two']);
});
