// Refreshes the price table: the hourly work fetches it and stores the last good copy in KV; each isolate takes it
// over. A table is used only if it is complete and plausible. On any failure the previous one stays.

import { takeOverTable } from './price-table.ts';
import { type ProvidersOfTable, readTable, TableFault } from './price-table-check.ts';

/** Limits and intervals of the refresh. */
export const refreshLimits = {
  /** The table of 2026-11 has less than a megabyte. */
  bytes: 8_388_608,
  timeoutMs: 20_000,
  /** No new fetch within this time after the last accepted one. */
  everyMs: 6 * 3_600_000,
  /** How often an isolate checks for a newer copy. */
  lookMs: 300_000,
} as const;

const tableKey = 'price-table';
/** A small key that is read often; it names the copy above. */
const versionKey = 'price-table-version';

interface Version {
  etag: string | null;
  checkedAtMs: number;
  /**
   * When the stored table was fetched. The table carries the time too, because KV may return an older one of the
   * two.
   */
  tableAtMs: number;
  url: string;
  models: number;
}

/** The outcome of a refresh. Only `refreshed` has changed anything. */
export type Refresh =
  | { outcome: 'refreshed'; models: number }
  | { outcome: 'fresh-enough' }
  | { outcome: 'unchanged' }
  | { outcome: 'failed'; reason: string };

/**
 * Fetches the table if it is due, and stores it if it is good. Never throws for faults of the source. Throws
 * when KV cannot be read.
 */
export async function refreshPriceTable(
  url: string,
  kv: KVNamespace,
  get: (url: string, init: RequestInit) => Promise<Response>,
  nowMs: number,
): Promise<Refresh> {
  const before = await kv.get<Version>(versionKey, 'json');
  const isSame = before?.url === url;
  if (isSame && nowMs - before.checkedAtMs < refreshLimits.everyMs) return { outcome: 'fresh-enough' };
  try {
    const headers: Record<string, string> = isSame && before.etag ? { 'if-none-match': before.etag } : {};
    const response = await get(url, { headers, signal: AbortSignal.timeout(refreshLimits.timeoutMs) });
    if (response.status === 304 && isSame) {
      await kv.put(versionKey, JSON.stringify({ ...before, checkedAtMs: nowMs }));
      return { outcome: 'unchanged' };
    }
    if (!response.ok) throw new TableFault(`the source answered ${response.status}`);
    const providers = readTable(await boundedText(response));
    return await keep(kv, providers, { etag: response.headers.get('etag'), url }, nowMs);
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function keep(
  kv: KVNamespace,
  providers: ProvidersOfTable,
  source: Pick<Version, 'etag' | 'url'>,
  nowMs: number,
): Promise<Refresh> {
  const models = providers.reduce((sum, provider) => sum + provider.models.length, 0);
  const version: Version = { ...source, checkedAtMs: nowMs, tableAtMs: nowMs, models };
  // The table is stored first: a version that exists has its table.
  await kv.put(tableKey, JSON.stringify({ tableAtMs: nowMs, table: JSON.stringify(providers) }));
  await kv.put(versionKey, JSON.stringify(version));
  return { outcome: 'refreshed', models };
}

async function boundedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new TableFault('the source answered nothing');
  const decoder = new TextDecoder();
  let text = '';
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > refreshLimits.bytes) {
      await reader.cancel();
      throw new TableFault(`the table has more than ${refreshLimits.bytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** An isolate's view of the stored copy. */
export class RefreshedPrices {
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private tableAtMs = Number.NEGATIVE_INFINITY;
  private readonly kv: KVNamespace;
  private readonly report: (event: string, error: unknown) => void;

  constructor(kv: KVNamespace, report: (event: string, error: unknown) => void) {
    this.kv = kv;
    this.report = report;
  }

  /** Takes over a newer stored copy. Never throws: otherwise the previous table stays. */
  async freshen(nowMs: number): Promise<void> {
    if (nowMs - this.lookedAtMs < refreshLimits.lookMs) return;
    this.lookedAtMs = nowMs;
    try {
      const version = await this.kv.get<Version>(versionKey, 'json');
      if (version === null || version.tableAtMs <= this.tableAtMs) return;
      const stored = await this.kv.get<{ tableAtMs: number; table: string }>(tableKey, 'json');
      if (stored === null || stored.tableAtMs <= this.tableAtMs) return;
      takeOverTable(readTable(stored.table));
      this.tableAtMs = stored.tableAtMs;
    } catch (error) {
      this.report('price-table-not-taken', error);
    }
  }
}
