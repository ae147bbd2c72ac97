// generativelanguage.googleapis.com, v1beta. Source: Google's discovery document.
import type { OperationId } from '../formats/format-id.ts';
import { geminiListing } from './model-listing.ts';
import type { Provider } from './provider.ts';

/** Methods of a model, which Vertex has too. */
export const geminiVerbs: Partial<Record<OperationId, string>> = {
  'generate-content': 'generateContent',
  'stream-generate-content': 'streamGenerateContent',
  'count-tokens': 'countTokens',
  'embed-content': 'embedContent',
  'batch-embed-contents': 'batchEmbedContents',
};

/** Live API sessions have a different address (realtime/gemini/address.ts). */
const operations = new Set<OperationId>([...(Object.keys(geminiVerbs) as OperationId[]), 'live']);

/**
 * Encodes a model's name, which is the caller's text: no `:`, `?`, or `#` in it may choose another method, and
 * no `..` another model. Slashes and `@` are Google's own.
 */
export function nameInPath(model: string): string {
  const name = encodeURIComponent(model).replaceAll('%40', '@');
  return model.split('/').some((segment) => /^\.{1,2}$/.test(segment)) ? name : name.replaceAll('%2F', '/');
}

export const gemini: Provider = {
  defaultBaseUrl: 'https://generativelanguage.googleapis.com',
  operations: () => operations,
  talks: () => 'gemini-generate',
  embeds: 'gemini-embeddings',
  models: geminiListing,
  url: ({ baseUrl, operation, model, search }) => {
    const path = `models/${nameInPath(model.replace(/^models\//, ''))}:${geminiVerbs[operation]}`;
    return `${baseUrl.replace(/\/v1(beta)?$/, '')}/v1beta/${path}${search}`;
  },
  authorize: ({ headers }, key) => {
    headers.set('x-goog-api-key', key);
  },
};
