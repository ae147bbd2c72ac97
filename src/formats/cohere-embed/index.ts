// Cohere's embeddings, as what others are translated to.
import type { JsonObject } from '../../lib/json.ts';
import { type EmbeddingAnswer, vectorOf } from '../embedding.ts';
import { countAt, isObject, objectAt } from '../json-reader.ts';
import { usageOf } from '../usage.ts';
import type { WireFormat } from '../wire-format.ts';
import { writeEmbedRequest } from './request.ts';

/** `embeddings` is a list, or lists by type where types were asked for. */
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
