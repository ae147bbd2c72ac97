// An embeddings request for OpenAI, and for those who changed its fields. Sources: OpenAI's OpenAPI file, the API
// references of Voyage (v1) and Jina (v1), 2026-11.
import { type EmbeddingRequest, lostFields, type WrittenEmbedding } from '../embedding.ts';

export function writeEmbeddingsRequest(request: EmbeddingRequest, model: string): WrittenEmbedding {
  const { texts, dimensions, userId } = request;
  const body = {
    model,
    input: texts,
    encoding_format: 'float',
    ...(dimensions !== undefined && { dimensions }),
    ...(userId !== undefined && { user: userId }),
  };
  return { body, dropped: lostFields(request, 'task', 'title') };
}

/** Voyage knows queries and documents; its only encoding by name is base64. */
export function writeVoyageRequest(request: EmbeddingRequest, model: string): WrittenEmbedding {
  const { texts, dimensions, task } = request;
  const isKnown = task === 'query' || task === 'document';
  const body = {
    model,
    input: texts,
    ...(dimensions !== undefined && { output_dimension: dimensions }),
    ...(isKnown && { input_type: task }),
  };
  return { body, dropped: lostFields(request, 'title', 'userId', ...(isKnown ? [] : (['task'] as const))) };
}

const jinaTasks: Partial<Record<NonNullable<EmbeddingRequest['task']>, string>> = {
  query: 'retrieval.query',
  document: 'retrieval.passage',
  similarity: 'text-matching',
  classification: 'classification',
  clustering: 'separation',
  'code-query': 'code.query',
};

export function writeJinaRequest(request: EmbeddingRequest, model: string): WrittenEmbedding {
  const { texts, dimensions, task: wished } = request;
  const task = wished && jinaTasks[wished];
  const body = {
    model,
    input: texts,
    ...(dimensions !== undefined && { dimensions }),
    ...(task !== undefined && { task }),
  };
  const lost = lostFields(request, 'title', 'userId', ...(task === undefined ? (['task'] as const) : []));
  return { body, dropped: lost };
}
