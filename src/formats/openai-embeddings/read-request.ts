// An embeddings request of OpenAI's shape, with the fields that Voyage and Jina added to it.
import type { JsonObject } from '../../lib/json.ts';
import type { EmbeddingRequest, EmbeddingTask } from '../embedding.ts';
import type { ReadResult } from '../request-fields.ts';

const known = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user', 'input_type', 'task']);

const tasks: Readonly<Record<string, EmbeddingTask>> = {
  query: 'query',
  document: 'document',
  search_query: 'query',
  search_document: 'document',
  classification: 'classification',
  clustering: 'clustering',
  'retrieval.query': 'query',
  'retrieval.passage': 'document',
  'text-matching': 'similarity',
  separation: 'clustering',
};

export function readEmbeddingsRequest(body: JsonObject): ReadResult<EmbeddingRequest> {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const strange = inputs.findIndex((input) => typeof input !== 'string');
  if (strange >= 0) {
    const message = `Invalid 'input[${strange}]': this model's provider takes text only, no token ids.`;
    return { ok: false, message, param: 'input' };
  }
  const taskMember = typeof body.input_type === 'string' ? 'input_type' : 'task';
  const word = body[taskMember];
  const task = typeof word === 'string' && Object.hasOwn(tasks, word) ? tasks[word] : undefined;
  const request: EmbeddingRequest = {
    texts: inputs as string[],
    dimensions: typeof body.dimensions === 'number' ? body.dimensions : undefined,
    task,
    title: undefined,
    userId: typeof body.user === 'string' ? body.user : undefined,
    unknown: [
      ...Object.keys(body).filter((name) => !known.has(name)),
      ...(word !== undefined && word !== null && task === undefined ? [taskMember] : []),
    ],
    paths: { dimensions: 'dimensions', task: taskMember, userId: 'user' },
  };
  return { ok: true, request };
}
