// POST /v2/rerank, Cohere's shape.
import { newId, textOf } from './answer.ts';
import {
  type DemoAnswer,
  DemoRefusal,
  type DemoRequest,
  type Json,
  jsonAnswer,
  jsonBody,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';

const documentsPerSearchUnit = 100;

/** Ranks the documents by the words that they share with the query. */
export function rerank(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  servedModel(body.model, demoModels.cohere);
  const { query, documents } = body;
  if (typeof query !== 'string') throw new DemoRefusal(400, 'invalid request: query is required');
  if (!Array.isArray(documents))
    throw new DemoRefusal(400, 'invalid request: list of documents must not be empty');
  const results = documents
    .map((document, index) => ({ index, relevance_score: relevance(query, document) }))
    .sort((one, other) => other.relevance_score - one.relevance_score)
    .slice(0, typeof body.top_n === 'number' ? body.top_n : documents.length);
  const searchUnits = Math.max(1, Math.ceil(documents.length / documentsPerSearchUnit));
  const meta = { api_version: { version: '2' }, billed_units: { search_units: searchUnits } };
  return jsonAnswer({ id: newId(''), results, meta });
}

function relevance(query: string, document: Json): number {
  const wanted = new Set(words(query));
  const found = words(textOf(document)).filter((word) => wanted.has(word));
  return Math.min(0.99, 0.01 + new Set(found).size / Math.max(1, wanted.size));
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
