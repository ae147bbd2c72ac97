// What comes of a ledger that cannot be asked, or that has nothing to say.
import { RelayError } from '../lib/relay-error.ts';
import type { Refusal } from './quota.ts';

/** What a caller reads whose token the database does not have. */
export const unknownToken: Refusal = {
  outcome: 'refused',
  code: 'invalid_api_key',
  message: 'This API key does not exist or was deleted.',
};

/** What running requests are ended with when the host stops. */
export const shuttingDown: Refusal = {
  outcome: 'refused',
  code: 'service_unavailable',
  message: 'The relay is shutting down. Send the request again in a moment.',
};

/** What a caller reads while its token's ledger does not answer. */
export const unreachable = 'The ledger of this API key cannot be reached at the moment. Try again shortly.';

/** Cloudflare marks what may be repeated; an overloaded object must be left alone. */
export function isRetryable(error: unknown): boolean {
  const marks = error as { retryable?: boolean; overloaded?: boolean };
  return marks.retryable === true && marks.overloaded !== true;
}

/** The error of a call that failed. */
export function asUnavailable(cause: unknown): RelayError {
  return new RelayError('service_unavailable', unreachable, { retryAfterMs: 1_000, cause });
}
