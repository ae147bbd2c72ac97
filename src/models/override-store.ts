// Overrides of models' metadata in D1, by exact name. Throws when D1 fails.
import type { StoredModelOverride } from './model-override.ts';

export class ModelOverrideStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Returns a page ordered by name, after the name `after`. */
  async list(after: string | null, limit: number): Promise<StoredModelOverride[]> {
    const { results } = await this.db
      .prepare('SELECT * FROM model_overrides WHERE model > ? ORDER BY model LIMIT ?')
      .bind(after ?? '', limit)
      .all<OverrideRow>();
    return results.map(storedOfRow);
  }

  /** Returns all overrides: at most some thousands. */
  async load(): Promise<StoredModelOverride[]> {
    const { results } = await this.db.prepare('SELECT * FROM model_overrides').all<OverrideRow>();
    return results.map(storedOfRow);
  }

  async put({ model, fields, updatedAtMs }: StoredModelOverride): Promise<void> {
    await this.db
      .prepare(
        `INSERT INTO model_overrides (model, fields, updated_at) VALUES (?, ?, ?)
         ON CONFLICT (model) DO UPDATE SET fields = excluded.fields, updated_at = excluded.updated_at`,
      )
      .bind(model, JSON.stringify(fields), updatedAtMs)
      .run();
  }

  /** Returns false if there was no such override. */
  async delete(model: string): Promise<boolean> {
    const { meta } = await this.db.prepare('DELETE FROM model_overrides WHERE model = ?').bind(model).run();
    return meta.changes > 0;
  }
}

interface OverrideRow {
  model: string;
  fields: string;
  updated_at: number;
}

function storedOfRow({ model, fields, updated_at }: OverrideRow): StoredModelOverride {
  return { model, fields: JSON.parse(fields), updatedAtMs: updated_at };
}
