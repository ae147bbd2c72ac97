import type { LogRow } from './quota.ts';

/** What is known of a request before anything has come of it. */
export interface RowSubject {
  id: string;
  createdAtMs: number;
  tokenId: string;
  accountId: string;
  format: string;
  endpoint: string;
  requestedModel: string | null;
  stream: boolean;
}

/** A row of which only the request is known: no status, no usage, no charge. */
export function blankRow(subject: RowSubject): LogRow {
  return {
    ...subject,
    upstreamModel: null,
    channelId: null,
    attempts: [],
    status: 0,
    errorCode: null,
    inputTokens: 0,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    usageSource: null,
    costNanoUsd: 0,
    charge: null,
    ttfbMs: null,
    durationMs: null,
    dropped: [],
    count: 1,
    revision: 1,
  };
}
