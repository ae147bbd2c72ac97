// What a meter takes from Gemini's embeddings. https://ai.google.dev/api/embeddings
import type { JsonObject } from '../../lib/json.ts';
import { errorName, objectAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { readGeminiEmbedUsage } from './usage.ts';

/** embedContent and batchEmbedContents. They do not stream. */
export const geminiEmbedObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  observation.usage = readGeminiEmbedUsage(answer) ?? observation.usage;
  observation.error ??= textAt(objectAt(answer, 'error'), 'status') ?? errorName(answer) ?? null;
  if (answer.embedding !== undefined || answer.embeddings !== undefined) observation.started = true;
}
