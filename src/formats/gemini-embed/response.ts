// Answers of embedContent and batchEmbedContents, both ways.
import type { JsonObject } from '../../lib/json.ts';
import { type EmbeddingAnswer, vectorOf } from '../embedding.ts';
import { objectAt, objectsAt } from '../json-reader.ts';
import { isBatch } from './request.ts';
import { readGeminiEmbedUsage } from './usage.ts';

export function readEmbedAnswer(body: JsonObject): EmbeddingAnswer {
  const single = objectAt(body, 'embedding');
  const all = single === undefined ? objectsAt(body, 'embeddings') : [single];
  return {
    vectors: all.map(({ values }) => vectorOf(values)).filter((vector) => vector !== null),
    usage: readGeminiEmbedUsage(body),
  };
}

export function writeEmbedAnswer(
  { vectors, usage }: EmbeddingAnswer,
  _model: string,
  asked: JsonObject,
): JsonObject {
  const embeddings = vectors.map((values) => ({ values }));
  const counted = usage === null ? {} : { usageMetadata: { promptTokenCount: usage.inputTokens } };
  return isBatch(asked)
    ? { embeddings, ...counted }
    : { embedding: embeddings[0] ?? { values: [] }, ...counted };
}
