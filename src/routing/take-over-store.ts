// How rows of an import get into a table: all in one batch, each only where a condition holds.
import { chunksOfJson } from '../lib/json-chunks.ts';

/** What is written where, and when a row that is there already gives way. SQL: none of it is anybody's input. */
export interface TakeOver {
  table: string;
  key: string;
  /** Of the row that comes (`excluded`) and the one that is there. */
  condition: string;
  /** What a column becomes, where that is not simply the new value. */
  assignments?: Readonly<Record<string, string>>;
}

/** Adds rows (objects by column name) and replaces those that give way. Answers how many were written. */
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
