// Turns an error into a route's response.
import { errorBody, errorHeaders, errorStatus } from '../formats/api-errors.ts';
import type { ApiFormat } from '../formats/format-id.ts';
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';

/** Returns the response for anything thrown in a route. Anything but a RelayError is logged and answered as an internal error. */
export function respondError(door: ApiFormat, thrown: unknown, requestId: string): Response {
  const error = thrown instanceof RelayError ? thrown : internal(thrown, requestId);
  return Response.json(errorBody(door, error, requestId), {
    status: errorStatus(door, error.code),
    headers: errorHeaders(error),
  });
}

function internal(cause: unknown, requestId: string): RelayError {
  const stack = cause instanceof Error ? cause.stack : String(cause);
  logError('internal-error', { requestId, stack });
  return new RelayError('internal_error', `The relay failed at this request. Its id is ${requestId}.`, {
    cause,
  });
}
