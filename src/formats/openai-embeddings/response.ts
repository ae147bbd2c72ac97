// An embeddings answer of OpenAI's shape, both ways.
import { base64OfVector, type EmbeddingAnswer, vectorOf } from '../embedding.ts';
import { objectsAt } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';
import { readEmbeddingsUsage } from './usage.ts';

export function readEmbeddings(body: JsonObject): EmbeddingAnswer {
  const sorted = objectsAt(body, 'data').toSorted(
    (one, other) => Number(one.index ?? 0) - Number(other.index ?? 0),
  );
  return {
    vectors: sorted.map(({ embedding }) => vectorOf(embedding)).filter((vector) => vector !== null),
    usage: readEmbeddingsUsage(body),
  };
}

export function writeEmbeddings(
  { vectors, usage }: EmbeddingAnswer,
  model: string,
  asked: JsonObject,
): JsonObject {
  const tokens = usage?.inputTokens ?? 0;
  const encoded = asked.encoding_format === 'base64' ? base64OfVector : (vector: number[]) => vector;
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encoded(vector) })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
