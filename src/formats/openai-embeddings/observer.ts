// What a meter takes from an embeddings answer. https://platform.openai.com/docs/api-reference/embeddings
import type { JsonObject } from '../../lib/json.ts';
import { errorName, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { readEmbeddingsUsage } from './usage.ts';

/** Embeddings of OpenAI's shape, and Cohere's. They do not stream. */
export const embeddingsObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  observation.usage = readEmbeddingsUsage(answer) ?? observation.usage;
  observation.model = textAt(answer, 'model') ?? observation.model;
  observation.error ??= errorName(answer) ?? null;
  if (objectsAt(answer, 'data').length > 0 || answer.embeddings !== undefined) observation.started = true;
}
