// Reads an upstream's error body of any shape as a neutral error, and writes a neutral error in each API's format.
import type { JsonObject } from '../lib/json.ts';
import { writeErrorBody as messagesErrorBody } from './anthropic-messages/errors.ts';
import { excludesOverflow, withOverflow } from './context-overflow.ts';
import type { ApiFormat } from './format-id.ts';
import { writeErrorBody as generateErrorBody } from './gemini-generate/errors.ts';
import { isObject, textAt } from './json-reader.ts';
import type { NeutralError } from './neutral.ts';
import { errorOf, writeOpenaiError } from './openai-error.ts';

/** For a page of HTML or an empty body: the upstream sent nothing that a caller could use. */
const mute = 'The model provider answered with an error.';

/** Never throws. Shapes seen: `{error: {…}}`, `{error: "…"}`, the whole body (Mistral, Cohere), `{detail}`, HTML. */
export function readUpstreamError(status: number, body: string): NeutralError {
  const value = jsonOf(body);
  const found = isObject(value) ? fromObject(value) : null;
  const error = found ?? { status: null, type: null, code: null, message: mute, param: null };
  const { kind, ...named } = { ...error, status, message: error.message || mute };
  // What the body shows holds for any status but those of a limit or a key: llama.cpp answers 500 to an overflow.
  return kind === undefined || excludesOverflow(status)
    ? withOverflow(named)
    : { ...named, status: 400, kind };
}

function jsonOf(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    // Google wraps the error of a stream without `alt=sse` in an array.
    return Array.isArray(value) ? value[0] : value;
  } catch {
    return null;
  }
}

function fromObject(value: JsonObject): NeutralError | null {
  const { error, detail } = value;
  if (isObject(error))
    return { ...errorOf(error), type: textAt(error, 'type') ?? textAt(error, 'status') ?? null };
  if (typeof error === 'string') return { ...errorOf(value), message: textAt(value, 'message') ?? error };
  if (typeof detail === 'string') return { ...errorOf(value), message: detail };
  if (Array.isArray(detail)) return { ...errorOf(value), message: messagesOf(detail) };
  return textAt(value, 'message') === undefined ? null : errorOf(value);
}

/** FastAPI's list of what is wrong with a body. */
function messagesOf(details: readonly unknown[]): string {
  return details.flatMap((one) => (isObject(one) ? (textAt(one, 'msg') ?? []) : [])).join('; ') || mute;
}

const openaiTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  413: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
};

/** Returns a provider's code or type. Gemini's code is the HTTP status, so only its type counts. */
function codeOf({ code, type }: NeutralError): string | null {
  return code === null || /^[45]\d\d$/.test(code) ? (type ?? code) : code;
}

/** Returns the body in that API's format. */
export function upstreamErrorBody(api: ApiFormat, error: NeutralError, requestId: string): JsonObject {
  switch (api) {
    case 'openai': {
      const type = openaiTypes[error.status ?? 500] ?? 'upstream_error';
      return { error: writeOpenaiError({ ...error, type, code: codeOf(error) }) };
    }
    case 'anthropic':
      return { ...messagesErrorBody(error), request_id: requestId };
    case 'gemini':
      return generateErrorBody(error);
  }
}
