// What a meter takes from a reranker's answer. The vendors' shapes differ in where usage and results stand,
// and one reader bears them all.
import type { JsonObject } from '../../lib/json.ts';
import { errorName, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { readRerankUsage } from './usage.ts';

/** Cohere, Jina, Voyage, Xinference, llama.cpp. They do not stream. */
export const rerankObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  observation.usage = readRerankUsage(answer) ?? observation.usage;
  observation.model = textAt(answer, 'model') ?? observation.model;
  observation.error ??= errorName(answer) ?? null;
  const results = objectsAt(answer, 'results').length + objectsAt(answer, 'data').length;
  if (results > 0) observation.started = true;
}
