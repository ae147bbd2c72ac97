// What an upstream's response says against the place that it came from: whether another may be tried, and what the
// place is to be left alone for.
import { isObject } from '../../formats/json-reader.ts';
import { readUpstreamError } from '../../formats/upstream-error.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { refusedRelay, refusedThisOnly } from '../../providers/refused-relay.ts';
import type { Failure } from '../../routing/health.ts';
import { retryAfterOf } from '../../routing/retry-after.ts';
import { type AnswerFault, kindOfNames } from './answer-error.ts';

/** Why another place may be tried. */
export interface AttemptFailure {
  /** `unsuited`: the place is well, but this request is none for it. */
  kind: Failure['kind'] | 'unsuited';
  reason: string;
  retryAfterMs: number | null;
  /** The upstream may have done the work all the same: it had the request, and broke off or was too slow. */
  mayBeDone: boolean;
}

/** What a response says against its place; `failure` null: nothing. */
export interface Judged {
  /** With its whole body where it is an error. */
  response: Response;
  failure: AttemptFailure | null;
  /** What the client gets if no other target answers; null: the upstream's response. */
  error: RelayError | null;
}

/** Judges an error by its status and body. */
export async function judgeError(response: Response): Promise<Judged> {
  const { status, headers } = response;
  if (!movesOn(status)) return { response, failure: null, error: null };
  const bytes = await response.arrayBuffer().catch(() => new ArrayBuffer(0));
  const text = new TextDecoder().decode(bytes.slice(0, reasonBytes));
  const whole = new Response(bytes, { status, headers });
  return { response: whole, failure: failureOf(status, headers, text), error: null };
}

/**
 * Judges an answer of 200 that is none. An error is taken for what it would be with the status that it names; one that is the request's
 * own is no failure.
 */
export function judgeFault(response: Response, fault: AnswerFault): Judged {
  switch (fault.type) {
    case 'no-answer': {
      const { reason, code, message } = fault;
      // What became of the request is not known.
      const failure = { kind: 'unavailable', reason, retryAfterMs: null, mayBeDone: true } as const;
      return { response, failure, error: new RelayError(code, message) };
    }
    case 'error-event': {
      const reason = `an error as the first event: ${named(fault.names)}`;
      const failure = { kind: kindOfNames(fault.names), reason, retryAfterMs: null, mayBeDone: false };
      return { response, failure, error: null };
    }
    case 'error-body': {
      const { status, bytes, names } = fault;
      const text = new TextDecoder().decode(bytes);
      const failure = failureOf(status, response.headers, text);
      const reason = `an error in an answer of 200: ${named(names)}`;
      const whole = new Response(bytes, { status, headers: response.headers });
      // The upstream itself says that it failed, unless it names a gateway's status.
      const mayBeDone = failure?.mayBeDone === true && names.includes(String(status));
      return { response: whole, failure: failure && { ...failure, reason, mayBeDone }, error: null };
    }
  }
}

function named(names: readonly string[]): string {
  return names.join(' ') || 'without a name';
}

function failureOf(status: number, headers: Headers, text: string): AttemptFailure | null {
  const retryAfterMs = retryAfterOf(headers, Date.now()) ?? retryInfoIn(text);
  const said = { reason: `status ${status}`, retryAfterMs, mayBeDone: gatewayStatuses.has(status) };
  if (refusedThisOnly(status, text)) return { ...said, kind: 'unsuited' };
  if (refusedRelay(status, text)) return { ...said, kind: 'refused' };
  if (status === 429) return { ...said, kind: 'limited' };
  if (status === 408) return { ...said, kind: 'timeout' };
  // The channel is healthy: the conversation is too long for its model.
  if (status < 500 || readUpstreamError(status, text).kind === 'context-overflow') return null;
  return { ...said, kind: 'unavailable' };
}

/** Of an error's body, this much is searched for what it says of the relay's own key. */
const reasonBytes = 64 * 1024;

/** Statuses after which another place may do better; of a 400 and a 403 only the body tells. */
function movesOn(status: number): boolean {
  return status >= 500 || [400, 401, 402, 403, 408, 429].includes(status);
}

/** Said by whoever stands before the upstream: what became of the request behind it is not known. */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 504, 520, 524]);

/**
 * Gemini says in the body when to come again (google.rpc.RetryInfo, `"retryDelay": "36s"`):
 * https://ai.google.dev/gemini-api/docs/rate-limits (2026-11).
 */
function retryInfoIn(text: string): number | null {
  if (!text.includes('"retryDelay"')) return null;
  let found: number | null = null;
  try {
    JSON.parse(text, (_key, value) => {
      const seconds = isObject(value) ? /^(\d+(?:\.\d+)?)s$/.exec(String(value.retryDelay))?.[1] : undefined;
      if (seconds !== undefined) found = Number(seconds) * 1_000;
      return value;
    });
  } catch {
    // No JSON: nothing is said.
  }
  return found;
}
