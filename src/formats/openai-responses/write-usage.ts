// Neutral counts to the usage object of Responses: cached and written tokens are inside input_tokens,
// reasoning is inside output_tokens.
// https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage
import type { JsonObject } from '../../lib/json.ts';
import type { Usage } from '../usage.ts';

/** The object as OpenAI writes it; audio and image tokens only where there are some. */
export function writeResponsesUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      ...(usage.inputAudioTokens > 0 && { audio_tokens: usage.inputAudioTokens }),
      ...(usage.inputImageTokens > 0 && { image_tokens: usage.inputImageTokens }),
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
