// Corrects an address that an operator entered without a version, with the version twice, or with an endpoint
// appended. Pure.

/** Hosts whose API has no version in its path. */
const unversionedHosts = new Set(['api.perplexity.ai']);

/** Endpoints that people copy together with the address. Not `/models`: Azure AI's address ends with it. */
const endpoint =
  /\/(chat\/completions|completions|responses|embeddings|moderations|messages(\/count_tokens)?|rerank|audio\/(speech|transcriptions|translations)|images\/(generations|edits|variations))$/;

/** Gemini's endpoints name a model and a method. */
const geminiEndpoint = /\/models\/[^/]+:\w+$/;

const doubledVersion = /\/(v\d+(?:(?:alpha|beta)\d*)?)(?:\/+\1)+$/;

/**
 * Removes trailing slashes, an appended endpoint, and a doubled version: `…/v1/chat/completions` and `…/v1/v1`
 * mean `…/v1`. A query (Azure's `api-version`) stays.
 */
export function bareBaseUrl(baseUrl: string): string {
  const [address = '', query] = baseUrl.split('?', 2);
  const trimmed = address.replace(/\/+$/, '');
  const bare = trimmed.replace(endpoint, '').replace(geminiEndpoint, '').replace(doubledVersion, '/$1');
  return query === undefined ? bare : `${bare}?${query}`;
}

/** Adds `/v1` to an address without any path. */
export function withVersion(baseUrl: string): string {
  const { pathname, host } = new URL(baseUrl);
  return pathname === '/' && !unversionedHosts.has(host) ? `${baseUrl}/v1` : baseUrl;
}
