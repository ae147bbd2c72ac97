// Tokens in D1: the record of what every token may do, its accepted values (hashes only) and, as the
// ledger reports it, what it has spent. Decides nothing: the token's ledger does, from the policy read here.
// D1 failing is thrown.
import { columnsOfChanges, columnsOfRecord, recordOfRow, type TokenRow } from './columns.ts';
import type { TokenChanges, TokenRecord } from './records.ts';
import type { AdminBounds, TokenHash, TokenPolicy, TokenStatus } from './token.ts';

/** A token in a line. */
export interface TokenSummary {
  id: string;
  name: string;
  status: TokenStatus;
  quotaNanoUsd: number | null;
  /** As the ledger last reported it. */
  spentNanoUsd: number;
}

/** What an edit changes of an admin's part. Absent stays as it is; null takes a value away. */
export type AdminChanges = { [Name in keyof AdminBounds]?: AdminBounds[Name] | null };

/** The admin's part of an edit; `clears`: what was set before is taken away first. */
export interface AdminEdit {
  clears: boolean;
  changes: AdminChanges;
}

/** Where a page of a newest-first list begins: after this row. */
export interface TokenPosition {
  createdAtMs: number;
  id: string;
}

/** What tokens can be sorted by. Names in any case; tokens that were never used are before all others. */
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

/** Where a page of a sorted list begins: after the token of this id, which is sorted by this value. */
export interface SortedPosition {
  value: string | number;
  id: string;
}

export interface TokenFilter {
  accountId?: string | undefined;
  group?: string | undefined;
  status?: TokenStatus | undefined;
  /** Part of the name, any case. */
  search?: string | undefined;
}

export interface Rotation {
  hash: string;
  hint: string;
  /** When the values before this one end. At or before `nowMs`: they are forgotten at once. */
  oldEndsAtMs: number;
  nowMs: number;
}

/** The version of a deleted token's policy: no edit, however late it arrives, is newer. */
export const finalVersion = Number.MAX_SAFE_INTEGER;

/** The group that a token is in: its account's, else its own (effective-policy.ts, groupInForce). */
const groupInForceSql = `COALESCE((SELECT accounts.group_name FROM accounts WHERE accounts.id = tokens.account_id), tokens.group_name)`;

/** What of a policy lies in other tables: the accepted values, the group's bounds, what holds for the account. */
const joinedColumns = `(SELECT json_group_array(json_object('hash', hash, 'validUntilMs', valid_until))
    FROM token_hashes WHERE token_id = tokens.id) AS hashes,
  (SELECT json_object('version', version, 'priceMultiplierMillionths', price_multiplier_millionths,
      'models', json(models), 'channels', json(channels), 'limits', json(limits))
    FROM groups WHERE name = ${groupInForceSql}) AS bounds,
  (SELECT json_object('status', status, 'nanoUsd', budget_nano_usd, 'period', budget_period, 'version', budget_version,
      'group', group_name, 'models', json(models), 'expiresAtMs', tokens_expire_at)
    FROM accounts WHERE accounts.id = tokens.account_id) AS account`;

/** The lower one of the owner's own quota and an admin's. */
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

  /** Takes a token out again that nobody has ever seen the value of. */
  async discard(id: string): Promise<void> {
    await this.db.batch([
      this.db.prepare('DELETE FROM token_hashes WHERE token_id = ?').bind(id),
      this.db.prepare('DELETE FROM tokens WHERE id = ?').bind(id),
    ]);
  }

  /** Whose a value is. A deleted token's is nobody's; whether the value's time is over is the ledger's to say. */
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

  /** The policy, a deleted token's too (its ledger must hear of that). */
  async findPolicy(id: string): Promise<TokenPolicy | null> {
    const row = await this.db
      .prepare(`SELECT tokens.*, ${joinedColumns} FROM tokens WHERE id = ?`)
      .bind(id)
      .first<TokenRow>();
    return row && recordOfRow(row).policy;
  }

  /** The token, unless it is deleted. */
  async find(id: string): Promise<TokenRecord | null> {
    const row = await this.db
      .prepare(`SELECT tokens.*, ${joinedColumns} FROM tokens WHERE id = ? AND status <> 'deleted'`)
      .bind(id)
      .first<TokenRow>();
    return row && recordOfRow(row);
  }

  /** Newest first, deleted ones left out. */
  list(filter: TokenFilter, after: TokenPosition | null, limit: number): Promise<TokenRecord[]> {
    const position = after && { value: after.createdAtMs, id: after.id };
    return this.sorted(filter, { by: 'created', descending: true }, position, limit);
  }

  /** In any order; of equal ones the ids decide. Deleted ones are left out. */
  async sorted(
    filter: TokenFilter,
    { by, descending }: TokenOrder,
    after: SortedPosition | null,
    limit: number,
  ): Promise<TokenRecord[]> {
    const conditions: [string, unknown[]][] = [["status <> 'deleted'", []]];
    if (filter.accountId !== undefined) conditions.push(['account_id = ?', [filter.accountId]]);
    // The first condition finds the rows by an index, the second says which of them are in it.
    if (filter.group !== undefined)
      conditions.push([
        `(group_name = ? OR account_id IN (SELECT accounts.id FROM accounts WHERE accounts.group_name = ?))
         AND ${groupInForceSql} = ?`,
        [filter.group, filter.group, filter.group],
      ]);
    if (filter.status !== undefined) conditions.push(['status = ?', [filter.status]]);
    // Not LIKE: D1 refuses patterns of more than 50 bytes.
    if (filter.search !== undefined) conditions.push(['instr(lower(name), lower(?)) > 0', [filter.search]]);
    const [key, direction] = [tokenOrders[by], descending ? 'DESC' : 'ASC'];
    if (after !== null)
      conditions.push([`(${key}, id) ${descending ? '<' : '>'} (?, ?)`, [after.value, after.id]]);
    const order = `ORDER BY ${key} ${direction}, id ${direction}`;
    // The page is found first: what is joined is not wanted of tokens that are only sorted.
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

  /**
   * Applies an edit and raises the version, in one atomic statement: of two edits at a time both are in the
   * higher version. null: there is no such token.
   */
  async update(id: string, changes: TokenChanges, admin?: AdminEdit): Promise<TokenRecord | null> {
    const columns = columnsOfChanges(changes);
    const assignments = Object.keys(columns).map((name) => `${name} = ?`);
    // Merged by the database (RFC 7396): of two edits at a time neither is lost.
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
   * For a summary: the tokens of these ids (deleted ones too), and at most 20 active ones that have a tenth of their
   * quota left, or less. `accountId`: of that account only.
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

  /** Raises the version of every token of an account that was edited; their new policies. */
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

  /** Marks tokens deleted for ever. Their rows in the log keep their meaning. */
  async setDeleted(ids: readonly string[]): Promise<void> {
    await this.db
      .prepare(
        `UPDATE tokens SET status = 'deleted', version = ? WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .bind(finalVersion, JSON.stringify(ids))
      .run();
  }

  /** Gives a token a new value and the old ones an end. null: there is no such token. */
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
