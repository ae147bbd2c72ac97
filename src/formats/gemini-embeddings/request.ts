// embedContent and batchEmbedContents, both ways. https://ai.google.dev/api/embeddings
import type { JsonObject } from '../../lib/json.ts';
import {
  type EmbeddingRequest,
  type EmbeddingTask,
  lostFields,
  type WrittenEmbedding,
} from '../embedding.ts';
import { isObject, objectAt, objectsAt } from '../json-reader.ts';
import type { ReadResult } from '../request-fields.ts';

const taskNames: Readonly<Record<EmbeddingTask, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
  'code-query': 'CODE_RETRIEVAL_QUERY',
  'question-answering': 'QUESTION_ANSWERING',
  'fact-verification': 'FACT_VERIFICATION',
};

/** Either endpoint's body. Settings of a batch are those of its first request. */
export function readEmbedRequest(body: JsonObject): ReadResult<EmbeddingRequest> {
  const isBatch = Array.isArray(body.requests);
  const requests = isBatch ? objectsAt(body, 'requests') : [body];
  const texts = requests.map(textOf);
  const strange = texts.indexOf(null);
  if (strange >= 0 || requests.length === 0) {
    const param = isBatch ? `requests[${Math.max(0, strange)}].content` : 'content';
    return { ok: false, message: `${param}: this model's provider takes text only.`, param };
  }
  const [first = {}] = requests;
  const at = isBatch ? 'requests[0].' : '';
  const dimensions = first.outputDimensionality ?? first.output_dimensionality;
  const request: EmbeddingRequest = {
    texts: texts as string[],
    dimensions: typeof dimensions === 'number' ? dimensions : undefined,
    task: taskOf(first.taskType ?? first.task_type),
    title: typeof first.title === 'string' ? first.title : undefined,
    userId: undefined,
    unknown: [],
    paths: { dimensions: `${at}outputDimensionality`, task: `${at}taskType`, title: `${at}title` },
  };
  return { ok: true, request };
}

function textOf(request: JsonObject): string | null {
  const parts = objectsAt(objectAt(request, 'content'), 'parts');
  if (parts.length === 0 || !parts.every(({ text }) => typeof text === 'string')) return null;
  return parts.map(({ text }) => text).join('\n');
}

function taskOf(word: unknown): EmbeddingTask | undefined {
  const found = Object.entries(taskNames).find(([, google]) => google === word);
  return found?.[0] as EmbeddingTask | undefined;
}

/** Always a batch: its answer has one shape for one text and for many. */
export function writeEmbedRequest(request: EmbeddingRequest, model: string): WrittenEmbedding {
  const { dimensions, task, title } = request;
  const settings = {
    ...(dimensions !== undefined && { outputDimensionality: dimensions }),
    ...(task !== undefined && { taskType: taskNames[task] }),
    ...(title !== undefined && { title }),
  };
  const name = model.startsWith('models/') ? model : `models/${model}`;
  const requests = request.texts.map((text) => ({
    model: name,
    content: { parts: [{ text }] },
    ...settings,
  }));
  return { body: { requests }, dropped: lostFields(request, 'userId') };
}

/** Whether the body is a batch's, whose answer is a list. */
export function isBatch(callerBody: JsonObject): boolean {
  return Array.isArray(callerBody.requests) || isObject(callerBody.requests);
}
