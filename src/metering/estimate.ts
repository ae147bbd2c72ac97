// What a request consumed, where the upstream did not say or had not said yet: what is known of it, and the
// rest from what passed.
import type { Meter } from '../formats/meter.ts';
import { emptyUsage, type Usage, usageOf } from '../formats/usage.ts';
import type { Bound } from './bound.ts';

/**
 * Characters of output a token: the median of 147 recorded answers is 3.1 (test/formats/meter-fixtures.test.ts).
 * Only for estimates; bounds are on the safe side of it.
 */
export const charactersPerToken = 3;

/**
 * The usage of a request at this moment. Input: the upstream's own figure if it gave one, else what the
 * request's length says. Output: the upstream's figure if it is final or higher, else by the length of
 * the text that passed.
 */
export function estimateUsage(bound: Pick<Bound, 'typicalInput'> | null, meter: Meter): Usage {
  const known = meter.partialUsage() ?? emptyUsage();
  const asked = bound?.typicalInput ?? emptyUsage();
  const passed = Math.ceil(meter.outputCharacters / charactersPerToken);
  const input = known.inputTokens > 0 ? known : asked;
  return usageOf({
    ...asked,
    ...input,
    outputTokens: Math.max(known.outputTokens, passed),
    reasoningTokens: known.reasoningTokens,
    outputAudioTokens: known.outputAudioTokens,
    outputImageTokens: known.outputImageTokens,
  });
}
