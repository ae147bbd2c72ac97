// The one error that the relay itself raises or answers with, and its closed list of codes. Who calls what
// a status and a shape: routes/respond-error.ts, one renderer a format.

/** Every reason for which the relay refuses or fails a request (SPEC section 5). */
export type RelayErrorCode =
  | 'invalid_api_key'
  | 'token_disabled'
  | 'token_expired'
  | 'model_not_allowed'
  | 'ip_not_allowed'
  | 'model_not_found'
  | 'resource_not_found'
  | 'invalid_request'
  | 'insufficient_quota'
  | 'rate_limit_exceeded'
  | 'request_too_large'
  | 'unsupported_encoding'
  | 'model_price_unset'
  | 'upstream_error'
  | 'upstream_timeout'
  | 'upstream_refused_relay'
  | 'service_unavailable'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'upgrade_required'
  | 'internal_error';

export interface RelayErrorDetails {
  /** The request's field that is wrong, for `invalid_request`. */
  param?: string;
  /** When the caller may come again. */
  retryAfterMs?: number;
  /** The same request can never succeed: SDKs must not retry, whatever the code. */
  isFinal?: boolean;
  /** Headers of the caller's format that go with the refusal: what is left of its limits. */
  headers?: Record<string, string>;
  /** Methods that the path has, for `method_not_allowed`. */
  allow?: string[];
  /** For the log only; never shown to a caller. */
  cause?: unknown;
}

/** The message is for the caller: what is wrong and how to mend it; no address, key or stack in it. */
export class RelayError extends Error {
  readonly code: RelayErrorCode;
  readonly details: RelayErrorDetails;

  constructor(code: RelayErrorCode, message: string, details: RelayErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'RelayError';
    this.code = code;
    this.details = details;
  }
}

/** What went wrong in words for the operator: the cause, too, which no caller is shown. */
export function wordsWithCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${wordsWithCause(error.cause)})`;
  return `${error.message}${cause}`;
}
