// Whose fault an error is: the caller's, the relay's own limits', or the upstream's.
import type { RelayError, RelayErrorCode } from '../lib/relay-error.ts';
import type { ErrorClass } from './log-row.ts';

const ofRelay: ReadonlySet<string> = new Set<RelayErrorCode>([
  'insufficient_quota',
  'rate_limit_exceeded',
  'model_price_unset',
  'service_unavailable',
  'internal_error',
]);

const ofUpstream: ReadonlySet<string> = new Set<RelayErrorCode>([
  'upstream_error',
  'upstream_timeout',
  'upstream_refused_relay',
]);

/** Returns the class of an error that the relay raised. */
export function classOfRelayError({ code, details }: Pick<RelayError, 'code' | 'details'>): ErrorClass {
  if (details.isOfUpstream || ofUpstream.has(code)) return 'upstream';
  return ofRelay.has(code) ? 'relay' : 'caller';
}

/** Errors without a message of their own: of sessions, of responses in the background, and of Workers that died. */
const reasons: Readonly<Record<string, readonly [ErrorClass, string]>> = {
  client_left: ['caller', 'The client left before the answer was complete.'],
  session_ended: ['upstream', 'The session ended before this turn was complete.'],
  session_expired: ['relay', 'The session reached the longest time of a session.'],
  upstream_lost: ['upstream', 'The connection to the model provider broke off.'],
  response_failed: ['upstream', 'The model provider says that the response failed.'],
  background_gone: [
    'upstream',
    'The response was gone before its cost could be read. Its reservation was charged.',
  ],
  background_endless: ['upstream', 'The response did not end in time. Its reservation was charged.'],
  background_unanswered: [
    'upstream',
    'The model provider did not say how the response ended. Its reservation was charged.',
  ],
  worker_lost: ['relay', 'The Worker of this request died before it was settled. Its input was charged.'],
};

/** Returns what is known about an error by its code alone. The message is null if the code says all. */
export function reasonOfCode(errorCode: string | null): {
  errorCode: string | null;
  errorClass: ErrorClass | null;
  errorMessage: string | null;
} {
  if (errorCode === null) return { errorCode, errorClass: null, errorMessage: null };
  const [errorClass = classOfCode(errorCode), errorMessage = null] = reasons[errorCode] ?? [];
  return { errorCode, errorClass, errorMessage };
}

/** Codes that are the relay's have their class; others are an upstream's own. */
function classOfCode(code: string): ErrorClass {
  return ofRelay.has(code) ? 'relay' : callersCodes.test(code) ? 'caller' : 'upstream';
}

const callersCodes = /^invalid_|^model_not|not_found$|_too_large$|_not_allowed$|^token_|^max_cost_/;

/** Statuses with which an upstream says that the request is at fault. 401, 402, and 403 are about the relay's key. */
const callersStatuses: ReadonlySet<number> = new Set([
  400, 404, 405, 409, 411, 413, 414, 415, 422, 431, 451, 499,
]);

/** Returns the class of an upstream's answer with that status. */
export function classOfUpstreamStatus(status: number): ErrorClass {
  return callersStatuses.has(status) ? 'caller' : 'upstream';
}
