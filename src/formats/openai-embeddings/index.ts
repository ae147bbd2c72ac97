// Embeddings of OpenAI's shape, and Voyage's and Jina's dialects of it.
import { modelField } from '../request-checks.ts';
import { apiRoute, type WireFormat } from '../wire-format.ts';
import { readEmbeddingsRequest } from './read-request.ts';
import { embeddingsObserver, readEmbeddings, writeEmbeddings } from './response.ts';
import { writeEmbeddingsRequest, writeJinaRequest, writeVoyageRequest } from './write-request.ts';

export { inEmbeddingsDialect } from './write-request.ts';

export const openaiEmbeddings: WireFormat = {
  id: 'openai-embeddings',
  api: 'openai',
  task: 'embeddings',
  routes: [apiRoute('embeddings', '/v1/embeddings')],
  observer: embeddingsObserver,
  requiredFields: () => [modelField, { field: 'input', type: 'string or array' }],
  embeddingCaller: { read: readEmbeddingsRequest, write: writeEmbeddings },
  embeddingUpstream: { write: writeEmbeddingsRequest, read: readEmbeddings, operation: 'embeddings' },
};

export const voyageEmbeddings: WireFormat = {
  ...openaiEmbeddings,
  id: 'voyage-embeddings',
  routes: [],
  embeddingUpstream: { write: writeVoyageRequest, read: readEmbeddings, operation: 'embeddings' },
};

export const jinaEmbeddings: WireFormat = {
  ...openaiEmbeddings,
  id: 'jina-embeddings',
  routes: [],
  embeddingUpstream: { write: writeJinaRequest, read: readEmbeddings, operation: 'embeddings' },
};
