// An embeddings answer of OpenAI's shape, both ways.
import type { JsonObject } from '../../lib/json.ts';
import { memberText, replaceMember, topLevelMembers } from '../../lib/json-members.ts';
import { base64OfVector, type EmbeddingAnswer, vectorOf } from '../embedding.ts';
import { countAt, errorName, isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { type Usage, usageOf } from '../usage.ts';

/**
 * Voyage's own answer with the count that OpenAI's clients require: it has a total only
 * (https://docs.voyageai.com/reference/embeddings-api, 2026-11). The vectors stay as they are. Null: nothing to add.
 */
export function withPromptTokens(text: string): string | null {
  const usage = topLevelMembers(text).findLast(({ key }) => key === 'usage');
  const before = usage === undefined ? null : parsedUsage(memberText(text, usage));
  if (before === null || before.prompt_tokens !== undefined || before.total_tokens === undefined) return null;
  const after = { prompt_tokens: before.total_tokens, ...before };
  return replaceMember(text, 'usage', JSON.stringify(after));
}

function parsedUsage(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

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
  callerBody: JsonObject,
): JsonObject {
  const tokens = usage?.inputTokens ?? 0;
  const encoded = callerBody.encoding_format === 'base64' ? base64OfVector : (vector: number[]) => vector;
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encoded(vector) })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Embeddings of OpenAI's shape, and Cohere's. They do not stream. */
export const embeddingsObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  observation.usage = readEmbeddingsUsage(answer) ?? observation.usage;
  observation.model = textAt(answer, 'model') ?? observation.model;
  observation.error ??= errorName(answer) ?? null;
  if (objectsAt(answer, 'data').length > 0 || answer.embeddings !== undefined) observation.started = true;
}

/** Null when the answer has no count. Voyage has only total_tokens, Cohere `meta.billed_units`. */
function readEmbeddingsUsage(answer: JsonObject): Usage | null {
  const usage = objectAt(answer, 'usage');
  const tokens = countAt(usage, 'prompt_tokens') ?? countAt(usage, 'total_tokens');
  if (tokens !== undefined) return usageOf({ inputTokens: tokens });
  const billed = objectAt(objectAt(answer, 'meta'), 'billed_units');
  const text = countAt(billed, 'input_tokens');
  const image = countAt(billed, 'image_tokens');
  if (text === undefined && image === undefined) return null;
  return usageOf({ inputTokens: (text ?? 0) + (image ?? 0), inputImageTokens: image ?? 0 });
}
