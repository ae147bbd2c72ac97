// Imports tokens into D1, a few hundred at a time. Safe to repeat.
import { chunksOfJson } from '../lib/json.ts';
import type { TokenRecord } from './columns.ts';
import { columnsOfRecord } from './columns.ts';
import type { TokenPolicy, TokenStatus } from './token.ts';

/** Columns that keep their value when the token already exists; the last two keep the higher figure. */
const unchanged = ['id', 'created_at', 'spent_nano_usd', 'last_used_at'];

/**
 * Imports tokens: adds new ones, replaces older versions, never lowers what is recorded as spent, leaves deleted
 * ones deleted. Returns the ids that are now as given. A token of an unknown account is not imported.
 */
export async function takeOverTokens(db: D1Database, records: TokenRecord[]): Promise<Set<string>> {
  const rows = records.map(columnsOfRecord);
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return new Set();
  const replaced = names.filter((name) => !unchanged.includes(name));
  const sql = `INSERT INTO tokens (${names.join(', ')})
    SELECT ${names.map((name) => `value ->> '$.${name}'`).join(', ')} FROM json_each(?)
    WHERE value ->> '$.account_id' IN (SELECT id FROM accounts WHERE deleted_at IS NULL)
    ON CONFLICT (id) DO UPDATE SET ${replaced.map((name) => `${name} = excluded.${name}`).join(', ')},
      spent_nano_usd = MAX(tokens.spent_nano_usd, excluded.spent_nano_usd),
      last_used_at = COALESCE(MAX(tokens.last_used_at, excluded.last_used_at), tokens.last_used_at, excluded.last_used_at)
    WHERE tokens.status <> 'deleted' AND excluded.version >= tokens.version
    RETURNING id`;
  const answers = await db.batch<{ id: string }>(
    chunksOfJson(rows).map((chunk) => db.prepare(sql).bind(chunk)),
  );
  const taken = new Set(answers.flatMap(({ results }) => results.map(({ id }) => id)));
  const policies = records.map(({ policy }) => policy).filter(({ tokenId }) => taken.has(tokenId));
  await replaceHashes(db, policies);
  return taken;
}

async function replaceHashes(db: D1Database, policies: TokenPolicy[]): Promise<void> {
  const ids = JSON.stringify(policies.map(({ tokenId }) => tokenId));
  const hashes = policies.flatMap(({ tokenId, hashes }) => hashes.map((hash) => ({ ...hash, tokenId })));
  await db.batch([
    db.prepare('DELETE FROM token_hashes WHERE token_id IN (SELECT value FROM json_each(?))').bind(ids),
    db
      .prepare(
        `INSERT OR IGNORE INTO token_hashes (hash, token_id, valid_until)
         SELECT value ->> '$.hash', value ->> '$.tokenId', value ->> '$.validUntilMs' FROM json_each(?)`,
      )
      .bind(JSON.stringify(hashes)),
  ]);
}

/** Returns D1's records of these tokens, including deleted ones. */
export async function standingOf(
  db: D1Database,
  ids: string[],
): Promise<Map<string, { status: TokenStatus; version: number }>> {
  if (ids.length === 0) return new Map();
  const { results } = await db
    .prepare('SELECT id, status, version FROM tokens WHERE id IN (SELECT value FROM json_each(?))')
    .bind(JSON.stringify(ids))
    .all<{ id: string; status: TokenStatus; version: number }>();
  return new Map(results.map(({ id, status, version }) => [id, { status, version }]));
}
