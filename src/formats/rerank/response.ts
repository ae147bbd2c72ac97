// A rerank answer as the door promised it: `results` of `{index, relevance_score, document?}`, which Cohere's
// and Jina's clients both read.
import { isObject } from '../json-reader.ts';
import { documentText, type RerankDialect } from './request.ts';

/**
 * The answer's text for the caller: the upstream's own unless it is Voyage's (`data`), or Cohere's to a
 * caller who asked for documents, which Cohere v2 no longer returns.
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
