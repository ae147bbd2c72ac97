// The relay's own errors in each API's format: one table, and three writers. The formats are those of
// the official OpenAPI files. SDKs choose their exception classes by status and `type`.
import type { RelayError, RelayErrorCode } from '../lib/relay-error.ts';
import type { ApiFormat } from './format-id.ts';

interface ErrorFacts {
  status: number;
  openai: [type: string, code: string | null];
  anthropic: [type: string, status?: number];
  gemini: [status: string, reason: string];
}

const unauthorized = { status: 401, anthropic: ['authentication_error'] } satisfies Partial<ErrorFacts>;
const forbidden = { status: 403, anthropic: ['permission_error'] } satisfies Partial<ErrorFacts>;
const wrong = { status: 400, anthropic: ['invalid_request_error'] } satisfies Partial<ErrorFacts>;

const table: Record<RelayErrorCode, ErrorFacts> = {
  invalid_api_key: {
    ...unauthorized,
    openai: ['invalid_request_error', 'invalid_api_key'],
    gemini: ['UNAUTHENTICATED', 'API_KEY_INVALID'],
  },
  token_disabled: {
    ...unauthorized,
    openai: ['invalid_request_error', 'token_disabled'],
    gemini: ['UNAUTHENTICATED', 'TOKEN_DISABLED'],
  },
  token_expired: {
    ...unauthorized,
    openai: ['invalid_request_error', 'token_expired'],
    gemini: ['UNAUTHENTICATED', 'TOKEN_EXPIRED'],
  },
  model_not_allowed: {
    ...forbidden,
    openai: ['permission_error', 'model_not_allowed'],
    gemini: ['PERMISSION_DENIED', 'MODEL_NOT_ALLOWED'],
  },
  ip_not_allowed: {
    ...forbidden,
    openai: ['permission_error', 'ip_not_allowed'],
    gemini: ['PERMISSION_DENIED', 'IP_NOT_ALLOWED'],
  },
  model_not_found: {
    status: 404,
    openai: ['invalid_request_error', 'model_not_found'],
    anthropic: ['not_found_error'],
    gemini: ['NOT_FOUND', 'MODEL_NOT_FOUND'],
  },
  resource_not_found: {
    status: 404,
    openai: ['invalid_request_error', 'not_found'],
    anthropic: ['not_found_error'],
    gemini: ['NOT_FOUND', 'RESOURCE_NOT_FOUND'],
  },
  invalid_request: {
    ...wrong,
    openai: ['invalid_request_error', null],
    gemini: ['INVALID_ARGUMENT', 'INVALID_REQUEST'],
  },
  model_price_unset: {
    ...wrong,
    openai: ['invalid_request_error', 'model_price_unset'],
    gemini: ['FAILED_PRECONDITION', 'MODEL_PRICE_UNSET'],
  },
  max_cost_exceeded: {
    ...wrong,
    openai: ['invalid_request_error', 'max_cost_exceeded'],
    gemini: ['FAILED_PRECONDITION', 'MAX_COST_EXCEEDED'],
  },
  insufficient_quota: {
    status: 429,
    openai: ['insufficient_quota', 'insufficient_quota'],
    anthropic: ['billing_error', 402],
    gemini: ['RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'],
  },
  rate_limit_exceeded: {
    status: 429,
    openai: ['rate_limit_error', 'rate_limit_exceeded'],
    anthropic: ['rate_limit_error'],
    gemini: ['RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED'],
  },
  request_too_large: {
    status: 413,
    openai: ['invalid_request_error', 'request_too_large'],
    anthropic: ['request_too_large'],
    gemini: ['INVALID_ARGUMENT', 'REQUEST_TOO_LARGE'],
  },
  unsupported_encoding: {
    status: 415,
    openai: ['invalid_request_error', 'unsupported_encoding'],
    anthropic: ['invalid_request_error'],
    gemini: ['INVALID_ARGUMENT', 'UNSUPPORTED_ENCODING'],
  },
  upstream_error: {
    status: 502,
    openai: ['upstream_error', 'upstream_error'],
    anthropic: ['api_error'],
    gemini: ['UNAVAILABLE', 'UPSTREAM_ERROR'],
  },
  upstream_timeout: {
    status: 504,
    openai: ['upstream_error', 'upstream_error'],
    anthropic: ['timeout_error'],
    gemini: ['DEADLINE_EXCEEDED', 'UPSTREAM_ERROR'],
  },
  upstream_refused_relay: {
    status: 502,
    openai: ['upstream_error', 'upstream_error'],
    anthropic: ['api_error'],
    gemini: ['UNAVAILABLE', 'UPSTREAM_ERROR'],
  },
  service_unavailable: {
    status: 503,
    openai: ['server_error', 'service_unavailable'],
    anthropic: ['overloaded_error'],
    gemini: ['UNAVAILABLE', 'SERVICE_UNAVAILABLE'],
  },
  route_not_found: {
    status: 404,
    openai: ['invalid_request_error', 'unknown_url'],
    anthropic: ['not_found_error'],
    gemini: ['NOT_FOUND', 'UNKNOWN_URL'],
  },
  method_not_allowed: {
    status: 405,
    openai: ['invalid_request_error', 'method_not_allowed'],
    anthropic: ['not_found_error'],
    gemini: ['NOT_FOUND', 'METHOD_NOT_ALLOWED'],
  },
  upgrade_required: {
    status: 426,
    openai: ['invalid_request_error', 'upgrade_required'],
    anthropic: ['invalid_request_error'],
    gemini: ['FAILED_PRECONDITION', 'UPGRADE_REQUIRED'],
  },
  internal_error: {
    status: 500,
    openai: ['server_error', 'internal_error'],
    anthropic: ['api_error'],
    gemini: ['INTERNAL', 'INTERNAL_ERROR'],
  },
};

