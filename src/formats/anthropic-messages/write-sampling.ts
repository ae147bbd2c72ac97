// Temperature and its like: what a generation of Claude takes, alone and beside thinking.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest } from '../neutral.ts';
import type { ClaudeTraits } from './model-traits.ts';

/**
 * Models after Opus 4.6 take none. With thinking, temperature must be 1, top_p at least 0.95 and top_k absent
 * (https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#feature-compatibility); Claude's scale
 * of temperature ends at 1.
 */
export function samplingFor(
  request: NeutralRequest,
  traits: ClaudeTraits,
  isThinking: boolean,
  drops: DroppedPaths,
): JsonObject {
  const { temperature, topP, topK } = request;
  const members: Record<string, number> = {};
  const temperatureIsTaken = traits.sampling && !isThinking;
  if (temperature !== undefined && temperature !== 1) {
    if (!temperatureIsTaken || temperature > 1) drops.fields(request, 'temperature');
    if (temperatureIsTaken) members.temperature = Math.min(1, temperature);
  }
  const topPIsTaken =
    traits.sampling &&
    (!isThinking || (topP ?? 0) >= 0.95) &&
    (traits.bothSampling || members.temperature === undefined);
  if (topP !== undefined && topP !== 1) {
    if (topPIsTaken) members.top_p = topP;
    else drops.fields(request, 'topP');
  }
  if (topK !== undefined) {
    if (temperatureIsTaken) members.top_k = topK;
    else drops.fields(request, 'topK');
  }
  return members;
}
