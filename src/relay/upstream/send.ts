// Sends an admitted request upstream, to one target after the other until one answers.
import { RelayError } from '../../lib/relay-error.ts';
import type { CurrentTry, Failover, FailoverResult, Tried } from '../../routing/failover.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import { type Attempted, attempt, mayBeRepeated } from './attempt.ts';
import type { Answered, Sending, Sent } from './sent.ts';

/** A failed attempt. `error`: what the client gets if it was the last, or null for the upstream's response. */
type FailedAttempt = { sent: Sent; error: RelayError | null } | { sent: null; error: RelayError };

/** `failed`: no upstream's response goes to the caller. */
type SendResult = { sending: Sending } & (
  | { outcome: 'answered'; sent: Answered }
  | { outcome: 'failed'; error: unknown }
);

/** What the attempts so far have found. */
type Findings = Pick<Sending, 'timeToFirstByteMs' | 'dropped' | 'uploadedAudio'>;

const noFindings: Findings = { timeToFirstByteMs: null, dropped: [], uploadedAudio: null };

/** Returns the first answer or the last upstream's refusal, or why there is no response. Never rejects. */
export async function send(request: AdmittedRequest): Promise<SendResult> {
  const { failover, leave } = request;
  let findings = noFindings;
  let failed: Sent | null = null;
  const call = async (current: CurrentTry<PricedRoute>): Promise<Tried<Sent, FailedAttempt>> => {
    failed?.abort.abort();
    const attempted = await attempt(request, current);
    findings = { ...findings, ...attempted.findings };
    failed = attempted.outcome === 'failed' ? attempted.sent : null;
    return triedOf(request, attempted);
  };
  const result = await failover.run(call, leave.signal);
  const sending = sendingOf(failover, findings);
  const sent = sentOf(result);
  if (sent !== null) return { outcome: 'answered', sent: { ...sent, sending }, sending };
  if (result.outcome === 'failed') result.failed.sent?.abort.abort();
  return { outcome: 'failed', error: errorOf(result), sending };
}

/** Returns the response that goes to the caller, a refusal too, or null. */
function sentOf(result: FailoverResult<Sent, FailedAttempt>): Sent | null {
  if (result.outcome === 'answered') return result.answer;
  return result.outcome === 'failed' && result.failed.error === null ? result.failed.sent : null;
}

/** Returns what is known before anything was sent. */
export function sendingOf(failover: Failover<PricedRoute>, findings: Findings = noFindings): Sending {
  const { current, attempts } = failover;
  const route = current?.target.route ?? null;
  return { ...findings, route, attempts, sentAtMs: current?.startedAtMs ?? Date.now() };
}

function triedOf(request: AdmittedRequest, attempted: Attempted): Tried<Sent, FailedAttempt> {
  const { attempt } = attempted;
  switch (attempted.outcome) {
    case 'answered':
      return { outcome: 'answered', attempt, answer: attempted.sent };
    case 'failed': {
      const { failure, sent } = attempted;
      const isFinal = !mayBeRepeated(request, failure);
      return { outcome: 'failed', attempt, failure, isReachable: sent !== null, isFinal, failed: attempted };
    }
    case 'stopped':
      return { outcome: 'stopped', attempt, error: attempted.error };
  }
}

function errorOf(result: FailoverResult<Sent, FailedAttempt>): unknown {
  switch (result.outcome) {
    case 'failed':
      return result.failed.error;
    case 'stopped':
      return result.error;
    default: {
      const cooling = result.outcome === 'untried' ? result.cooling : null;
      return cooling ?? new RelayError('model_not_found', 'No channel serves this model at the moment.');
    }
  }
}
