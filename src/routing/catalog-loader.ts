// Keeps an isolate's snapshot of the catalog fresh. Reads it from D1, one read at a time, and serves the old
// snapshot meanwhile; reads it from KV when D1 is unavailable at a cold start.
import type { Config } from '../config.ts';
import { logWarning } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import { Catalog, type CatalogContents, type LiveChannel, type OverrideRow } from './catalog.ts';
import type { Channel, Group, ModelAlias } from './channel.ts';
import { demoChannels, environmentChannels, workersAiChannels } from './environment-channels.ts';

/** The maximum ages of snapshots. */
export const catalogAges = {
  /** After this, a request starts a read but does not wait for it. */
  freshMs: 15_000,
  /**
   * After this, a snapshot is not served while the database answers: a removed channel is gone everywhere within
   * a minute.
   */
  staleMs: 45_000,
} as const;

/** What is read: channels, groups, price overrides, and aliases as stored. */
export interface StoredCatalog {
  channels: Channel[];
  groups: Group[];
  overrides: OverrideRow[];
  /** Absent in copies that an older relay left in KV. */
  aliases?: ModelAlias[];
}

/** Where the catalog is read from; `snapshot` is the copy in KV. */
export interface CatalogSource {
  read(): Promise<StoredCatalog>;
  readSnapshot(): Promise<StoredCatalog | null>;
  writeSnapshot(stored: StoredCatalog): Promise<void>;
}

/** Runs work after the response: `waitUntil`. */
export type Background = (work: Promise<unknown>) => void;

export class CatalogLoader {
  private picture: { catalog: Catalog; atMs: number; reading: number } | null = null;
  private readings = 0;
  private refreshingSinceMs = 0;
  private readonly source: CatalogSource;
  private readonly config: Config;

  constructor(source: CatalogSource, config: Config) {
    this.source = source;
    this.config = config;
  }

  /**
   * Returns the catalog, at most `staleMs` old while the database answers. Throws `service_unavailable` when
   * there is no snapshot at all.
   */
  current(nowMs: number, background: Background): Catalog | Promise<Catalog> {
    const picture = this.picture;
    if (picture === null) return this.load(nowMs);
    const age = nowMs - picture.atMs;
    if (age < catalogAges.freshMs) return picture.catalog;
    if (age >= catalogAges.staleMs) return this.load(nowMs).catch(() => picture.catalog);
    if (nowMs - this.refreshingSinceMs > catalogAges.freshMs) {
      this.refreshingSinceMs = nowMs;
      background(this.load(nowMs).catch(reportStale));
    }
    return picture.catalog;
  }

  /** Reads the catalog now, and stores a copy in KV for isolates that start while the database is unavailable. */
  async refresh(nowMs: number): Promise<void> {
    const reading = this.nextReading();
    const stored = await this.source.read();
    this.show(stored, nowMs, reading);
    await this.source.writeSnapshot(stored);
  }

  private async load(nowMs: number): Promise<Catalog> {
    const reading = this.nextReading();
    try {
      return this.show(await this.source.read(), nowMs, reading);
    } catch (cause) {
      const snapshot = this.picture === null ? await this.source.readSnapshot() : null;
      if (snapshot !== null) return this.show(snapshot, nowMs, reading);
      const message = 'The list of models cannot be read at the moment. Try again shortly.';
      throw new RelayError('service_unavailable', message, { retryAfterMs: 2_000, cause });
    }
  }

  /** Reads are numbered as they begin: an earlier read never replaces a later one. */
  private nextReading(): number {
    this.readings += 1;
    return this.readings;
  }

  private show(stored: StoredCatalog, nowMs: number, reading: number): Catalog {
    const catalog = new Catalog(contents(stored, this.config));
    if (this.picture === null || this.picture.reading < reading)
      this.picture = { catalog, atMs: nowMs, reading };
    return this.picture.catalog;
  }
}

function contents(
  { channels, groups, overrides, aliases = [] }: StoredCatalog,
  config: Config,
): CatalogContents {
  const stored: LiveChannel[] = channels.map((channel) => ({
    ...channel,
    plainKeys: null,
    lastResort: false,
  }));
  const configured = [...stored, ...environmentChannels(config)];
  const served = configured.length > 0 ? configured : workersAiChannels(config);
  return {
    channels: [...served, ...demoChannels(config)],
    groups,
    overrides,
    aliases,
  };
}

function reportStale(error: unknown): void {
  logWarning('catalog-is-stale', { error });
}
