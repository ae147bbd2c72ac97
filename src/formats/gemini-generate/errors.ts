// An upstream's error in Google's format. https://cloud.google.com/apis/design/errors
import type { JsonObject } from '../../lib/json.ts';
import { geminiErrorInfo } from '../api-errors.ts';
import type { NeutralError } from '../neutral.ts';

const words: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  402: 'FAILED_PRECONDITION',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  504: 'DEADLINE_EXCEEDED',
};

/** What is the upstream's failure and not the request's fault. */
const isFailure = (code: number) => code === 408 || code === 429 || code >= 500;

/** The body of an error, and the data of an error chunk. */
export function writeErrorBody({ status, message, kind }: NeutralError): JsonObject {
  if (kind === 'context-overflow') {
    const details = [geminiErrorInfo('CONTEXT_LENGTH_EXCEEDED')];
    return { error: { code: 400, message, status: 'INVALID_ARGUMENT', details } };
  }
  const code = status ?? 500;
  const word = words[code] ?? (code < 500 ? 'FAILED_PRECONDITION' : 'UNAVAILABLE');
  const details = isFailure(code) ? { details: [geminiErrorInfo('UPSTREAM_ERROR')] } : {};
  return { error: { code, message, status: word, ...details } };
}
