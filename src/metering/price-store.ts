// Price overrides in D1, by exact or wildcard model name. Throws when D1 fails.
import type { PriceOverride } from './price.ts';

/** An override as it is stored. */
export interface StoredPrice {
  model: string;
  price: PriceOverride;
  updatedAtMs: number;
}

export class PriceStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Returns a page ordered by name, after the name `after`. */
  async list(after: string | null, limit: number): Promise<StoredPrice[]> {
    const { results } = await this.db
      .prepare('SELECT * FROM prices WHERE model > ? ORDER BY model LIMIT ?')
      .bind(after ?? '', limit)
      .all<PriceRow>();
    return results.map(storedOfRow);
  }

  /** Returns all overrides: at most some thousands. */
  async load(): Promise<StoredPrice[]> {
    const { results } = await this.db.prepare('SELECT * FROM prices ORDER BY model').all<PriceRow>();
    return results.map(storedOfRow);
  }

  async put(stored: StoredPrice): Promise<void> {
    await this.db
      .prepare(
        `INSERT INTO prices (model, price, updated_at) VALUES (?, ?, ?)
         ON CONFLICT (model) DO UPDATE SET price = excluded.price, updated_at = excluded.updated_at`,
      )
      .bind(stored.model, JSON.stringify(stored.price), stored.updatedAtMs)
      .run();
  }

  /** Returns false if there was no such override. */
  async delete(model: string): Promise<boolean> {
    const { meta } = await this.db.prepare('DELETE FROM prices WHERE model = ?').bind(model).run();
    return meta.changes > 0;
  }

  /** Adds overrides and replaces those that were not set later. Returns how many were written. */
  async takeOver(prices: StoredPrice[]): Promise<number> {
    if (prices.length === 0) return 0;
    const { meta } = await this.db
      .prepare(
        `INSERT INTO prices (model, price, updated_at)
         SELECT value ->> '$.model', value -> '$.price', value ->> '$.updatedAtMs' FROM json_each(?) WHERE true
         ON CONFLICT (model) DO UPDATE SET price = excluded.price, updated_at = excluded.updated_at
         WHERE excluded.updated_at >= prices.updated_at`,
      )
      .bind(JSON.stringify(prices))
      .run();
    return meta.changes;
  }
}

interface PriceRow {
  model: string;
  price: string;
  updated_at: number;
}

function storedOfRow({ model, price, updated_at }: PriceRow): StoredPrice {
  return { model, price: JSON.parse(price), updatedAtMs: updated_at };
}
