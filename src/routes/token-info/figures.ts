// The figures of one token: from its ledger, its account's ledger, and the sums and rows of the log.
import { withTimer } from '../../lib/deadline-timer.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { LogRow } from '../../metering/log-row.ts';
import { findRowOfToken } from '../../metering/page-log.ts';
import { requestTimeMs } from '../../metering/request-id.ts';
import { usage } from '../../metering/usage-log.ts';
import type { AccountLedgers } from '../../quota/account-client.ts';
import type { BudgetState } from '../../quota/budgets.ts';
import { type SpendingLimit, tightestLimit } from '../../quota/spending-limit.ts';
import type { RelayServices } from '../../relay/call.ts';
import type { Background } from '../../routing/catalog-loader.ts';
import type { TokenStore } from '../../tokens/store.ts';
import type { TokenLimits, TokenPolicy } from '../../tokens/token.ts';

/** Limits of reading the log for a token's holder. */
const tokenInfoLimits = {
  /** A delivery of what waits, to the ledger or from it, is awaited this long. */
  deliveryMs: 1_000,
  /** A row is looked for again after these pauses: its request may have ended a moment ago. */
  rowPausesMs: [0, 150, 600],
  /** A request that began longer ago is looked for in the log only. */
  recentMs: 600_000,
} as const;

/** A question about one token. */
export interface TokenQuestion {
  /** In force at the token's ledger. */
  policy: TokenPolicy;
  /** Names and patterns of its models; null: all. Of several lists, the first. */
  models: string[] | null;
  /** The lower of the token's and its group's. */
  limits: TokenLimits;
  query: URLSearchParams;
  db: D1Database;
  tokens: Pick<TokenStore, 'find'>;
  accounts: Pick<AccountLedgers, 'spending'>;
  services: Pick<RelayServices, 'ledgers' | 'catalog'>;
  background: Background;
  nowMs: number;
}

/** What a token has spent, and what bounds it. */
export interface TokenFigures extends Pick<TokenQuestion, 'policy' | 'models' | 'limits'> {
  name: string;
  /** In all, up to now, running requests aside. */
  spentNanoUsd: number;
  /** The limit of which the least is left. Null: unlimited. */
  limit: SpendingLimit | null;
}

/** A UTC day and what was spent on requests that began on it. */
export interface DaySpending {
  dayMs: number;
  nanoUsd: number;
}

/** Charges what waits in this isolate: a holder asks about the request that has just ended. Never fails. */
export async function settleWaiting({ policy, services, background }: TokenQuestion): Promise<void> {
  const settled = services.ledgers.settleWaiting(policy.tokenId);
  // Also if the caller leaves: nobody else has these settlements.
  background(settled);
  await withTimer(settled, tokenInfoLimits.deliveryMs);
}

/** Returns the figures of a token. Throws RelayError `service_unavailable` if a ledger or the database is unavailable. */
export async function tokenFigures(question: TokenQuestion): Promise<TokenFigures> {
  const { policy, models, limits, tokens, accounts, services } = question;
  const [record, balance, account] = await Promise.all([
    fromDatabase(() => tokens.find(policy.tokenId)),
    services.ledgers.balance(policy.tokenId),
    accountBudgetOf(policy, accounts),
  ]);
  const { spentNanoUsd } = balance;
  const limit = tightestLimit(policy, balance, account);
  return { name: record?.name ?? '', policy, models, limits, spentNanoUsd, limit };
}

async function accountBudgetOf(
  { accountId, accountBudget }: TokenPolicy,
  accounts: TokenQuestion['accounts'],
): Promise<BudgetState | null> {
  if (accountBudget === undefined) return null;
  const spentNanoUsd = await accounts.spending(accountId, accountBudget);
  return { budget: accountBudget, spentNanoUsd };
}

/** Returns what a token spent by UTC day, oldest first, after its ledger has delivered what waits. Whole hours. */
export async function spendingByDay(
  { policy: { tokenId }, db, services }: TokenQuestion,
  fromMs: number,
  toMs: number,
): Promise<DaySpending[]> {
  await deliverWaiting(services, tokenId);
  const days = await fromDatabase(() => usage(db, { groupBy: 'day', tokenId, fromMs, toMs }));
  return days.map(({ key, costNanoUsd }) => ({ dayMs: Number(key), nanoUsd: costNanoUsd }));
}

/** Returns the row of a request of this token, one that waits in the ledger too, or null. */
export async function rowOfRequest(question: TokenQuestion, id: string): Promise<LogRow | null> {
  const { policy, db, services, nowMs } = question;
  const find = () => fromDatabase(() => findRowOfToken(db, id, policy.tokenId));
  let row = await find();
  const atMs = requestTimeMs(id);
  if (atMs === null || Math.abs(nowMs - atMs) > tokenInfoLimits.recentMs) return row;
  for (const pauseMs of tokenInfoLimits.rowPausesMs) {
    if (row !== null) break;
    if (pauseMs > 0) await scheduler.wait(pauseMs);
    await deliverWaiting(services, policy.tokenId);
    row = await find();
  }
  return row;
}

/** Never fails: what is not delivered is in a later answer. */
async function deliverWaiting({ ledgers }: TokenQuestion['services'], tokenId: string): Promise<void> {
  const delivery = ledgers.deliverLog(tokenId).catch(() => undefined);
  await withTimer(delivery, tokenInfoLimits.deliveryMs);
}

async function fromDatabase<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const message = 'The figures of this API key cannot be read at the moment. Try again shortly.';
    throw new RelayError('service_unavailable', message, { retryAfterMs: 2_000, cause });
  }
}
