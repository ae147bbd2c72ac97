// Errors of calls to a ledger that fail or find no policy.
import { RelayError } from '../lib/relay-error.ts';
import type { Refusal } from './quota.ts';

/** The refusal of a token that the database does not have. */
export const unknownToken: Refusal = {
  outcome: 'refused',
  code: 'invalid_api_key',
  message: 'This API key does not exist or was deleted.',
};

/** The refusal that ends running requests when the host stops. */
export const shuttingDown: Refusal = {
  outcome: 'refused',
  code: 'service_unavailable',
  message: 'The relay is shutting down. Send the request again in a moment.',
};

/** The message when a token's ledger does not answer. */
export const unreachable = 'The ledger of this API key cannot be reached at the moment. Try again shortly.';

/**
 * Returns whether a call may be repeated. Cloudflare marks retryable errors; an overloaded object must not be
 * called again.
 */
export function isRetryable(error: unknown): boolean {
  const { retryable } = error as { retryable?: boolean };
  return retryable === true && !isOverloaded(error);
}

/** Returns whether the object has more calls than it can serve. */
export function isOverloaded(error: unknown): boolean {
  return (error as { overloaded?: boolean } | undefined)?.overloaded === true;
}

/** Returns the error of a call that failed. */
export function asUnavailable(cause: unknown): RelayError {
  return new RelayError('service_unavailable', unreachable, { retryAfterMs: 1_000, cause });
}
