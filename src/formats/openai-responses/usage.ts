// The usage object of the Responses API, both ways.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the object has no count. */
export function readResponsesUsage(usage: JsonObject | undefined): Usage | null {
  // Azure's DeepSeek answers the Responses API with chat's names.
  const input = countAt(usage, 'input_tokens') ?? countAt(usage, 'prompt_tokens');
  const output = countAt(usage, 'output_tokens') ?? countAt(usage, 'completion_tokens');
  if (input === undefined && output === undefined) return null;
  const inputDetails = objectAt(usage, 'input_tokens_details');
  const reasoning = firstCount(countAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'));
  const total = firstCount(countAt(usage, 'total_tokens'));
  const outside = total === (input ?? 0) + (output ?? 0) + reasoning || reasoning > (output ?? 0);
  return usageOf({
    inputTokens: input ?? 0,
    cachedTokens: firstCount(countAt(inputDetails, 'cached_tokens')),
    cacheWriteTokens: firstCount(countAt(inputDetails, 'cache_write_tokens')),
    outputTokens: (output ?? 0) + (outside ? reasoning : 0),
    reasoningTokens: reasoning,
    inputAudioTokens: firstCount(countAt(inputDetails, 'audio_tokens')),
    inputImageTokens: firstCount(countAt(inputDetails, 'image_tokens')),
  });
}

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
