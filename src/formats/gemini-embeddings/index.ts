// Gemini's embeddings, of one text and of a batch.
import { apiRoute, type WireFormat } from '../wire-format.ts';
import { readEmbedRequest, writeEmbedRequest } from './request.ts';
import { geminiEmbedObserver, readEmbedAnswer, writeEmbedAnswer } from './response.ts';

export const geminiEmbeddings: WireFormat = {
  id: 'gemini-embeddings',
  api: 'gemini',
  task: 'embeddings',
  routes: [
    apiRoute('embed-content', '/v1beta/models/{model}:embedContent'),
    apiRoute('batch-embed-contents', '/v1beta/models/{model}:batchEmbedContents'),
  ],
  observer: geminiEmbedObserver,
  requiredFields: (body) => [
    { field: Object.hasOwn(body, 'requests') ? 'requests' : 'content', type: 'any' },
  ],
  embeddingCaller: { read: readEmbedRequest, write: writeEmbedAnswer },
  embeddingUpstream: { write: writeEmbedRequest, read: readEmbedAnswer, operation: 'batch-embed-contents' },
};
