// Neutral counts to the usage object of legacy completions.
import type { JsonObject } from '../../lib/json.ts';
import type { Usage } from '../usage.ts';

/** The three counts, and the parts that are not nothing. */
export function writeCompletionUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedTokens > 0 && { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(reasoningTokens > 0 && { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}
