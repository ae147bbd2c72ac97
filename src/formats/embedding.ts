// Embeddings between formats: what is to be embedded and what came of it, and what each format supplies. The wire
// shapes are in openai-embeddings/ (also Voyage's and Jina's dialects of it), gemini-embed/ and cohere-embed/.
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../lib/json.ts';
import type { ReadResult } from './request-fields.ts';
import type { Usage } from './usage.ts';

/** What the vectors are for; models that are trained for it want to know. Google's words, in lower case. */
export type EmbeddingTask =
  | 'query'
  | 'document'
  | 'similarity'
  | 'classification'
  | 'clustering'
  | 'code-query'
  | 'question-answering'
  | 'fact-verification';

export interface EmbeddingRequest {
  /** In order. What is no text (token ids, pictures) was refused by the reader. */
  texts: string[];
  dimensions: number | undefined;
  task: EmbeddingTask | undefined;
  title: string | undefined;
  userId: string | undefined;
  /** Members without a place here, by the caller's names. */
  unknown: string[];
  /** The caller's name of each field given. */
  paths: Partial<Record<'dimensions' | 'task' | 'title' | 'userId', string>>;
}

export interface EmbeddingAnswer {
  vectors: number[][];
  usage: Usage | null;
}

/** A body and what it could not say. */
export interface WrittenEmbedding {
  body: JsonObject;
  dropped: string[];
}

export interface EmbeddingCaller {
  read(body: JsonObject): ReadResult<EmbeddingRequest>;
  /** `asked`: the caller's body, for the encoding that it wants. */
  write(answer: EmbeddingAnswer, model: string, callerBody: JsonObject): JsonObject;
}

export interface EmbeddingUpstream {
  write(request: EmbeddingRequest, model: string): WrittenEmbedding;
  /** Throws nothing; vectors that are none are left out, which the relay notices by their count. */
  read(body: JsonObject): EmbeddingAnswer;
}

/** Numbers, or base64 of little-endian 32-bit floats. */
export function vectorOf(value: unknown): number[] | null {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'number') ? value : null;
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

/** Base64 of little-endian 32-bit floats, which OpenAI's SDKs ask for. */
export function base64OfVector(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString('base64');
}

/** Names of given fields that an upstream has no member for. */
export function lostFields(
  request: EmbeddingRequest,
  ...fields: (keyof EmbeddingRequest['paths'])[]
): string[] {
  const named = fields.flatMap((field) =>
    request[field] === undefined ? [] : (request.paths[field] ?? field),
  );
  return [...named, ...request.unknown];
}
