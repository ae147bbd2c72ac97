// Writes rows of an import into a table, all in one batch, each only if a condition holds.
import { chunksOfJson } from '../lib/json.ts';

/** What is written where, and when an existing row is replaced. SQL that never contains anybody's input. */
export interface TakeOver {
  table: string;
  key: string;
  /** Compares the new row (`excluded`) with the existing one. */
  condition: string;
  /** New values of columns that do not simply take the imported value. */
  assignments?: Readonly<Record<string, string>>;
}

/** Adds rows (objects by column name) and replaces those that meet the condition. Returns how many were written. */
export async function takeOver(db: D1Database, rows: object[], how: TakeOver): Promise<number> {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return 0;
  const set = names.map((name) => `${name} = ${how.assignments?.[name] ?? `excluded.${name}`}`);
  const sql = `INSERT INTO ${how.table} (${names.join(', ')})
    SELECT ${names.map((name) => `value ->> '$.${name}'`).join(', ')} FROM json_each(?) WHERE true
    ON CONFLICT (${how.key}) DO UPDATE SET ${set.join(', ')} WHERE ${how.condition}`;
  const answers = await db.batch(chunksOfJson(rows).map((chunk) => db.prepare(sql).bind(chunk)));
  return answers.reduce((sum, { meta }) => sum + meta.changes, 0);
}
