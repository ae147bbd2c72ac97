// Writes a rerank request, which callers send in Cohere's or Jina's shape, for each upstream. Sources: the API
// references of Cohere v2, Jina v1 and Voyage v1.
import { removeMember, replaceMember } from '../../lib/json-members.ts';
import { isObject } from '../json-reader.ts';

/** The upstream's API. `jina` also means similar servers (vLLM, llama.cpp, Xinference). */
export type RerankDialect = 'cohere' | 'jina' | 'voyage';

/** The request's JSON text for an upstream; only what differs there is edited. `value` is the parsed text. */
export function writeRerankRequest(
  dialect: RerankDialect,
  text: string,
  value: unknown,
  model: string,
): string {
  const body = isObject(value) ? value : {};
  const named = body.model === model ? text : replaceMember(text, 'model', JSON.stringify(model));
  switch (dialect) {
    case 'jina':
      return named;
    case 'cohere':
      return withTextDocuments(removeMember(named, 'return_documents'), body);
    case 'voyage':
      return withTopK(withTextDocuments(named, body), body);
  }
}

/** Both take documents as strings only; Jina's callers may send `{text}`. */
function withTextDocuments(text: string, { documents }: Readonly<Record<string, unknown>>): string {
  if (!Array.isArray(documents) || documents.every((document) => typeof document === 'string')) return text;
  return replaceMember(text, 'documents', JSON.stringify(documents.map(documentText)));
}

function withTopK(text: string, { top_n: topN }: Readonly<Record<string, unknown>>): string {
  return topN === undefined
    ? text
    : replaceMember(removeMember(text, 'top_n'), 'top_k', JSON.stringify(topN));
}

/** The text of a document in any of the shapes that callers send. */
export function documentText(document: unknown): string {
  if (typeof document === 'string') return document;
  return isObject(document) && typeof document.text === 'string' ? document.text : JSON.stringify(document);
}
