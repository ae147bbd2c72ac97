// The few fields of a request body that the relay must know, and their validation. Everything else is the
// upstream's to judge: unknown fields, empty arrays, values out of range.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { isModelName, modelNameRule } from './model-name.ts';
import { faultOfCounts } from './request-counts.ts';
import type { RequestFault } from './request-fault.ts';
import type { WireKind } from './wire-kind.ts';

/** What a request body says about how it must be relayed. */
export interface RequestFacts {
  ok: true;
  /** null: the body names none (Gemini's is in the path; a few endpoints have a default). */
  model: string | null;
  stream: boolean;
  /** chat and completions: `stream_options.include_usage`, undefined when it is not given. */
  includeUsage: boolean | undefined;
  /** responses: answered at once and run on. */
  background: boolean;
  /** responses: undefined when not given (OpenAI then stores). */
  store: boolean | undefined;
}

/** `counting`: the body of a token count, which needs less (no max_tokens, for one). */
export interface RequestFactsOptions {
  counting?: boolean;
}

/** Reads a parsed JSON body, or the text fields of a multipart form as an object. */
export function readRequestFacts(
  kind: WireKind,
  body: unknown,
  { counting = false }: RequestFactsOptions = {},
): RequestFacts | RequestFault {
  if (!isObject(body)) return { ok: false, message: 'The request body must be a JSON object.', param: null };
  for (const need of needs(kind, body, counting)) {
    const fault = check(body, need);
    if (fault !== null) return fault;
  }
  const excess = faultOfCounts(kind, body);
  if (excess !== null) return excess;
  return {
    ok: true,
    model: typeof body.model === 'string' ? body.model : null,
    // Forms spell it out: transcription and image edits stream too.
    stream: body.stream === true || body.stream === 'true',
    includeUsage: includeUsageOf(body),
    background: body.background === true,
    store: typeof body.store === 'boolean' ? body.store : undefined,
  };
}

function includeUsageOf(body: JsonObject): boolean | undefined {
  const given = isObject(body.stream_options) ? body.stream_options.include_usage : undefined;
  return typeof given === 'boolean' ? given : undefined;
}

type FieldType = 'string' | 'array' | 'object' | 'number' | 'boolean' | 'string or array' | 'any';

interface Need {
  field: string;
  type: FieldType;
  optional?: boolean;
}

const model: Need = { field: 'model', type: 'string' };
const stream: Need = { field: 'stream', type: 'boolean', optional: true };

/** What each endpoint cannot do without, by its provider's reference. */
function needs(kind: WireKind, body: JsonObject, counting: boolean): Need[] {
  switch (kind) {
    case 'chat':
      return [model, { field: 'messages', type: 'array' }, stream, streamOptions];
    case 'completions':
      // `prompt` has a default: https://platform.openai.com/docs/api-reference/completions/create
      return [model, stream, streamOptions];
    case 'responses':
      // A stored prompt may bring the model along.
      return [
        { ...model, optional: isObject(body.prompt) },
        stream,
        { ...boolean('background') },
        boolean('store'),
      ];
    case 'messages':
      return [
        model,
        { field: 'messages', type: 'array' },
        { field: 'max_tokens', type: 'number', optional: counting },
        stream,
      ];
    case 'generate':
      return [
        { field: 'contents', type: 'any', optional: counting && isObject(body.generateContentRequest) },
      ];
    case 'gemini-embed':
      return [{ field: Object.hasOwn(body, 'requests') ? 'requests' : 'content', type: 'any' }];
    case 'embeddings':
      return [model, { field: 'input', type: 'string or array' }];
    case 'moderations':
      return [
        { ...model, optional: true },
        { field: 'input', type: 'any' },
      ];
    case 'speech':
      return [model, { field: 'input', type: 'string' }];
    case 'transcription':
      return [model];
    case 'images':
      return [{ ...model, optional: true }];
    case 'rerank-cohere':
    case 'rerank-jina':
    case 'rerank-voyage':
      return [model, { field: 'query', type: 'any' }, { field: 'documents', type: 'array' }];
    case 'uncounted':
      return [];
  }
}

const streamOptions: Need = { field: 'stream_options', type: 'object', optional: true };

function boolean(field: string): Need {
  return { field, type: 'boolean', optional: true };
}

function check(body: JsonObject, { field, type, optional }: Need): RequestFault | null {
  const value = body[field];
  if (value === undefined || value === null) {
    return optional ? null : { ok: false, message: `Missing required parameter: '${field}'.`, param: field };
  }
  const wrongName = field === 'model' && typeof value === 'string' && !isModelName(value);
  if (!wrongName && isOfType(value, type)) return null;
  const expected = wrongName ? modelNameRule : expectation(type);
  const got = wrongName ? (value === '' ? 'an empty string' : 'something else') : nameOf(value);
  return { ok: false, message: `Invalid '${field}': expected ${expected}, got ${got}.`, param: field };
}

function isOfType(value: unknown, type: FieldType): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'string or array':
      return typeof value === 'string' || Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function expectation(type: FieldType): string {
  if (type === 'string or array') return 'a string or an array';
  return type === 'array' || type === 'object' ? `an ${type}` : `a ${type}`;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
