// The columns of a log row in D1: in request_log, and in its predecessor `logs`, which lacks some of them.
import { chunksOfJson } from '../lib/json.ts';
import type { LogRow } from './log-row.ts';

/** Maps the values of a LogRow, as JSON, to columns, in the order of the INSERT. */
const columns: Record<string, string> = {
  id: `value ->> '$.id'`,
  created_at: `value ->> '$.createdAtMs'`,
  token_id: `value ->> '$.tokenId'`,
  account_id: `value ->> '$.accountId'`,
  format: `value ->> '$.format'`,
  endpoint: `value ->> '$.endpoint'`,
  requested_model: `value ->> '$.requestedModel'`,
  upstream_model: `value ->> '$.upstreamModel'`,
  served_model: `value ->> '$.servedModel'`,
  channel_id: `value ->> '$.channelId'`,
  attempts: `value -> '$.attempts'`,
  status: `value ->> '$.status'`,
  error_code: `value ->> '$.errorCode'`,
  error_class: `value ->> '$.errorClass'`,
  error_message: `value ->> '$.errorMessage'`,
  stream: `value ->> '$.stream'`,
  input_tokens: `value ->> '$.inputTokens'`,
  cached_tokens: `value ->> '$.cachedTokens'`,
  cache_write_tokens: `value ->> '$.cacheWriteTokens'`,
  output_tokens: `value ->> '$.outputTokens'`,
  reasoning_tokens: `value ->> '$.reasoningTokens'`,
  usage_source: `value ->> '$.usageSource'`,
  cost_nano_usd: `value ->> '$.costNanoUsd'`,
  charge: `NULLIF(value -> '$.charge', 'null')`,
  ttfb_ms: `value ->> '$.ttfbMs'`,
  duration_ms: `value ->> '$.durationMs'`,
  dropped: `value -> '$.dropped'`,
  end_user: `value ->> '$.endUser'`,
  session: `value ->> '$.session'`,
  tags: `COALESCE(NULLIF(value -> '$.tags', 'null'), '[]')`,
  count: `value ->> '$.count'`,
  revision: `value ->> '$.revision'`,
};

const names = Object.keys(columns);

/** The columns that `logs` has too. */
export const earlierColumns = names.filter(
  (name) => !['served_model', 'error_class', 'error_message', 'end_user', 'session', 'tags'].includes(name),
);

const insertSql = `INSERT INTO request_log (${names.join(', ')})
  SELECT ${Object.values(columns).join(', ')} FROM json_each(?) WHERE true
  ON CONFLICT (created_at, id) DO UPDATE SET ${names
    .filter((name) => name !== 'id' && name !== 'created_at')
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}
  WHERE excluded.revision > request_log.revision`;

/** Returns the statements that write rows. An existing row is replaced only by a higher revision. */
export function insertStatements(db: D1Database, rows: readonly LogRow[]): D1PreparedStatement[] {
  return chunksOfJson(rows).map((chunk) => db.prepare(insertSql).bind(chunk));
}

/** A row as D1 returns it. */
export type StoredRow = Record<string, string | number | null>;

/** Returns the row. Column names are the row's own in snake case, except for three units. */
export function rowOfStored(stored: StoredRow): LogRow {
  const text = (name: string) => stored[name] as string;
  const textOrNull = (name: string) => (stored[name] ?? null) as string | null;
  const number = (name: string) => stored[name] as number;
  const numberOrNull = (name: string) => stored[name] as number | null;
  return {
    id: text('id'),
    createdAtMs: number('created_at'),
    tokenId: text('token_id'),
    accountId: text('account_id'),
    format: text('format'),
    endpoint: text('endpoint'),
    requestedModel: textOrNull('requested_model'),
    upstreamModel: textOrNull('upstream_model'),
    servedModel: textOrNull('served_model'),
    channelId: textOrNull('channel_id'),
    attempts: JSON.parse(text('attempts')),
    status: number('status'),
    errorCode: textOrNull('error_code'),
    errorClass: textOrNull('error_class') as LogRow['errorClass'] & {},
    errorMessage: textOrNull('error_message'),
    stream: number('stream') === 1,
    inputTokens: number('input_tokens'),
    cachedTokens: number('cached_tokens'),
    cacheWriteTokens: number('cache_write_tokens'),
    outputTokens: number('output_tokens'),
    reasoningTokens: number('reasoning_tokens'),
    usageSource: textOrNull('usage_source') as LogRow['usageSource'],
    costNanoUsd: numberOrNull('cost_nano_usd'),
    charge: JSON.parse(textOrNull('charge') ?? 'null'),
    ttfbMs: numberOrNull('ttfb_ms'),
    durationMs: numberOrNull('duration_ms'),
    dropped: JSON.parse(text('dropped')),
    endUser: textOrNull('end_user'),
    session: textOrNull('session'),
    tags: tagsOf(textOrNull('tags')),
    count: number('count'),
    revision: number('revision'),
  };
}

function tagsOf(stored: string | null): string[] | null {
  const tags: string[] = JSON.parse(stored ?? '[]');
  return tags.length === 0 ? null : tags;
}
