// Maps tokens to D1's columns and back. Pure.
import type { AccountBounds, OwnBounds } from './effective-policy.ts';
import { effectivePolicy } from './effective-policy.ts';
import type { AdminBounds, TokenPolicy, TokenStatus } from './token.ts';
import { type Budget, type BudgetPeriod, unbounded } from './token.ts';

/** A row of `tokens`, with the token's hashes as JSON beside it. */
export interface TokenRow {
  id: string;
  account_id: string;
  group_name: string;
  name: string;
  hint: string;
  status: TokenStatus;
  expires_at: number | null;
  quota_nano_usd: number | null;
  budget_nano_usd: number | null;
  budget_period: BudgetPeriod | null;
  models: string;
  allowed_ips: string;
  limits: string;
  tags: string;
  note: string;
  include_cost: number;
  /** JSON of AdminBounds. Null or {}: an admin has set nothing. */
  admin: string | null;
  version: number;
  created_at: number;
  last_used_at: number | null;
  spent_nano_usd: number;
  hashes: string;
  /** JSON of GroupBounds. Null: the group does not exist. */
  bounds: string | null;
  /** JSON of the limits for all tokens of the account. Null: there is no such account. */
  account: string | null;
}

export type ColumnValues = Record<string, string | number | null>;

export function recordOfRow(row: TokenRow): TokenRecord {
  const parts = { own: ownOfRow(row), admin: adminOf(row.admin), account: accountOf(row.account) };
  const { id: tokenId, account_id: accountId, version } = row;
  const bounds = row.bounds === null ? unbounded : JSON.parse(row.bounds);
  return {
    policy: effectivePolicy({
      tokenId,
      accountId,
      version,
      hashes: JSON.parse(row.hashes),
      bounds,
      ...parts,
    }),
    ...parts,
    name: row.name,
    hint: row.hint,
    createdAtMs: row.created_at,
    lastUsedAtMs: row.last_used_at,
    spentNanoUsd: row.spent_nano_usd,
  };
}

/** Returns every column of `tokens`, for a row that is written whole. */
export function columnsOfRecord(record: TokenRecord): ColumnValues {
  const { policy, own, admin, name, hint, createdAtMs, lastUsedAtMs, spentNanoUsd } = record;
  const { tokenId, accountId, version } = policy;
  const { status } = own;
  return {
    id: tokenId,
    account_id: accountId,
    ...columnsOfChanges({ ...own, name, status: status === 'deleted' ? 'disabled' : status }),
    admin: admin && JSON.stringify(admin),
    hint,
    status,
    version,
    created_at: createdAtMs,
    last_used_at: lastUsedAtMs,
    spent_nano_usd: spentNanoUsd,
  };
}

/** Returns only the columns that an edit changes. */
export function columnsOfChanges(changes: TokenChanges): ColumnValues {
  const { name, status, group, expiresAtMs, quotaNanoUsd, budget, models, allowedIps, limits } = changes;
  const { tags, note, includesCost } = changes;
  return {
    ...(name !== undefined && { name }),
    ...(status !== undefined && { status }),
    ...(group !== undefined && { group_name: group }),
    ...(expiresAtMs !== undefined && { expires_at: expiresAtMs }),
    ...(quotaNanoUsd !== undefined && { quota_nano_usd: quotaNanoUsd }),
    ...(budget !== undefined && {
      budget_nano_usd: budget?.nanoUsd ?? null,
      budget_period: budget?.period ?? null,
    }),
    ...(models !== undefined && { models: JSON.stringify(models) }),
    ...(allowedIps !== undefined && { allowed_ips: JSON.stringify(allowedIps) }),
    ...(limits !== undefined && { limits: JSON.stringify(limits) }),
    ...(tags !== undefined && { tags: JSON.stringify(tags) }),
    ...(note !== undefined && { note }),
    ...(includesCost !== undefined && { include_cost: includesCost ? 1 : 0 }),
  };
}

function ownOfRow(row: TokenRow): OwnBounds {
  return {
    group: row.group_name,
    status: row.status,
    expiresAtMs: row.expires_at,
    quotaNanoUsd: row.quota_nano_usd,
    budget: budgetOfRow(row),
    models: JSON.parse(row.models),
    allowedIps: JSON.parse(row.allowed_ips),
    limits: JSON.parse(row.limits),
    tags: JSON.parse(row.tags),
    note: row.note,
    includesCost: row.include_cost === 1,
  };
}

function adminOf(json: string | null): AdminBounds | null {
  const admin: AdminBounds = JSON.parse(json ?? '{}');
  return Object.keys(admin).length === 0 ? null : admin;
}

function accountOf(json: string | null): AccountBounds | null {
  const account: AccountColumns | null = JSON.parse(json ?? 'null');
  if (account === null) return null;
  const { status, nanoUsd, period, version, group, models, expiresAtMs } = account;
  const budget = nanoUsd === null || period === null ? null : { nanoUsd, period, version };
  return { status, budget, group, models, expiresAtMs };
}

interface AccountColumns {
  status: 'active' | 'disabled';
  nanoUsd: number | null;
  period: BudgetPeriod | null;
  version: number;
  group: string | null;
  models: string[];
  expiresAtMs: number | null;
}

function budgetOfRow({ budget_nano_usd, budget_period }: TokenRow): Budget | null {
  return budget_nano_usd === null || budget_period === null
    ? null
    : { nanoUsd: budget_nano_usd, period: budget_period };
}

/** A token as D1 holds it. */
export interface TokenRecord {
  /** What its ledger decides by: `own`, `admin`, `account`, and the group together. */
  policy: TokenPolicy;
  own: OwnBounds;
  /** Null: an admin has set nothing. */
  admin: AdminBounds | null;
  /** Null: there is no such account. */
  account: AccountBounds | null;
  name: string;
  hint: string;
  createdAtMs: number;
  lastUsedAtMs: number | null;
  /** As the ledger last reported it: about a second behind. */
  spentNanoUsd: number;
}

/** The fields that an edit may change. Absent fields stay; lists and limits are replaced whole. */
export type TokenChanges = Partial<
  Omit<OwnBounds, 'status'> & { name: string; status: Exclude<TokenStatus, 'deleted'> }
>;
