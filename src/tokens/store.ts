// Tokens in D1: their records, their accepted values (hashes only), and what the ledger reports as spent. The
// token's ledger decides, by the policy that is read here. Throws when D1 fails.
import type { TokenChanges, TokenRecord } from './columns.ts';
import { columnsOfChanges, columnsOfRecord, recordOfRow, type TokenRow } from './columns.ts';
import { conditionsOf, groupInForceSql, type TokenFilter } from './filter-store.ts';
import type { AdminBounds, TokenHash, TokenPolicy, TokenStatus } from './token.ts';

/** A token in a list. */
export interface TokenSummary {
  id: string;
  name: string;
  status: TokenStatus;
  quotaNanoUsd: number | null;
  /** As the ledger last reported it. */
  spentNanoUsd: number;
}

/** The changes of an edit to an admin's values. Absent fields stay; null removes a value. */
export type AdminChanges = { [Name in keyof AdminBounds]?: AdminBounds[Name] | null };

/** An edit of an admin's values; `clears`: earlier values are removed first. */
export interface AdminEdit {
  clears: boolean;
  changes: AdminChanges;
}

/** The start of a page of a newest-first list: after this row. */
export interface TokenPosition {
  createdAtMs: number;
  id: string;
}

/** What tokens can be sorted by. Names ignore case; tokens that were never used come first. */
export const tokenOrders = {
  created: 'created_at',
  name: 'name COLLATE NOCASE',
  last_used: 'COALESCE(last_used_at, 0)',
  spent: 'spent_nano_usd',
} as const;

export interface TokenOrder {
  by: keyof typeof tokenOrders;
  descending: boolean;
}

/** The start of a page of a sorted list: after the token of this id, which has this value. */
export interface SortedPosition {
  value: string | number;
  id: string;
}

export interface Rotation {
  hash: string;
  hint: string;
  /** When earlier values expire. At or before `nowMs`: they are removed at once. */
  oldEndsAtMs: number;
  nowMs: number;
}

/** The version of a deleted token's policy: no edit is newer, however late it arrives. */
export const finalVersion = Number.MAX_SAFE_INTEGER;

/** The parts of a policy from other tables: accepted values, the group's limits, the account's. */
const joinedColumns = `(SELECT json_group_array(json_object('hash', hash, 'validUntilMs', valid_until))
    FROM token_hashes WHERE token_id = tokens.id) AS hashes,
  (SELECT json_object('version', version, 'priceMultiplierMillionths', price_multiplier_millionths,
      'models', json(models), 'channels', json(channels), 'limits', json(limits))
    FROM groups WHERE name = ${groupInForceSql}) AS bounds,
  (SELECT json_object('status', status, 'nanoUsd', budget_nano_usd, 'period', budget_period, 'version', budget_version,
      'group', group_name, 'models', json(models), 'expiresAtMs', tokens_expire_at)
    FROM accounts WHERE accounts.id = tokens.account_id) AS account`;

/** The lower of the owner's quota and an admin's. */
const quotaInForceSql = `COALESCE(MIN(quota_nano_usd, admin ->> '$.quotaNanoUsd'), quota_nano_usd, admin ->> '$.quotaNanoUsd')`;

