// Answers of embedContent and batchEmbedContents, both ways.
import type { JsonObject } from '../../lib/json.ts';
import { type EmbeddingAnswer, vectorOf } from '../embedding.ts';
import { countAt, errorName, firstCount, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';
import { isBatch } from './request.ts';

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
  callerBody: JsonObject,
): JsonObject {
  const embeddings = vectors.map((values) => ({ values }));
  const counted = usage === null ? {} : { usageMetadata: { promptTokenCount: usage.inputTokens } };
  return isBatch(callerBody)
    ? { embeddings, ...counted }
    : { embedding: embeddings[0] ?? { values: [] }, ...counted };
}

/** embedContent and batchEmbedContents. They do not stream. */
export const geminiEmbedObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  observation.usage = readGeminiEmbedUsage(answer) ?? observation.usage;
  observation.error ??= textAt(objectAt(answer, 'error'), 'status') ?? errorName(answer) ?? null;
  if (answer.embedding !== undefined || answer.embeddings !== undefined) observation.started = true;
}

/** Null when the answer has no count. The list of modalities is spelt in two ways (2026). */
function readGeminiEmbedUsage(answer: JsonObject): Usage | null {
  const usage = objectAt(answer, 'usageMetadata');
  const tokens = countAt(usage, 'promptTokenCount') ?? countAt(usage, 'totalTokenCount');
  if (tokens === undefined) return null;
  const details = [...objectsAt(usage, 'promptTokenDetails'), ...objectsAt(usage, 'promptTokensDetails')];
  const tokensOf = (...modalities: string[]): number =>
    details
      .filter((detail) => modalities.includes(textAt(detail, 'modality') ?? ''))
      .reduce((sum, detail) => sum + firstCount(countAt(detail, 'tokenCount')), 0);
  return usageOf({
    inputTokens: tokens,
    inputAudioTokens: tokensOf('AUDIO'),
    inputImageTokens: tokensOf('IMAGE', 'DOCUMENT'),
    inputVideoTokens: tokensOf('VIDEO'),
  });
}
