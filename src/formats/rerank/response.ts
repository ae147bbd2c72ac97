// Rerank answers, as callers get them: `results` of `{index, relevance_score, document?}`, which Cohere's and Jina's
// clients both read.

import type { JsonObject } from '../../lib/json.ts';
import { countAt, errorName, isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';
import { documentText, type RerankDialect } from './request.ts';

/**
 * Returns the answer's text for the caller: the upstream's own unless it is Voyage's (`data`), or Cohere's to a caller
 * who requested documents, which Cohere v2 no longer returns.
 */
export function readRerankResponse(dialect: RerankDialect, text: string, request: unknown): string {
  const wanted = isObject(request) && request.return_documents === true;
  if (dialect === 'jina' || (dialect === 'cohere' && !wanted)) return text;
  const answer: unknown = parsed(text);
  if (!isObject(answer)) return text;
  const { data, object: _list, ...rest } = answer;
  const results = dialect === 'voyage' ? data : answer.results;
  if (!Array.isArray(results)) return text;
  const documents = isObject(request) && Array.isArray(request.documents) ? request.documents : [];
  return JSON.stringify({ ...rest, results: results.map((result) => written(result, wanted, documents)) });
}

function written(result: unknown, wanted: boolean, documents: readonly unknown[]): unknown {
  if (!isObject(result)) return result;
  const { document: _document, ...rest } = result;
  if (!wanted || typeof rest.index !== 'number') return rest;
  return { ...rest, document: { text: documentText(documents[rest.index]) } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Cohere, Jina, Voyage, Xinference, llama.cpp. They do not stream. */
export const rerankObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  observation.usage = readRerankUsage(answer) ?? observation.usage;
  observation.model = textAt(answer, 'model') ?? observation.model;
  observation.error ??= errorName(answer) ?? null;
  const results = objectsAt(answer, 'results').length + objectsAt(answer, 'data').length;
  if (results > 0) observation.started = true;
}

/** Null when the answer has no count (Xinference sends a `meta` full of nulls). */
function readRerankUsage(answer: JsonObject): Usage | null {
  const searches = countAt(objectAt(objectAt(answer, 'meta'), 'billed_units'), 'search_units');
  const usage = objectAt(answer, 'usage');
  // OpenRouter's Cohere models: search_units beside the tokens.
  const searchUnits = searches ?? countAt(usage, 'search_units');
  const tokens = countAt(usage, 'total_tokens') ?? countAt(usage, 'prompt_tokens');
  if (searchUnits === undefined && tokens === undefined) return null;
  return usageOf({ inputTokens: tokens ?? 0, searchUnits: searchUnits ?? 0 });
}
