// A page of the log that has the latest requests too: ledgers deliver their rows some seconds later, so they are asked for
// those that wait. Never fails or waits long because of a ledger.
import { withTimer } from '../../lib/deadline-timer.ts';
import { blockRhythm, indexNewRows } from '../../metering/block-log.ts';
import { conditionsOf, type LogFilter, type LogPage, type LogPosition } from '../../metering/filter-log.ts';
import { recentTokens } from '../../metering/filter-names-log.ts';
import { pageOfRows } from '../../metering/page-log.ts';
import { requestTimeMs } from '../../metering/request-id.ts';
import type { ManagementServices } from './services.ts';

/** Limits of asking ledgers for rows. */
const freshLimits = {
  /** Ledgers that one page asks: those of the latest requests. */
  ledgers: 20,
  /** The page does not wait longer. What arrives later is on the next one. */
  waitMs: 1_000,
  /** A request that began longer ago is looked for in the log only. */
  recentMs: 600_000,
} as const;

/** Returns a page, after the ledgers concerned have delivered what waits. Only the first page asks them. */
export async function freshPage(
  services: Pick<ManagementServices, 'db' | 'ledgers' | 'now' | 'report'>,
  filter: LogFilter,
  after: LogPosition | null,
  limit: number,
  background: ((work: Promise<unknown>) => void) | null,
): Promise<LogPage> {
  const { db, now, report } = services;
  const isNewest = after === null && (filter.toMs === undefined || filter.toMs >= now());
  if (isNewest) await withTimer(deliverWaiting(services, filter), freshLimits.waitMs);
  const page = await pageOfRows(db, filter, after, limit);
  // Only a page that could examine no more needs the index: without filters, none does.
  if (!isNewest || page.next === null || page.rows.length === limit || conditionsOf(filter).length === 0)
    return page;
  const work = indexNewRows(db, now(), blockRhythm.perPage).catch((error) =>
    report('log-not-indexed', error),
  );
  if (background === null) await work;
  else background(work);
  return page;
}

async function deliverWaiting(
  { db, ledgers }: Pick<ManagementServices, 'db' | 'ledgers'>,
  { tokenId }: LogFilter,
): Promise<void> {
  const tokens = tokenId === undefined ? await recentTokens(db, freshLimits.ledgers) : [tokenId].flat();
  const some = tokens.slice(0, freshLimits.ledgers);
  await Promise.allSettled(some.map((token) => ledgers.deliverLog(token)));
}

/** Returns the rows of a request. If the log lacks a request whose id is recent, ledgers first deliver their waiting rows. */
export async function freshRow<Row>(
  services: Pick<ManagementServices, 'db' | 'ledgers' | 'now'>,
  id: string,
  find: () => Promise<Row[]>,
): Promise<Row[]> {
  const found = await find();
  const atMs = requestTimeMs(id);
  if (found.length > 0 || atMs === null || atMs < services.now() - freshLimits.recentMs) return found;
  await withTimer(deliverWaiting(services, {}), freshLimits.waitMs);
  return find();
}
