// Neutral counts to the usage object of the Messages API, whose input_tokens leave cache reads and writes out.
import type { JsonObject } from '../../lib/json.ts';
import type { Usage } from '../usage.ts';

/** Null usage: the zeros that clients expect to be there. */
export function writeMessagesUsage(usage: Usage | null, serviceTier: string | null = null): JsonObject {
  const { inputTokens = 0, cachedTokens = 0, cacheWriteTokens = 0, outputTokens = 0 } = usage ?? {};
  const written1h = usage?.cacheWrite1hTokens ?? 0;
  return {
    input_tokens: Math.max(0, inputTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: cacheWriteTokens - written1h,
      ephemeral_1h_input_tokens: written1h,
    },
    output_tokens: outputTokens,
    ...(usage !== null &&
      usage.reasoningTokens > 0 && { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
    server_tool_use:
      usage !== null && usage.webSearches > 0
        ? { web_search_requests: usage.webSearches, web_fetch_requests: 0 }
        : null,
    service_tier: serviceTier === 'priority' || serviceTier === 'batch' ? serviceTier : 'standard',
    inference_geo: null,
  };
}
