// Cohere's embeddings, as what others are translated to.
import type { JsonObject } from '../../lib/json.ts';
import {
  type EmbeddingAnswer,
  type EmbeddingRequest,
  type EmbeddingTask,
  lostFields,
  vectorOf,
  type WrittenEmbedding,
} from '../embedding.ts';
import { countAt, isObject, objectAt } from '../json-reader.ts';
import { usageOf } from '../usage.ts';
import type { WireFormat } from '../wire-format.ts';

/** `embeddings` is a list, or lists by type if types were requested. */
function readEmbedAnswer(body: JsonObject): EmbeddingAnswer {
  const { embeddings } = body;
  const list = isObject(embeddings) ? embeddings.float : embeddings;
  const tokens = countAt(objectAt(objectAt(body, 'meta'), 'billed_units'), 'input_tokens');
  return {
    vectors: (Array.isArray(list) ? list : []).map(vectorOf).filter((vector) => vector !== null),
    usage: tokens === undefined ? null : usageOf({ inputTokens: tokens }),
  };
}

export const cohereEmbeddings: Omit<WireFormat, 'observer'> = {
  id: 'cohere-embeddings',
  api: 'openai',
  task: 'embeddings',
  routes: [],
  embeddingUpstream: { write: writeEmbedRequest, read: readEmbedAnswer, operation: 'embeddings' },
};

/** `input_type` is required by every model since v3. Texts without a task are documents. */
const inputTypes: Partial<Record<EmbeddingTask, string>> = {
  query: 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
};

function writeEmbedRequest(request: EmbeddingRequest, model: string): WrittenEmbedding {
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
