// Model aliases in D1. Throws when D1 fails.
import type { ModelAlias } from './channel.ts';
import { takeOver } from './take-over-store.ts';

/** An alias as D1 holds it. */
export interface StoredAlias extends ModelAlias {
  updatedAtMs: number;
}

export class AliasStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Returns all aliases, ordered by name. */
  async load(): Promise<StoredAlias[]> {
    const { results } = await this.db.prepare('SELECT * FROM model_aliases ORDER BY name').all<AliasRow>();
    return results.map(aliasOfRow);
  }

  async find(name: string): Promise<StoredAlias | null> {
    const row = await this.db
      .prepare('SELECT * FROM model_aliases WHERE name = ?')
      .bind(name)
      .first<AliasRow>();
    return row && aliasOfRow(row);
  }

  /** Returns a page of aliases, ordered by name, after `after`. */
  async list(after: string | null, limit: number): Promise<StoredAlias[]> {
    const { results } = await this.db
      .prepare('SELECT * FROM model_aliases WHERE name > ? ORDER BY name LIMIT ?')
      .bind(after ?? '', limit)
      .all<AliasRow>();
    return results.map(aliasOfRow);
  }

  async put(alias: StoredAlias): Promise<void> {
    await this.db
      .prepare(
        `INSERT INTO model_aliases (name, models, updated_at) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET models = excluded.models, updated_at = excluded.updated_at`,
      )
      .bind(...Object.values(columnsOf(alias)))
      .run();
  }

  /** Returns false if there was no such alias. */
  async delete(name: string): Promise<boolean> {
    const { meta } = await this.db.prepare('DELETE FROM model_aliases WHERE name = ?').bind(name).run();
    return meta.changes > 0;
  }

  /** Adds aliases and replaces those that were not written later. Returns how many were written. */
  async takeOver(aliases: StoredAlias[]): Promise<number> {
    return takeOver(this.db, aliases.map(columnsOf), {
      table: 'model_aliases',
      key: 'name',
      condition: 'excluded.updated_at >= model_aliases.updated_at',
    });
  }
}

interface AliasRow {
  name: string;
  models: string;
  updated_at: number;
}

function aliasOfRow({ name, models, updated_at }: AliasRow): StoredAlias {
  return { name, models: JSON.parse(models), updatedAtMs: updated_at };
}

function columnsOf({ name, models, updatedAtMs }: StoredAlias) {
  return { name, models: JSON.stringify(models), updated_at: updatedAtMs };
}
