// Cohere, Jina, and Voyage: rerank, and the embeddings of the two that use OpenAI's shape. Sources: their API
// references (Cohere v2, Jina v1, Voyage v1).
import type { OperationId } from '../formats/format-id.ts';
import { cohereListing } from './model-listing.ts';
import { authorizeByBearer, type Provider } from './provider.ts';

const cohereOperations = new Set<OperationId>(['rerank']);
const jinaOperations = new Set<OperationId>(['rerank', 'embeddings']);

export const cohere: Provider = {
  defaultBaseUrl: 'https://api.cohere.com',
  operations: () => cohereOperations,
  talks: () => null,
  embeds: 'cohere-embeddings',
  models: cohereListing,
  url: ({ baseUrl, operation, search }) =>
    `${baseUrl.replace(/\/v[12]$/, '')}/v2/${operation === 'embeddings' ? 'embed' : 'rerank'}${search}`,
  authorize: authorizeByBearer,
};

export const jina: Provider = {
  defaultBaseUrl: 'https://api.jina.ai',
  operations: () => jinaOperations,
  talks: () => null,
  embeds: 'jina-embeddings',
  models: null,
  url: ({ baseUrl, operation, search }) => `${baseUrl.replace(/\/v1$/, '')}/v1/${operation}${search}`,
  authorize: authorizeByBearer,
};

export const voyage: Provider = {
  ...jina,
  embeds: 'voyage-embeddings',
  defaultBaseUrl: 'https://api.voyageai.com',
};
