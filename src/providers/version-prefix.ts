// Which address an operator means who gives one without a version, with the version twice, or with an endpoint behind it. Pure.

/** Hosts whose API has no version in its path. */
const unversionedHosts = new Set(['api.perplexity.ai']);

/** Endpoints that people copy together with the address. `/models` is none: Azure AI's address ends so. */
const endpoint =
  /\/(chat\/completions|completions|responses|embeddings|moderations|messages(\/count_tokens)?|rerank|audio\/(speech|transcriptions|translations)|images\/(generations|edits|variations))$/;

/** Gemini's endpoints name a model and a method. */
const geminiEndpoint = /\/models\/[^/]+:\w+$/;

const doubledVersion = /\/(v\d+(?:(?:alpha|beta)\d*)?)(?:\/+\1)+$/;

/**
 * The address without trailing slashes, without an endpoint behind it, and with a version that is there twice once: what was stored as
 * `…/v1/chat/completions` or `…/v1/v1` means `…/v1`. A query (Azure's `api-version`) stays.
 */
export function bareBaseUrl(baseUrl: string): string {
  const [address = '', query] = baseUrl.split('?', 2);
  const trimmed = address.replace(/\/+$/, '');
  const bare = trimmed.replace(endpoint, '').replace(geminiEndpoint, '').replace(doubledVersion, '/$1');
  return query === undefined ? bare : `${bare}?${query}`;
}

/** The address with `/v1` if it had no path at all. */
export function withVersion(baseUrl: string): string {
  const { pathname, host } = new URL(baseUrl);
  return pathname === '/' && !unversionedHosts.has(host) ? `${baseUrl}/v1` : baseUrl;
}
