// Classifies an upstream's response: whether another target may be tried, and what is held against this one.
import { errorTextOfBody } from '../../formats/error-text.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { failureOfStatus, type UpstreamFailure } from '../../routing/upstream-failure.ts';
import { type AnswerFault, kindOfNames } from './answer-error.ts';
import type { UpstreamResponse } from './sent.ts';

/** A response as it was classified. */
export interface Classified extends UpstreamResponse {
  /** Why another target may be tried, or null. */
  failure: UpstreamFailure | null;
  /** What the client gets if no other target answers, or null for the upstream's response. */
  error: RelayError | null;
  /** What the upstream said, as it wrote it, or null if that is no error. */
  text: string | null;
}

/** Classifies a response with an error status, by its status and body. */
export async function classifyError(response: Response): Promise<Classified> {
  const { status, headers } = response;
  const bytes = new Uint8Array(await response.arrayBuffer().catch(() => new ArrayBuffer(0)));
  const body = new TextDecoder().decode(bytes.subarray(0, reasonBytes));
  const text = errorTextOfBody(status, body);
  const failure = mayBeFailure(status) ? failureOfStatus(status, headers, body) : null;
  return { response, bytes, failure, error: null, text };
}

/**
 * Classifies a response with status 200 that is not an answer. An error counts as if it had the status that it names; one that is the
 * request's own fault is no failure.
 */
export function classifyFault(answer: UpstreamResponse, fault: AnswerFault): Classified {
  switch (fault.type) {
    case 'no-answer': {
      const { reason, code, message } = fault;
      // It is not known what became of the request.
      const failure = { kind: 'unavailable', reason, retryAfterMs: null, mayBeDone: true } as const;
      return { ...answer, failure, error: new RelayError(code, message), text: message };
    }
    case 'error-event': {
      const reason = `an error as the first event: ${joinedNames(fault.names)}`;
      const failure = { kind: kindOfNames(fault.names), reason, retryAfterMs: null, mayBeDone: false };
      return { ...answer, failure, error: null, text: fault.text ?? reason };
    }
    case 'error-body': {
      const { status, bytes, names } = fault;
      const { headers } = answer.response;
      const body = new TextDecoder().decode(bytes);
      const failure = failureOfStatus(status, headers, body);
      const reason = `an error in an answer of 200: ${joinedNames(names)}`;
      // The upstream itself says that it failed, unless it names a gateway's status.
      const mayBeDone = failure?.mayBeDone === true && names.includes(String(status));
      const response = new Response(null, { status, headers });
      const text = errorTextOfBody(status, body);
      return { response, bytes, failure: failure && { ...failure, reason, mayBeDone }, error: null, text };
    }
  }
}

function joinedNames(names: readonly string[]): string {
  return names.join(' ') || 'without a name';
}

/** Bytes of an error's body that are searched for errors about the relay's own key. */
const reasonBytes = 64 * 1024;

/** Whether another target may do better after that status; for 400 and 403 the body decides. */
function mayBeFailure(status: number): boolean {
  return status >= 500 || [400, 401, 402, 403, 408, 429].includes(status);
}
