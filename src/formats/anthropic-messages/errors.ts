// An upstream's error in Anthropic's format. https://docs.anthropic.com/en/api/errors
import type { JsonObject } from '../../lib/json.ts';
import { anthropicOverflowMessage } from '../context-overflow.ts';
import type { NeutralError } from '../neutral.ts';

const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** The body of an error, and the data of an error event. */
export function writeErrorBody({ status, message, kind }: NeutralError): JsonObject {
  if (kind === 'context-overflow')
    return {
      type: 'error',
      error: { type: 'invalid_request_error', message: anthropicOverflowMessage(message) },
    };
  return { type: 'error', error: { type: types[status ?? 500] ?? 'api_error', message } };
}
