// Channels in D1, with sealed keys. Throws when D1 fails.
import type { ProviderName } from '../providers/provider-name.ts';
import type { Channel } from './channel.ts';
import { takeOver } from './take-over-store.ts';

/** A channel as D1 holds it. */
export interface ChannelRecord {
  channel: Channel;
  createdAtMs: number;
  updatedAtMs: number;
}

/** The fields that an edit may change. Absent fields stay; lists and maps are replaced whole. */
export type ChannelChanges = Partial<Omit<Channel, 'id'>>;

/** The start of a page of the newest-first list: after this row. */
export interface ChannelPosition {
  createdAtMs: number;
  id: string;
}

export class RoutingStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Returns all channels, including disabled ones, with sealed keys, ordered by id. */
  async loadChannels(): Promise<Channel[]> {
    const { results } = await this.db.prepare('SELECT * FROM channels ORDER BY id').all<ChannelRow>();
    return results.map((row) => recordOfRow(row).channel);
  }

  async find(id: string): Promise<ChannelRecord | null> {
    const row = await this.db.prepare('SELECT * FROM channels WHERE id = ?').bind(id).first<ChannelRow>();
    return row && recordOfRow(row);
  }

  /** Returns a page, newest first. There are tens of channels, so the order needs no index. */
  async list(after: ChannelPosition | null, limit: number): Promise<ChannelRecord[]> {
    const { createdAtMs, id } = after ?? { createdAtMs: Number.MAX_SAFE_INTEGER, id: '' };
    const { results } = await this.db
      .prepare(
        'SELECT * FROM channels WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?',
      )
      .bind(createdAtMs, id, limit)
      .all<ChannelRow>();
    return results.map(recordOfRow);
  }

  async insert(record: ChannelRecord): Promise<void> {
    await this.takeOverChannels([record]);
  }

  /**
   * Applies an edit. `before`: only while the channel's keys, provider, address, and headers are still those
   * (null: unconditionally). Returns null if there is no such channel, or if one of them was changed meanwhile.
   */
  async update(
    id: string,
    changes: ChannelChanges,
    before: Pick<Channel, 'keys' | 'provider' | 'baseUrl' | 'headers'> | null,
    nowMs: number,
  ): Promise<ChannelRecord | null> {
    const columns = { ...columnsOfChannel(changes), updated_at: nowMs };
    const set = Object.keys(columns).map(assign).join(', ');
    const same = 'json(keys) = json(?) AND provider = ? AND base_url IS ? AND json(headers) = json(?)';
    const row = await this.db
      .prepare(`UPDATE channels SET ${set} WHERE id = ? ${before === null ? '' : `AND ${same}`} RETURNING *`)
      .bind(...Object.values(columns), id, ...(before === null ? [] : boundOf(before)))
      .first<ChannelRow>();
    return row && recordOfRow(row);
  }

  /** Returns false if there was no such channel. */
  async delete(id: string): Promise<boolean> {
    const { meta } = await this.db.prepare('DELETE FROM channels WHERE id = ?').bind(id).run();
    return meta.changes > 0;
  }

  /** Adds channels and replaces those that were not edited later. Returns how many were written. */
  async takeOverChannels(records: ChannelRecord[]): Promise<number> {
    const rows = records.map(({ channel, createdAtMs, updatedAtMs }) => ({
      id: channel.id,
      ...columnsOfChannel(channel),
      created_at: createdAtMs,
      updated_at: updatedAtMs,
    }));
    return takeOver(this.db, rows, {
      table: 'channels',
      key: 'id',
      condition: 'excluded.updated_at >= channels.updated_at',
    });
  }
}

interface ChannelRow {
  id: string;
  name: string;
  provider: string;
  base_url: string | null;
  keys: string;
  models: string;
  model_map: string;
  priority: number;
  weight: number;
  enabled: number;
  headers: string;
  groups: string;
  settings: string;
  created_at: number;
  updated_at: number;
}

function recordOfRow(row: ChannelRow): ChannelRecord {
  const channel: Channel = {
    id: row.id,
    name: row.name,
    provider: row.provider as ProviderName,
    baseUrl: row.base_url,
    keys: JSON.parse(row.keys),
    models: JSON.parse(row.models),
    modelMap: JSON.parse(row.model_map),
    priority: row.priority,
    weight: row.weight,
    enabled: row.enabled === 1,
    headers: JSON.parse(row.headers),
    groups: JSON.parse(row.groups),
    settings: JSON.parse(row.settings),
  };
  return { channel, createdAtMs: row.created_at, updatedAtMs: row.updated_at };
}

function columnsOfChannel(changes: ChannelChanges): Record<string, string | number | null> {
  const { name, provider, baseUrl, priority, weight, enabled } = changes;
  const { keys, models, modelMap, headers, groups, settings } = changes;
  return {
    ...(name !== undefined && { name }),
    ...(provider !== undefined && { provider }),
    ...(baseUrl !== undefined && { base_url: baseUrl }),
    ...(keys !== undefined && { keys: JSON.stringify(keys) }),
    ...(models !== undefined && { models: JSON.stringify(models) }),
    ...(modelMap !== undefined && { model_map: JSON.stringify(modelMap) }),
    ...(priority !== undefined && { priority }),
    ...(weight !== undefined && { weight }),
    ...(enabled !== undefined && { enabled: enabled ? 1 : 0 }),
    ...(headers !== undefined && { headers: JSON.stringify(headers) }),
    ...(groups !== undefined && { groups: JSON.stringify(groups) }),
    ...(settings !== undefined && { settings: JSON.stringify(settings) }),
  };
}

function boundOf({
  keys,
  provider,
  baseUrl,
  headers,
}: Pick<Channel, 'keys' | 'provider' | 'baseUrl' | 'headers'>) {
  return [JSON.stringify(keys), provider, baseUrl, JSON.stringify(headers)];
}

function assign(column: string): string {
  return `${column} = ?`;
}