/** Every code. */
export const errorCodes = /* @__PURE__ */ Object.keys(table) as readonly RelayErrorCode[];

/** Codes after which an SDK must not retry. */
const finalCodes: ReadonlySet<RelayErrorCode> = new Set(['insufficient_quota', 'upstream_refused_relay']);

/** Returns the HTTP status of an error in that API. */
export function errorStatus(api: ApiFormat, code: RelayErrorCode): number {
  const { status, anthropic } = table[code];
  return api === 'anthropic' ? (anthropic[1] ?? status) : status;
}

/** Headers that belong to an error: where it is explained, when to come again, whether at all, which methods there are. */
export function errorHeaders(error: RelayError): Record<string, string> {
  const { retryAfterMs, allow, headers } = error.details;
  return {
    link: `<${helpPath(error.code)}>; rel="help"`,
    ...headers,
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
    ...((finalCodes.has(error.code) || error.details.isFinal === true) && { 'x-should-retry': 'false' }),
    ...(allow !== undefined && { allow: allow.join(', ') }),
    ...(error.code === 'invalid_api_key' && { 'www-authenticate': 'Bearer' }),
  };
}

/** The section of the documentation about the error, in this relay. */
function helpPath(code: RelayErrorCode): string {
  return `/docs/errors#${code}`;
}

/**
 * Returns the body of an error in that API's format. `origin` is the relay's address as the caller has it: Google's format
 * has a place for a link to the documentation.
 */
export function errorBody(api: ApiFormat, error: RelayError, requestId: string, origin?: string): object {
  const facts = table[error.code];
  const { message } = error;
  switch (api) {
    case 'openai': {
      const [type, code] = facts.openai;
      return { error: { message, type, param: error.details.param ?? null, code } };
    }
    case 'anthropic':
      return { type: 'error', error: { type: facts.anthropic[0], message }, request_id: requestId };
    case 'gemini':
      return { error: geminiError(error, origin) };
  }
}

/** Returns Gemini's error object: `code` is the HTTP status. */
function geminiError(
  { code, message, details: { retryAfterMs } }: RelayError,
  origin: string | undefined,
): object {
  const [status, reason] = table[code].gemini;
  const info = geminiErrorInfo(reason);
  // Google's clients read from here, not from a header, when they may come again.
  const retry = retryAfterMs !== undefined && {
    '@type': 'type.googleapis.com/google.rpc.RetryInfo',
    retryDelay: `${Math.max(1, Math.ceil(retryAfterMs / 1000))}s`,
  };
  const help = origin !== undefined && {
    '@type': 'type.googleapis.com/google.rpc.Help',
    links: [{ description: 'What this error means', url: origin + helpPath(code) }],
  };
  return { code: table[code].status, message, status, details: [info, retry, help].filter(Boolean) };
}

/** Returns the detail of Google's errors with a reason that programs can read. */
export function geminiErrorInfo(reason: string): object {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'openopen8-relay' };
}

/** Returns OpenAI's `type` and `code` of an error, for its stream events. */
export function openaiError({ code, message, details }: RelayError): object {
  const [type, openaiCode] = table[code].openai;
  return { message, type, param: details.param ?? null, code: openaiCode };
}
