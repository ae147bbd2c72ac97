// The one error that the relay itself raises, and its closed list of codes. Each API's route turns it into a
// status and a body of its own format.

/** Every reason for which the relay refuses or fails a request. */
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
  | 'max_cost_exceeded'
  | 'upstream_error'
  | 'upstream_timeout'
  | 'upstream_refused_relay'
  | 'service_unavailable'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'upgrade_required'
  | 'internal_error';

export interface RelayErrorDetails {
  /** The wrong field of the request, for `invalid_request`. */
  param?: string;
  /** When the caller may retry. */
  retryAfterMs?: number;
  /** The same request can never succeed: SDKs must not retry, whatever the code. */
  isFinal?: boolean;
  /** The refusal passes on an upstream's: it is not the relay's own limit. */
  isOfUpstream?: boolean;
  /** Headers of the caller's format that go with the refusal: what is left of its limits. */
  headers?: Record<string, string>;
  /** The methods of the path, for `method_not_allowed`. */
  allow?: string[];
  /** For the log only; never shown to a caller. */
  cause?: unknown;
}

/** An error with a message for the caller: what is wrong and how to fix it, without any address, key, or stack. */
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

/** Returns the message for the operator, including the cause, which callers never see. */
export function messageWithCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${messageWithCause(error.cause)})`;
  return `${error.message}${cause}`;
}
