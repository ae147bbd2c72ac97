// What a meter takes from legacy completions, and their usage object both ways. Chunks and answers have the same shape, and no
// provider was seen to deviate from the three counts. https://platform.openai.com/docs/api-reference/completions
import type { JsonObject } from '../../lib/json.ts';
import { textLength } from '../elision.ts';
import { countAt, errorName, firstCount, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';

/** Legacy completions. The terminator `[DONE]` is the framing's to see. */
export const completionsObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, value: JsonObject): void {
  observation.usage = readCompletionUsage(objectAt(value, 'usage')) ?? observation.usage;
  observation.model = textAt(value, 'model') ?? observation.model;
  observation.error ??= errorName(value) ?? null;
  for (const choice of objectsAt(value, 'choices')) {
    const length = textLength(choice.text);
    observation.outputCharacters += length;
    if (length > 0) observation.started = true;
  }
}

/** Null when the object has no count. */
function readCompletionUsage(usage: JsonObject | undefined): Usage | null {
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
