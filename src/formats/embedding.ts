// Embeddings between formats: requests, answers, and what each format implements. The wire formats are in
// openai-embeddings/ (also Voyage's and Jina's dialects), gemini-embeddings/ and cohere-embeddings/.
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../lib/json.ts';
import type { ReadResult } from './request-fields.ts';
import type { Usage } from './usage.ts';

/** What the vectors are for, which some models are trained for. Google's names, in lower case. */
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
  /** Members that the neutral form does not have, by the caller's names. */
  unknown: string[];
  /** The caller's name of each field given. */
  paths: Partial<Record<'dimensions' | 'task' | 'title' | 'userId', string>>;
}

export interface EmbeddingAnswer {
  vectors: number[][];
  usage: Usage | null;
}

/** A body, and what it could not express. */
export interface WrittenEmbedding {
  body: JsonObject;
  dropped: string[];
}

export interface EmbeddingCaller {
  read(body: JsonObject): ReadResult<EmbeddingRequest>;
  /** `callerBody` has the requested encoding. */
  write(answer: EmbeddingAnswer, model: string, callerBody: JsonObject): JsonObject;
}

export interface EmbeddingUpstream {
  write(request: EmbeddingRequest, model: string): WrittenEmbedding;
  /** Never throws. Invalid vectors are left out, which the relay notices by their number. */
  read(body: JsonObject): EmbeddingAnswer;
}

/** Numbers, or base64 of little-endian 32-bit floats. */
export function vectorOf(value: unknown): number[] | null {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'number') ? value : null;
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

/** Encodes little-endian 32-bit floats as base64, which OpenAI's SDKs request. */
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
