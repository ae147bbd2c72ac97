// Cohere's embeddings, as what others are translated to. Their usage is read with those of OpenAI's shape (the meter).
import type { JsonObject } from '../../lib/json.ts';
import { type EmbeddingAnswer, type EmbeddingUpstream, vectorOf } from '../embedding.ts';
import { countAt, isObject, objectAt } from '../json-reader.ts';
import { usageOf } from '../usage.ts';
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

export const cohereEmbeddings: EmbeddingUpstream = { write: writeEmbedRequest, read: readEmbedAnswer };
