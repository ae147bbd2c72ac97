// The few fields of a request body that the relay must know, and their validation. Everything else is the
// upstream's to judge: unknown fields, empty arrays, values out of range.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { faultOfCounts, faultOfFields } from './request-checks.ts';
import type { RequestFault } from './request-fields.ts';
import type { WireFormat } from './wire-format.ts';

/** The facts in a request body that decide how it is relayed. */
export interface RequestFacts {
  ok: true;
  /** Null if the body names none (Gemini's is in the path; a few endpoints have a default). */
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
  format: WireFormat,
  body: unknown,
  { counting = false }: RequestFactsOptions = {},
): RequestFacts | RequestFault {
  if (!isObject(body)) return { ok: false, message: 'The request body must be a JSON object.', param: null };
  const required = format.requiredFields?.(body, counting) ?? [];
  const fault = faultOfFields(body, required) ?? faultOfCounts(format.countFields?.(body) ?? []);
  if (fault !== null) return fault;
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
