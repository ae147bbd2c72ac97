// An error as the response of a door.
import { errorBody, errorHeaders, errorStatus } from '../formats/api-errors.ts';
import type { ApiFormat } from '../formats/format-id.ts';
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';

/** The response for anything thrown at a door. What is no RelayError is logged and told as an internal error. */
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
