// What accounts have spent of their budgets, by the roll-ups. Throws when D1 fails.
import { periodStartMs } from '../../quota/period.ts';
import type { BudgetPeriod } from '../../tokens/token.ts';

/** An account, with what its tokens have spent in its budget's current period. */
export interface AccountNearBudget {
  id: string;
  name: string;
  budgetNanoUsd: number;
  period: BudgetPeriod;
  spentNanoUsd: number;
}

const hourMs = 3_600_000;

/** Returns at most 20 that have a tenth of it left, or less. `accountId`: that one only. */
export function accountsNearBudget(
  db: D1Database,
  accountId: string | undefined,
  nowMs: number,
): Promise<AccountNearBudget[]> {
  return accountsThatSpent(0.9, db, accountId, nowMs);
}

/** Returns null if the account has no budget. */
export async function budgetOf(
  db: D1Database,
  accountId: string,
  nowMs: number,
): Promise<AccountNearBudget | null> {
  const [account = null] = await accountsThatSpent(0, db, accountId, nowMs);
  return account;
}

async function accountsThatSpent(
  share: number,
  db: D1Database,
  accountId: string | undefined,
  nowMs: number,
): Promise<AccountNearBudget[]> {
  const [day, week, month] = (['day', 'week', 'month'] as const).map(
    (period) => periodStartMs(period, nowMs) / hourMs,
  );
  const { results } = await db
    .prepare(
      // Hours whose sums are not computed yet (metering/rolled-sums-log.ts).
      `WITH marked AS MATERIALIZED (
         SELECT account_id, hour, SUM(cost_nano_usd) AS nano_usd FROM usage_dirty CROSS JOIN usage_hourly ON hour = at
         WHERE unit = 'hour' AND at >= min(?2, ?3, ?4) GROUP BY 1, 2)
       SELECT * FROM (
         SELECT id, name, budget_nano_usd AS budgetNanoUsd, budget_period AS period, COALESCE((
           SELECT SUM(cost_nano_usd) FROM usage_totals INDEXED BY usage_totals_by_key
           WHERE dimension = 'account-hour' AND key = accounts.id AND at NOT IN (SELECT hour FROM marked)
             AND at >= CASE budget_period WHEN 'day' THEN ?2 WHEN 'week' THEN ?3 ELSE ?4 END
         ), 0) + COALESCE((
           SELECT SUM(nano_usd) FROM marked WHERE account_id = accounts.id
             AND hour >= CASE budget_period WHEN 'day' THEN ?2 WHEN 'week' THEN ?3 ELSE ?4 END
         ), 0) AS spentNanoUsd
         FROM accounts WHERE budget_nano_usd IS NOT NULL AND status = 'active' AND (?1 IS NULL OR id = ?1)
       ) WHERE spentNanoUsd >= budgetNanoUsd * ?5 LIMIT 20`,
    )
    .bind(accountId ?? null, day, week, month, share)
    .all<AccountNearBudget>();
  return results;
}
