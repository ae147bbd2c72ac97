// Keeps an isolate's snapshot of the catalog fresh. Reads it from D1, one read at a time, and serves the old
// snapshot meanwhile; reads it from KV when D1 is unavailable at a cold start.
import type { Config } from '../config.ts';
import { logWarning } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { StoredModelOverride } from '../models/model-override.ts';
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

/** What is read: channels, groups, overrides of prices and models, and aliases as stored. */
export interface StoredCatalog {
  channels: Channel[];
  groups: Group[];
  overrides: OverrideRow[];
  /** Absent in copies that an older relay left in KV. */
  aliases?: ModelAlias[];
  /** Absent likewise. */
  models?: StoredModelOverride[];
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
  private latest: { catalog: Catalog; atMs: number; reading: number } | null = null;
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
    const latest = this.latest;
    if (latest === null) return this.load(nowMs);
    const age = nowMs - latest.atMs;
    if (age < catalogAges.freshMs) return latest.catalog;
    if (age >= catalogAges.staleMs) return this.load(nowMs).catch(() => latest.catalog);
    if (nowMs - this.refreshingSinceMs > catalogAges.freshMs) {
      this.refreshingSinceMs = nowMs;
      background(this.load(nowMs).catch(reportStale));
    }
    return latest.catalog;
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
      const snapshot = this.latest === null ? await this.source.readSnapshot() : null;
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
    if (this.latest === null || this.latest.reading < reading)
      this.latest = { catalog, atMs: nowMs, reading };
    return this.latest.catalog;
  }
}

function contents(
  { channels, groups, overrides, aliases = [], models = [] }: StoredCatalog,
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
    models: new Map(models.map(({ model, fields }) => [model, fields])),
  };
}

function reportStale(error: unknown): void {
  logWarning('catalog-is-stale', { error });
}
