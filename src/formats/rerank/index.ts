// Rerankers. Callers speak Cohere's shape; Jina's and Voyage's are what their upstreams speak.
import { modelField } from '../request-checks.ts';
import { apiRoute, type WireFormat } from '../wire-format.ts';
import { rerankObserver } from './response.ts';

export const cohereRerank: WireFormat = {
  id: 'cohere-rerank',
  api: 'openai',
  task: 'rerank',
  routes: [apiRoute('rerank', '/v1/rerank')],
  observer: rerankObserver,
  requiredFields: () => [modelField, { field: 'query', type: 'any' }, { field: 'documents', type: 'array' }],
};

export const jinaRerank: WireFormat = {
  ...cohereRerank,
  id: 'jina-rerank',
  routes: [],
  countsQueryPerDocument: true,
};
export const voyageRerank: WireFormat = { ...jinaRerank, id: 'voyage-rerank' };
