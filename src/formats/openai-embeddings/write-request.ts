// An embeddings request for OpenAI, and for those who changed its fields. Sources: OpenAI's OpenAPI file, the API
// references of Voyage (v1) and Jina (v1), 2026-11.

import type { JsonObject } from '../../lib/json.ts';
import { removeMember, replaceMember } from '../../lib/json-members.ts';
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
  const { texts, dimensions, task: requestedTask } = request;
  const task = requestedTask && jinaTasks[requestedTask];
  const body = {
    model,
    input: texts,
    ...(dimensions !== undefined && { dimensions }),
    ...(task !== undefined && { task }),
  };
  const lost = lostFields(request, 'title', 'userId', ...(task === undefined ? (['task'] as const) : []));
  return { body, dropped: lost };
}

/** The JSON text for that upstream. `body` is the parsed text. */
export function inEmbeddingsDialect(dialect: 'voyage' | 'jina', text: string, body: JsonObject): string {
  switch (dialect) {
    case 'voyage':
      return withoutFloat(renamed(text, body, 'dimensions', 'output_dimension'), body);
    case 'jina':
      return renamed(text, body, 'encoding_format', 'embedding_type');
  }
}

function renamed(text: string, body: JsonObject, from: string, to: string): string {
  if (body[from] === undefined || body[to] !== undefined) return text;
  return replaceMember(removeMember(text, from), to, JSON.stringify(body[from]));
}

/** Voyage's encodings are base64 and, without a name, floats. */
function withoutFloat(text: string, body: JsonObject): string {
  return body.encoding_format === 'float' ? removeMember(text, 'encoding_format') : text;
}
