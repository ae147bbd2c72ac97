// A ledger's refusal as the error that the caller gets.
import type { ApiFormat } from '../formats/format-id.ts';
import { rateLimitHeaders } from '../formats/rate-limit-headers.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { Refusal } from '../quota/quota.ts';

/** The log's status of a request whose client left before it was answered; nginx uses the same number. */
export const clientLeftStatus = 499;

/** Returns the error of a refusal. With a format, its headers say what is left of the token's limits. */
export function refusalError(
  { code, message, retryAfterMs, isFinal, left }: Refusal,
  format?: ApiFormat,
): RelayError {
  const headers = left && format && rateLimitHeaders(format, left, Date.now());
  return new RelayError(code, message, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isFinal !== undefined && { isFinal }),
    ...(headers !== undefined && { headers }),
  });
}
