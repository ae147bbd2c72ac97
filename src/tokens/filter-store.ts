// The filters of a list of tokens, as conditions of SQL.
import type { TokenStatus } from './token.ts';

/** Absent fields do not filter. */
export interface TokenFilter {
  accountId?: string | undefined;
  group?: string | undefined;
  status?: TokenStatus | undefined;
  /** Part of the name, ignoring case; or the last characters of the secret, as the hint has them. */
  search?: string | undefined;
}

/** The group that a token is in: its account's, else its own (effective-policy.ts, groupInForce). */
export const groupInForceSql = `COALESCE((SELECT accounts.group_name FROM accounts WHERE accounts.id = tokens.account_id), tokens.group_name)`;

/** Returns the conditions on tokens that are not deleted, with their values. */
export function conditionsOf(filter: TokenFilter): [string, unknown[]][] {
  const conditions: [string, unknown[]][] = [["status <> 'deleted'", []]];
  if (filter.accountId !== undefined) conditions.push(['account_id = ?', [filter.accountId]]);
  // The first condition finds the rows by an index, the second filters them.
  if (filter.group !== undefined)
    conditions.push([
      `(group_name = ? OR account_id IN (SELECT accounts.id FROM accounts WHERE accounts.group_name = ?))
       AND ${groupInForceSql} = ?`,
      [filter.group, filter.group, filter.group],
    ]);
  if (filter.status !== undefined) conditions.push(['status = ?', [filter.status]]);
  // Not LIKE: D1 refuses patterns of more than 50 bytes.
  if (filter.search !== undefined)
    conditions.push([
      '(instr(lower(name), lower(?)) > 0 OR substr(hint, -4) = ?)',
      [filter.search, endOfSecret(filter.search)],
    ]);
  return conditions;
}

/** Returns the characters that a hint ends with, if the text may be the end of a secret. */
function endOfSecret(search: string): string | null {
  const end = /[0-9A-Za-z]{4}$/.exec(search.trim());
  return end?.[0] ?? null;
}
