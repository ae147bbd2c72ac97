// Neutral counts to the usage object of chat completions: cached, written and audio tokens are inside
// prompt_tokens, reasoning is inside completion_tokens.
// https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage
import type { JsonObject } from '../../lib/json.ts';
import type { Usage } from '../usage.ts';

/** The object as OpenAI writes it; image tokens and searches only where there are some. */
export function writeChatUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.inputAudioTokens,
      ...(usage.inputImageTokens > 0 && { image_tokens: usage.inputImageTokens }),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...(usage.outputImageTokens > 0 && { image_tokens: usage.outputImageTokens }),
    },
    // OpenRouter's name for searches that are billed apart.
    ...(usage.webSearches > 0 && { server_tool_use_details: { web_search_requests: usage.webSearches } }),
  };
}
