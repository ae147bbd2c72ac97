// What a meter takes from a moderation: OpenAI reports no usage (it is free); compatible servers may.
import type { JsonObject } from '../../lib/json.ts';
import { countAt, errorName, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { usageOf } from '../usage.ts';

/** https://platform.openai.com/docs/api-reference/moderations */
export const moderationsObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  const tokens = countAt(objectAt(answer, 'usage'), 'prompt_tokens');
  if (tokens !== undefined) observation.usage = usageOf({ inputTokens: tokens });
  observation.model = textAt(answer, 'model') ?? observation.model;
  observation.error ??= errorName(answer) ?? null;
  if (objectsAt(answer, 'results').length > 0) observation.started = true;
}
