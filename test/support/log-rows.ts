// The rows of /api/logs, which arrive shortly after their requests, since a ledger delivers them in batches.
import { setTimeout as delay } from 'node:timers/promises';
import type { TestRelay } from './relay.ts';

/** The fields of a row that tests read. */
export interface LogRowView {
  id: string;
  requested_model: string | null;
  upstream_model: string | null;
  endpoint: string;
  format: string;
  status: number;
  error_code: string | null;
  stream: boolean;
  attempts: { channel_id: string; status: number | null; error: string | null }[];
  input_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  usage_source: 'upstream' | 'estimated' | null;
  cost_usd: number | null;
  charge: {
    multiplier: number;
    items: { kind: string; count: number; usd: number; per: number; model?: string }[];
  } | null;
}

const timeoutMs = 15_000;

/** Returns the rows of these requests by id. Throws if some are missing after 15 seconds. */
export async function rowsOf(relay: TestRelay, ids: readonly string[]): Promise<Map<string, LogRowView>> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const rows = await allRows(relay);
    const missing = ids.filter((id) => !rows.has(id));
    if (missing.length === 0) return rows;
    if (Date.now() > deadlineMs)
      throw new Error(`no log rows of ${missing.length} requests: ${missing.slice(0, 5)}`);
    await delay(300);
  }
}

async function allRows(relay: TestRelay): Promise<Map<string, LogRowView>> {
  const rows = new Map<string, LogRowView>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { data: LogRowView[]; next_cursor: string | null } = await relay.manage(
      'GET',
      `/api/logs?limit=200${query}`,
    );
    for (const row of page.data) rows.set(row.id, row);
    cursor = page.next_cursor;
  }
  return rows;
}
