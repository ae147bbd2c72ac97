// Cohere, Jina and Voyage: rerank, and the embeddings of those two whose shape is OpenAI's. Sources: their
// API references (Cohere v2, Jina v1, Voyage v1).
import { authorizeByBearer, type Provider } from './provider.ts';

export const cohere: Provider = {
  defaultBaseUrl: 'https://api.cohere.com',
  operations: new Set(['rerank']),
  url: ({ baseUrl, search }) => `${baseUrl.replace(/\/v[12]$/, '')}/v2/rerank${search}`,
  authorize: authorizeByBearer,
};

export const jina: Provider = {
  defaultBaseUrl: 'https://api.jina.ai',
  operations: new Set(['rerank', 'embeddings']),
  url: ({ baseUrl, operation, search }) => `${baseUrl.replace(/\/v1$/, '')}/v1/${operation}${search}`,
  authorize: authorizeByBearer,
};

export const voyage: Provider = { ...jina, defaultBaseUrl: 'https://api.voyageai.com' };
