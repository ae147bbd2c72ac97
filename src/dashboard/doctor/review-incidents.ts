// The hourly review of incidents: reports accounts near their budgets and models that are switched off, and ends what no report will end, because the channel, the model, or the
// account has changed, or because nothing has been heard of it for long.
import type { AlertSignal, Incident } from '../../alerts/alert-event.ts';
import type { AlertsRpc } from '../../alerts/alerts.ts';
import { usdFromNano } from '../../lib/money.ts';
import type { Catalog } from '../../routing/catalog.ts';
import type { CatalogLoader } from '../../routing/catalog-loader.ts';
import { unpricedOf } from '../../routing/route-rates.ts';
import { type AccountNearBudget, accountsNearBudget, budgetOf } from '../pages/alert-store.ts';

import { retiringSignals } from './retiring-models.ts';

/** Incidents that are not reported again for so long have ended. */
const silentMs = {
  'model.substituted': 86_400_000,
  'log.delivery_stalled': 2 * 3_600_000,
} as const;

/** What a review reads. */
export interface ReviewSources {
  alerts: Pick<AlertsRpc, 'openIncidents' | 'report' | 'wake'>;
  catalog: Pick<CatalogLoader, 'current'>;
  db: D1Database;
  nowMs: number;
}

/** Reviews the incidents. Throws when D1 or the alerts fail; the next hour repeats it. */
export async function reviewIncidents(sources: ReviewSources): Promise<void> {
  const { alerts, db, nowMs } = sources;
  const open = await alerts.openIncidents();
  const catalog = await sources.catalog.current(nowMs, () => undefined);
  const near = await accountsNearBudget(db, undefined, nowMs);
  const ended = await Promise.all(
    open.map(async (incident) => ((await hasEnded(incident, { catalog, db, nowMs })) ? incident : null)),
  );
  const resolved = ended.filter((incident) => incident !== null).map(resolvedSignal);
  const retiring = await retiringSignals(open, { catalog, db, nowMs });
  await alerts.report([...near.map(nearBudget), ...resolved, ...retiring]);
  await alerts.wake();
}

function resolvedSignal({ event, subject, facts }: Incident): AlertSignal {
  return { event, subject, status: 'resolved', facts };
}

function nearBudget({ id, name, spentNanoUsd, budgetNanoUsd, period }: AccountNearBudget): AlertSignal {
  const spent_usd = usdFromNano(spentNanoUsd);
  const facts = {
    account_id: id,
    account_name: name,
    spent_usd,
    limit_usd: usdFromNano(budgetNanoUsd),
    period,
  };
  return { event: 'account.budget_low', subject: id, status: 'opened', facts };
}

async function hasEnded(
  incident: Incident,
  { catalog, db, nowMs }: { catalog: Catalog; db: D1Database; nowMs: number },
): Promise<boolean> {
  const { event, facts, seenAtMs } = incident;
  switch (event) {
    case 'account.budget_low':
      return hasBudget(await budgetOf(db, String(facts.account_id), nowMs), incident, nowMs);
    case 'channel.down':
    case 'channel.key_rejected':
      return isTargetGone(incident, catalog);
    case 'model.unpriced':
      return unpricedOf([String(facts.model)], catalog, nowMs).length === 0;
    case 'model.substituted':
    case 'log.delivery_stalled':
      return nowMs - seenAtMs >= silentMs[event];
    default:
      return false;
  }
}

/** A refused request opens an incident too, although more than a tenth is left: that lasts for an hour. */
function hasBudget(account: AccountNearBudget | null, { seenAtMs }: Incident, nowMs: number): boolean {
  const isNear = account !== null && account.spentNanoUsd >= account.budgetNanoUsd * 0.9;
  return !isNear && nowMs - seenAtMs >= refusalMs;
}

const refusalMs = 3_600_000;

/** A disabled channel, and a removed key, fail nobody any more. */
function isTargetGone({ facts }: Incident, catalog: Catalog): boolean {
  const channel = catalog.channel(String(facts.channel_id));
  if (channel === null || !channel.enabled) return true;
  const { key_id } = facts;
  return typeof key_id === 'string' && !channel.keys.some(({ id }) => id === key_id);
}
