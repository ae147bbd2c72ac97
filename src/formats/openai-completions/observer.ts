// What a meter takes from legacy completions: chunks and answers have the same shape.
// https://platform.openai.com/docs/api-reference/completions
import type { JsonObject } from '../../lib/json.ts';
import { textLength } from '../elision.ts';
import { errorName, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { readCompletionUsage } from './usage.ts';

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
