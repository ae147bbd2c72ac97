// The searches that Gemini ran for an answer: it bills them apart from tokens, but names them only in the
// candidates' groundingMetadata. https://ai.google.dev/gemini-api/docs/google-search
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, objectsAt } from '../json-reader.ts';
import type { Observation } from '../observation.ts';

/**
 * Adds the searches of a chunk's candidates to the usage. They are cumulative if repeated, and may be in another chunk
 * than the last usage: the larger figure counts.
 */
export function readGrounding(observation: Observation, chunk: JsonObject): void {
  let web = 0;
  let map = 0;
  for (const candidate of objectsAt(chunk, 'candidates')) {
    const searches = searchesOf(candidate);
    web += searches.web;
    map += searches.map;
  }
  observation.searches = {
    web: Math.max(web, observation.searches.web),
    map: Math.max(map, observation.searches.map),
  };
  if (observation.usage === null) return;
  observation.usage.webSearches = observation.searches.web;
  observation.usage.mapSearches = observation.searches.map;
}

/** The searches of one candidate, or of a Live session's content. */
export function searchesOf(candidate: JsonObject): { web: number; map: number } {
  const metadata = objectAt(candidate, 'groundingMetadata');
  const queries = queriesOf(metadata);
  const isMap = objectsAt(metadata, 'groundingChunks').some((source) => objectAt(source, 'maps'));
  return isMap ? { web: 0, map: Math.max(1, queries) } : { web: queries, map: 0 };
}

/** Empty queries are in the list too (seen with gemini-3-flash-preview, 2026) and are not billed. */
function queriesOf(metadata: JsonObject | undefined): number {
  const queries = metadata?.webSearchQueries;
  return Array.isArray(queries)
    ? queries.filter((query) => typeof query === 'string' && query !== '').length
    : 0;
}
