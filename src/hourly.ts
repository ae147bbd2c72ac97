// The hourly work: moves and indexes log rows, computes sums, stores a copy of the catalog for isolates that start while
// the database is unavailable, deletes what has expired, reviews incidents, and refreshes the price table.
import { alertsOf } from './alerts/alerts.ts';
import { recordHourlyRun } from './dashboard/doctor/hourly-run-store.ts';
import { reviewIncidents } from './dashboard/doctor/review-incidents.ts';
import type { Env } from './env.ts';
import { report } from './lib/log.ts';
import { maintainBlocks } from './metering/block-log.ts';
import { moveLegacyRows } from './metering/legacy-log.ts';
import { refreshPriceTable } from './metering/price-refresh.ts';
import { forgetRowsBefore } from './metering/retention-log.ts';
import { computeMarkedSums } from './metering/rolled-sums-log.ts';
import { schemaReadiness } from './schema/readiness.ts';
import { servicesOf } from './services.ts';

/** Ids of stored upstream resources are deleted after this. OpenAI keeps responses for 30 days. */
const upstreamIdsKeptMs = 35 * 86_400_000;

/** Runs every task. A task that fails does not stop the others; it is logged, and the error is thrown at the end. */
export async function hourly(env: Env): Promise<void> {
  const readiness = await schemaReadiness(env.DB);
  if (readiness.state === 'failed') throw new Error(readiness.reason);
  const services = servicesOf(env);
  const { logRetentionMs, pricesUrl } = services.config;
  const nowMs = Date.now();
  const work: (() => Promise<unknown> | undefined)[] = [
    () => services.catalog.refresh(nowMs),
    () => services.upstreamIds.forgetBefore(nowMs - upstreamIdsKeptMs),
    () => services.conversations.forgetExpired(nowMs),
    () => (logRetentionMs === null ? undefined : forgetRowsBefore(env.DB, nowMs - logRetentionMs)),
    () => moveLegacyRows(env.DB, nowMs),
    () => computeMarkedSums(env.DB, nowMs),
    () => maintainBlocks(env.DB, nowMs),
    () => reviewIncidents({ alerts: alertsOf(env.HEALTH), catalog: services.catalog, db: env.DB, nowMs }),
    () => (pricesUrl === null ? undefined : refreshPrices(pricesUrl, env.CACHE, nowMs)),
  ];
  const failures: unknown[] = [];
  for (const task of work) {
    try {
      await task();
    } catch (error) {
      failures.push(error);
    }
  }
  await recordHourlyRun(env.DB, { atMs: nowMs, failures: failures.map(String) });
  if (failures.length > 0) throw new AggregateError(failures, 'a part of the hourly work failed');
}

async function refreshPrices(url: string, kv: KVNamespace, nowMs: number): Promise<void> {
  const refresh = await refreshPriceTable(url, kv, (source, init) => fetch(source, init), nowMs);
  if (refresh.outcome === 'failed') report('price-table-not-refreshed', refresh.reason);
}
