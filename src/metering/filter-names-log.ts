// What the values of log and usage filters stand for: ids as well as names, and models with `*`. Throws when D1 fails.
import { matches } from '../lib/wildcard.ts';

/** Values as a caller writes them. */
export interface NamedFilter {
  token?: string | undefined;
  account?: string | undefined;
  channel?: string | undefined;
}

export type FilterIds = { [name in keyof NamedFilter]: readonly string[] | undefined };

/** Ids of this form are never names that somebody chose. */
const idPattern = /^(tok|acc|ch)_/;

/**
 * Returns the ids that each value stands for: itself, and whatever has it as its name (accounts: or as their email). Names
 * need not be unique. An unknown value stays as it is, so that the rows of what was deleted can be found.
 */
export async function idsOfNames(db: D1Database, asked: NamedFilter): Promise<FilterIds> {
  const isName = (value: string | undefined) => value !== undefined && !idPattern.test(value);
  const ids = { token: idOf(asked.token), account: idOf(asked.account), channel: idOf(asked.channel) };
  if (![asked.token, asked.account, asked.channel].some(isName)) return ids;
  const { results } = await db
    .prepare(namesSql)
    .bind(asked.token ?? null, asked.account ?? null, asked.channel ?? null)
    .all<{ kind: keyof FilterIds; id: string }>();
  const all = (kind: keyof FilterIds) =>
    ids[kind] && [...ids[kind], ...results.filter((found) => found.kind === kind).map(({ id }) => id)];
  return { token: all('token'), account: all('account'), channel: all('channel') };
}

function idOf(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}

const namesSql = `SELECT 'token' AS kind, id FROM tokens WHERE name = ?1
  UNION ALL SELECT 'account', id FROM accounts WHERE name = ?2 OR email = ?2
  UNION ALL SELECT 'channel', id FROM channels WHERE name = ?3`;

/** Limits of a pattern of models. */
export const patternLimits = {
  /** The most names that it may stand for. */
  names: 1_000,
} as const;

/**
 * Returns the requested models that a pattern stands for, of all that were ever used: at most one more than the limit. A
 * name without `*` stands for itself.
 */
export async function modelsLike(db: D1Database, pattern: string): Promise<readonly string[]> {
  if (!pattern.includes('*')) return [pattern];
  const { results } = await db.prepare(modelNamesSql).all<{ name: string }>();
  return results
    .map(({ name }) => name)
    .filter((name) => matches(pattern, name))
    .slice(0, patternLimits.names + 1);
}

/** One step of the index for each name; and the names of days whose sums are not computed yet. */
const modelNamesSql = `WITH RECURSIVE known (name) AS (
    SELECT MIN(key) FROM usage_totals INDEXED BY usage_totals_by_key WHERE dimension = 'model'
    UNION ALL
    SELECT (SELECT MIN(key) FROM usage_totals INDEXED BY usage_totals_by_key WHERE dimension = 'model' AND key > name)
    FROM known WHERE name IS NOT NULL)
  SELECT name FROM known WHERE name <> ''
  UNION SELECT model FROM usage_dirty CROSS JOIN usage_hourly ON hour >= at * 24 AND hour < at * 24 + 24
    WHERE unit = 'day' AND model <> ''`;

/** Returns the tokens of the newest rows, the latest first: those whose ledgers may have rows that wait. */
export async function recentTokens(db: D1Database, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT token_id AS id FROM (SELECT token_id, created_at FROM request_log ORDER BY created_at DESC, id DESC LIMIT 500)
       GROUP BY 1 ORDER BY MAX(created_at) DESC LIMIT ?`,
    )
    .bind(limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}
