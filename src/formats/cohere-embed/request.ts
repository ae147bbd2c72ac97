// A request for Cohere's /v2/embed. https://docs.cohere.com/reference/embed
import {
  type EmbeddingRequest,
  type EmbeddingTask,
  lostFields,
  type WrittenEmbedding,
} from '../embedding.ts';

/** `input_type` is required of every model since v3; without a wish, texts are taken for documents. */
const inputTypes: Partial<Record<EmbeddingTask, string>> = {
  query: 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
};

export function writeEmbedRequest(request: EmbeddingRequest, model: string): WrittenEmbedding {
  const { texts, dimensions, task } = request;
  const type = task && inputTypes[task];
  const body = {
    model,
    texts,
    input_type: type ?? 'search_document',
    embedding_types: ['float'],
    ...(dimensions !== undefined && { output_dimension: dimensions }),
  };
  const lost = lostFields(request, 'title', 'userId', ...(type === undefined ? (['task'] as const) : []));
  return { body, dropped: lost };
}
