// The usage object of legacy completions. No provider was seen to deviate from the three counts.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt } from '../json-reader.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Null when the object has no count. */
export function readCompletionUsage(usage: JsonObject | undefined): Usage | null {
  const prompt = countAt(usage, 'prompt_tokens');
  const completion = countAt(usage, 'completion_tokens');
  if (prompt === undefined && completion === undefined) return null;
  return usageOf({
    inputTokens: prompt ?? 0,
    cachedTokens: firstCount(countAt(objectAt(usage, 'prompt_tokens_details'), 'cached_tokens')),
    outputTokens: completion ?? 0,
    reasoningTokens: firstCount(countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens')),
  });
}
