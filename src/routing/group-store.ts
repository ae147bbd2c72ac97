// Groups in D1. The management API applies an edit to the ledgers of the group's tokens. Throws when D1 fails.
import type { Group } from './channel.ts';
import { takeOver } from './take-over-store.ts';

/** The fields that an edit may change. Absent fields stay; lists and limits are replaced whole. */
export type GroupChanges = Partial<Omit<Group, 'name' | 'version'>>;

export class GroupStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Returns all groups, ordered by name. */
  async load(): Promise<Group[]> {
    const { results } = await this.db.prepare('SELECT * FROM groups ORDER BY name').all<GroupRow>();
    return results.map(groupOfRow);
  }

  async find(name: string): Promise<Group | null> {
    const row = await this.db.prepare('SELECT * FROM groups WHERE name = ?').bind(name).first<GroupRow>();
    return row && groupOfRow(row);
  }

  /** Returns a page of groups, ordered by name, after `after`. */
  async list(after: string | null, limit: number): Promise<Group[]> {
    const { results } = await this.db
      .prepare('SELECT * FROM groups WHERE name > ? ORDER BY name LIMIT ?')
      .bind(after ?? '', limit)
      .all<GroupRow>();
    return results.map(groupOfRow);
  }

  /** Returns false if a group of that name exists. */
  async insert(group: Group): Promise<boolean> {
    const columns = columnsOfGroup(group);
    const names = Object.keys(columns);
    const { meta } = await this.db
      .prepare(
        `INSERT INTO groups (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
      )
      .bind(...Object.values(columns))
      .run();
    return meta.changes > 0;
  }

  /** Applies an edit and raises the version, in one atomic statement. Returns null if there is no such group. */
  async update(name: string, changes: GroupChanges): Promise<Group | null> {
    const columns = columnsOfChanges(changes);
    const set = [...Object.keys(columns).map((column) => `${column} = ?`), 'version = version + 1'];
    const row = await this.db
      .prepare(`UPDATE groups SET ${set.join(', ')} WHERE name = ? RETURNING *`)
      .bind(...Object.values(columns), name)
      .first<GroupRow>();
    return row && groupOfRow(row);
  }

  /** Returns false if a token or an account is in the group, or it does not exist. */
  async deleteUnused(name: string): Promise<boolean> {
    const { meta } = await this.db
      .prepare(
        `DELETE FROM groups WHERE name = ?1
         AND NOT EXISTS (SELECT 1 FROM tokens WHERE group_name = ?1 AND status <> 'deleted')
         AND NOT EXISTS (SELECT 1 FROM accounts WHERE group_name = ?1)`,
      )
      .bind(name)
      .run();
    return meta.changes > 0;
  }

  /**
   * Adds groups, and replaces older versions. A different group of the same version is replaced too and gets a
   * higher version, so that ledgers notice. Returns how many were written.
   */
  async takeOver(groups: Group[]): Promise<number> {
    const bounds = ['price_multiplier_millionths', 'models', 'channels', 'limits'];
    const differs = bounds.map((name) => `groups.${name} <> excluded.${name}`).join(' OR ');
    return takeOver(this.db, groups.map(columnsOfGroup), {
      table: 'groups',
      key: 'name',
      condition: `excluded.version > groups.version OR (excluded.version = groups.version AND (${differs}))`,
      assignments: { version: 'MAX(excluded.version, groups.version + 1)' },
    });
  }
}

interface GroupRow {
  name: string;
  price_multiplier_millionths: number;
  models: string;
  channels: string;
  limits: string;
  version: number;
}

function groupOfRow(row: GroupRow): Group {
  return {
    name: row.name,
    version: row.version,
    priceMultiplierMillionths: row.price_multiplier_millionths,
    models: JSON.parse(row.models),
    channels: JSON.parse(row.channels),
    limits: JSON.parse(row.limits),
  };
}

function columnsOfGroup(group: Group): Record<string, string | number> {
  return { name: group.name, ...columnsOfChanges(group), version: group.version };
}

function columnsOfChanges(changes: GroupChanges): Record<string, string | number> {
  const { priceMultiplierMillionths, models, channels, limits } = changes;
  return {
    ...(priceMultiplierMillionths !== undefined && {
      price_multiplier_millionths: priceMultiplierMillionths,
    }),
    ...(models !== undefined && { models: JSON.stringify(models) }),
    ...(channels !== undefined && { channels: JSON.stringify(channels) }),
    ...(limits !== undefined && { limits: JSON.stringify(limits) }),
  };
}
