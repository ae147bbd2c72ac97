import type { LogRow } from '../../../src/metering/log-row.ts';

/** Returns a plain log row with the given fields. */
export function logRow(fields: Partial<LogRow>): LogRow {
  return {
    id: crypto.randomUUID(),
    createdAtMs: Date.parse('2026-11-01T10:30:00Z'),
    tokenId: 'tok_1',
    accountId: 'acc_admin',
    format: 'openai',
    endpoint: '/v1/chat/completions',
    requestedModel: 'gpt-4o',
    upstreamModel: 'gpt-4o',
    channelId: 'ch_1',
    attempts: [{ channelId: 'ch_1', keyId: 'key_1', status: 200, error: null, durationMs: 12 }],
    status: 200,
    errorCode: null,
    stream: true,
    inputTokens: 100,
    cachedTokens: 40,
    cacheWriteTokens: 5,
    outputTokens: 20,
    reasoningTokens: 8,
    usageSource: 'upstream',
    costNanoUsd: 1_000_000_001,
    charge: { source: 'table', items: [['input', 100, 2_500_000]] },
    ttfbMs: 12.5,
    durationMs: 100,
    dropped: ['tools.0', 'seed'],
    count: 1,
    revision: 1,
    ...fields,
  };
}
