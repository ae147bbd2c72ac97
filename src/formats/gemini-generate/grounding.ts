// The searches that Gemini ran for an answer: it bills them apart from tokens, but names them only in the
// candidates' groundingMetadata. https://ai.google.dev/gemini-api/docs/google-search
import { objectAt, objectsAt } from '../json-reader.ts';
import type { JsonObject, Observation } from '../observation.ts';

/**
 * Adds the searches of a chunk's candidates to the usage. Cumulative where it repeats, and it may stand in
 * another chunk than the last usage: the larger figure stays.
 */
export function readGrounding(observation: Observation, chunk: JsonObject): void {
  let web = 0;
  let map = 0;
  for (const candidate of objectsAt(chunk, 'candidates')) {
    const metadata = objectAt(candidate, 'groundingMetadata');
    const queries = queriesOf(metadata);
    const isMap = objectsAt(metadata, 'groundingChunks').some((source) => objectAt(source, 'maps'));
    if (isMap) map += Math.max(1, queries);
    else web += queries;
  }
  observation.searches = {
    web: Math.max(web, observation.searches.web),
    map: Math.max(map, observation.searches.map),
  };
  if (observation.usage === null) return;
  observation.usage.webSearches = observation.searches.web;
  observation.usage.mapSearches = observation.searches.map;
}

/** Empty queries stand in the list too (seen with gemini-3-flash-preview, 2026); nobody searched for those. */
function queriesOf(metadata: JsonObject | undefined): number {
  const queries = metadata?.webSearchQueries;
  return Array.isArray(queries)
    ? queries.filter((query) => typeof query === 'string' && query !== '').length
    : 0;
}
