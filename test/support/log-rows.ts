// The rows of /api/logs, which arrive a moment after their requests: a ledger hands them over in batches.
import { setTimeout as delay } from 'node:timers/promises';
import type { TestRelay } from './relay.ts';

/** A row, as far as tests of the relay read it. */
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

const patienceMs = 15_000;

/** The rows of those requests, by id. Throws when some are not there within 15 seconds. */
export async function rowsOf(relay: TestRelay, ids: readonly string[]): Promise<Map<string, LogRowView>> {
  const deadlineMs = Date.now() + patienceMs;
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