export class TokenStore {
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  async insert(record: TokenRecord): Promise<void> {
    const columns = columnsOfRecord(record);
    const names = Object.keys(columns);
    await this.db.batch([
      this.db
        .prepare(`INSERT INTO tokens (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .bind(...Object.values(columns)),
      ...record.policy.hashes.map(({ hash, validUntilMs }) =>
        this.db
          .prepare('INSERT INTO token_hashes (hash, token_id, valid_until) VALUES (?, ?, ?)')
          .bind(hash, record.policy.tokenId, validUntilMs),
      ),
    ]);
  }

  /** Removes a token whose value nobody has seen. */
  async discard(id: string): Promise<void> {
    await this.db.batch([
      this.db.prepare('DELETE FROM token_hashes WHERE token_id = ?').bind(id),
      this.db.prepare('DELETE FROM tokens WHERE id = ?').bind(id),
    ]);
  }

  /**
   * Returns the token of a value. A deleted token's values have none. The ledger checks whether a value has
   * expired.
   */
  async findByHash(hash: string): Promise<{ policy: TokenPolicy } | null> {
    const row = await this.db
      .prepare(
        `SELECT tokens.*, ${joinedColumns} FROM tokens
         WHERE id = (SELECT token_id FROM token_hashes WHERE hash = ?) AND status <> 'deleted'`,
      )
      .bind(hash)
      .first<TokenRow>();
    return row && { policy: recordOfRow(row).policy };
  }

  /** Returns the policy, even of a deleted token (its ledger must learn of the deletion). */
  async findPolicy(id: string): Promise<TokenPolicy | null> {
    const row = await this.db
      .prepare(`SELECT tokens.*, ${joinedColumns} FROM tokens WHERE id = ?`)
      .bind(id)
      .first<TokenRow>();
    return row && recordOfRow(row).policy;
  }

  /** Returns the token, unless it is deleted. */
  async find(id: string): Promise<TokenRecord | null> {
    const row = await this.db
      .prepare(`SELECT tokens.*, ${joinedColumns} FROM tokens WHERE id = ? AND status <> 'deleted'`)
      .bind(id)
      .first<TokenRow>();
    return row && recordOfRow(row);
  }

  /** Returns a page, newest first, without deleted tokens. */
  list(filter: TokenFilter, after: TokenPosition | null, limit: number): Promise<TokenRecord[]> {
    const position = after && { value: after.createdAtMs, id: after.id };
    return this.sorted(filter, { by: 'created', descending: true }, position, limit);
  }

  /** Returns a page in the given order; ids break ties. Without deleted tokens. */
  async sorted(
    filter: TokenFilter,
    { by, descending }: TokenOrder,
    after: SortedPosition | null,
    limit: number,
  ): Promise<TokenRecord[]> {
    const conditions = conditionsOf(filter);
    const [key, direction] = [tokenOrders[by], descending ? 'DESC' : 'ASC'];
    if (after !== null)
      conditions.push([`(${key}, id) ${descending ? '<' : '>'} (?, ?)`, [after.value, after.id]]);
    const order = `ORDER BY ${key} ${direction}, id ${direction}`;
    // The page is found first, so that other tables are joined only for its rows.
    const { results } = await this.db
      .prepare(
        `SELECT tokens.*, ${joinedColumns} FROM tokens WHERE id IN (
           SELECT id FROM tokens WHERE ${conditions.map(([sql]) => sql).join(' AND ')} ${order} LIMIT ?
         ) ${order}`,
      )
      .bind(...conditions.flatMap(([, values]) => values), limit)
      .all<TokenRow>();
    return results.map(recordOfRow);
  }

  /** Returns how many tokens a list has in all. */
  async count(filter: TokenFilter): Promise<number> {
    const conditions = conditionsOf(filter);
    const count = await this.db
      .prepare(`SELECT COUNT(*) AS count FROM tokens WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`)
      .bind(...conditions.flatMap(([, values]) => values))
      .first<number>('count');
    return count ?? 0;
  }

  /**
   * Applies an edit and raises the version, in one atomic statement: of two concurrent edits, both are in the
   * higher version. Returns null if there is no such token.
   */
  async update(id: string, changes: TokenChanges, admin?: AdminEdit): Promise<TokenRecord | null> {
    const columns = columnsOfChanges(changes);
    const assignments = Object.keys(columns).map((name) => `${name} = ?`);
    // Merged by the database (RFC 7396), so that concurrent edits are not lost.
    if (admin) assignments.push(`admin = json_patch(${admin.clears ? `'{}'` : `COALESCE(admin, '{}')`}, ?)`);
    const row = await this.db
      .prepare(
        `UPDATE tokens SET ${[...assignments, 'version = version + 1'].join(', ')}
         WHERE id = ? AND status <> 'deleted' RETURNING *, ${joinedColumns}`,
      )
      .bind(...Object.values(columns), ...(admin ? [JSON.stringify(admin.changes)] : []), id)
      .first<TokenRow>();
    return row && recordOfRow(row);
  }

  /**
   * Returns, for a summary, the tokens of these ids (including deleted ones), and at most 20 active ones that
   * have a tenth of their quota left, or less. `accountId`: of that account only.
   */
  async summaries(ids: readonly string[], accountId: string | undefined): Promise<TokenSummary[]> {
    const { results } = await this.db
      .prepare(
        `SELECT id, name, status, ${quotaInForceSql} AS quotaNanoUsd, spent_nano_usd AS spentNanoUsd FROM tokens
         WHERE (?1 IS NULL OR account_id = ?1) AND (id IN (SELECT value FROM json_each(?2)) OR id IN (
           SELECT id FROM tokens WHERE status = 'active' AND spent_nano_usd >= ${quotaInForceSql} * 0.9
             AND (?1 IS NULL OR account_id = ?1) LIMIT 20))`,
      )
      .bind(accountId ?? null, JSON.stringify(ids))
      .all<TokenSummary>();
    return results;
  }

  /** Raises the version of every token of an edited account, and returns their new policies. */
  async renewOfAccount(accountId: string): Promise<TokenPolicy[]> {
    const { results } = await this.db
      .prepare(
        `UPDATE tokens SET version = version + 1 WHERE account_id = ? AND status <> 'deleted'
         RETURNING *, ${joinedColumns}`,
      )
      .bind(accountId)
      .all<TokenRow>();
    return results.map((row) => recordOfRow(row).policy);
  }

  /** Marks tokens as deleted for good. Their log rows stay. */
  async setDeleted(ids: readonly string[]): Promise<void> {
    await this.db
      .prepare(
        `UPDATE tokens SET status = 'deleted', version = ? WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .bind(finalVersion, JSON.stringify(ids))
      .run();
  }

  /** Gives a token a new value, and the old ones an expiry. Returns null if there is no such token. */
  async rotate(id: string, rotation: Rotation): Promise<{ record: TokenRecord; before: TokenHash[] } | null> {
    const { hash, hint, oldEndsAtMs, nowMs } = rotation;
    const alive = `SELECT id FROM tokens WHERE id = ? AND status <> 'deleted'`;
    const [before, , , , after] = await this.db.batch<Record<string, unknown>>([
      this.db.prepare('SELECT hash, valid_until FROM token_hashes WHERE token_id = ?').bind(id),
      this.db
        .prepare(
          `UPDATE token_hashes SET valid_until = MIN(COALESCE(valid_until, ?1), ?1) WHERE token_id = ?2`,
        )
        .bind(oldEndsAtMs, id),
      this.db.prepare('DELETE FROM token_hashes WHERE token_id = ? AND valid_until <= ?').bind(id, nowMs),
      this.db
        .prepare(`INSERT INTO token_hashes (hash, token_id) SELECT ?, id FROM (${alive})`)
        .bind(hash, id),
      this.db
        .prepare(
          `UPDATE tokens SET hint = ?, version = version + 1 WHERE id = ? AND status <> 'deleted'
           RETURNING *, ${joinedColumns}`,
        )
        .bind(hint, id),
    ]);
    const row = after?.results[0] as TokenRow | undefined;
    if (row === undefined) return null;
    const old = (before?.results ?? []) as { hash: string; valid_until: number | null }[];
    return {
      record: recordOfRow(row),
      before: old.map((entry) => ({ hash: entry.hash, validUntilMs: entry.valid_until })),
    };
  }
}
