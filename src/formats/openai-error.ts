// Errors as OpenAI and its imitators write them, in bodies and in the middle of streams: objects, plain
// strings, or the whole body.
import type { JsonObject } from '../lib/json.ts';
import { withOverflow } from './context-overflow.ts';
import { isObject, isZeroObject, objectAt, textAt } from './json-reader.ts';
import type { NeutralError } from './neutral.ts';

/** Null when the value has no `error` member (absent, null or empty). */
export function readOpenaiError(value: JsonObject): NeutralError | null {
  const { error } = value;
  if (error === undefined || error === null || error === '' || isZeroObject(error)) return null;
  if (!isObject(error)) return withOverflow({ ...nothing, message: String(error) });
  return errorOf(error);
}

const nothing: NeutralError = {
  status: null,
  type: null,
  code: null,
  message: 'The upstream failed.',
  param: null,
};

/** An error object: `{message, type, code, param}`, each optional. */
export function errorOf(error: JsonObject): NeutralError {
  // OpenRouter: the error of the provider behind it.
  const quoted = textAt(objectAt(error, 'metadata'), 'raw');
  const read = {
    status: statusOf(error),
    type: textAt(error, 'type') ?? null,
    code: textAt(error, 'code') ?? (typeof error.code === 'number' ? String(error.code) : null),
    message: textAt(error, 'message') ?? nothing.message,
    param: textAt(error, 'param') ?? null,
  };
  return withOverflow(read, quoted);
}

/** Groq has `status_code`; OpenRouter and llama.cpp put the status into `code`. */
function statusOf({ status_code, code }: JsonObject): number | null {
  const status = [status_code, code].find(
    (number) => typeof number === 'number' && number >= 400 && number < 600,
  );
  return typeof status === 'number' ? status : null;
}

/** The code by which OpenAI's clients know the error; Codex and opencode compact by it. */
export function openaiCodeOf({ kind, code }: Pick<NeutralError, 'kind' | 'code'>): string | null {
  return kind === 'context-overflow' ? 'context_length_exceeded' : code;
}

/** An error object as OpenAI writes it. */
export function writeOpenaiError({ message, type, param, code, kind }: NeutralError): JsonObject {
  if (kind === 'context-overflow')
    return { message, type: 'invalid_request_error', param, code: openaiCodeOf({ kind, code }) };
  return { message, type: type ?? 'server_error', param, code };
}
