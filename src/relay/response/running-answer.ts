// An answer on its way to the caller: the task of its streamers, and its outcome.

import type { Meter } from '../../formats/meter.ts';
import type { Framing } from '../../formats/observation.ts';
import { errorEvent, pingOf } from '../../formats/own-events.ts';
import { unreadFormat } from '../../formats/registry.ts';
import type { WireFormat } from '../../formats/wire-format.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { classOfRelayError } from '../../metering/error-class.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Call } from '../call.ts';
import { relayLimits } from '../limits.ts';
import { endBackgroundByAnswer } from '../settlement/background-response.ts';
import { AnswerLease } from '../settlement/lease.ts';
import type { Outcome } from '../settlement/request-record.ts';
import { isCallersName, kindOfNames } from '../upstream/answer-error.ts';
import { attemptMessage } from '../upstream/attempt-message.ts';
import { rerankDialect } from '../upstream/build-request.ts';
import type { Answered, Sent } from '../upstream/sent.ts';
import { timeoutsOf } from '../upstream/timeouts.ts';
import { brokenUpstream, cutAnswer } from '../upstream/upstream-errors.ts';
import { drainMsOf } from './on-disconnect.ts';
import { pingIntervalOf } from './pings.ts';
import { recordIds } from './record-upstream-ids.ts';
import type { StreamEnd, StreamTask } from './stream-task.ts';

export interface RunningAnswer extends AdmittedRequest {
  sent: Answered;
  meter: Meter;
  /** As the upstream declares it; `meter.framing` is what it is. */
  framing: Framing;
}

/** Returns the task of an answer's streamers. */
export function streamTask(answer: RunningAnswer, body: ReadableStream): StreamTask {
  const { call, plan, sent, meter } = answer;
  const lease = new AnswerLease(answer, sent.sending, meter);
  return {
    body,
    meter,
    idleMs: timeoutsOf(plan, sent.route).idleMs,
    left: call.request.signal,
    open: () => answer.stream.take(),
    pingMs: pingIntervalOf(sent.route.channel.settings),
    ping: () => pingOf(call.endpoint.format, meter.framing),
    callerLeft: () => {
      const elapsedMs = Date.now() - sent.sending.sentAtMs;
      const drainMs = drainMsOf({ call, plan, route: sent.route, meter, elapsedMs });
      if (drainMs > 0) lease.giveSlotBack();
      return drainMs;
    },
    abortUpstream: () => sent.abort.abort(),
    isAtBoundary: () => meter.atBoundary,
    isCut: () => isCut(answer),
    isShort: () => lease.isShort(),
    renew: async () => overdue(call) ?? lease.renew(),
    beforeClose: () => recordIds(answer, sent, meter),
    errorEvent: (error) =>
      errorEvent(call.endpoint.format, error, {
        framing: meter.framing,
        arrayPosition: meter.arrayPosition,
        nextSequenceNumber: meter.sequenceNumber + 1,
        requestId: call.requestId,
      }),
  };
}

/** Whether neither the terminator came, nor an error, nor what stands for the end where an upstream sends no terminator. */
function isCut({ call, sent, meter }: RunningAnswer): boolean {
  const { framing } = meter;
  // A resumed stream may have no further events.
  if (call.endpoint.operation === 'stored-response') return false;
  if ((framing !== 'sse' && framing !== 'json-array') || formatOf(call, sent).signalsEnd !== true)
    return false;
  return (
    !meter.complete && !meter.hasFinishReason && meter.error === null && meter.arrayPosition !== 'closed'
  );
}

/** Returns the error of a request that has taken too long, or null. */
function overdue({ startedAtMs }: Call): RelayError | null {
  if (Date.now() - startedAtMs < relayLimits.requestMs) return null;
  return new RelayError(
    'upstream_timeout',
    `The answer took longer than ${relayLimits.requestMs / 60_000} minutes.`,
  );
}

/**
 * Ends what is recorded beside a stream, and returns its outcome. What was delivered is charged in every case; a stream of nothing but an error,
 * or of nothing at all, is a failed attempt and costs nothing.
 */
export function concludeStream(
  answer: RunningAnswer,
  end: StreamEnd,
  failedEnd: string | null = null,
): Outcome {
  const { sent, meter } = answer;
  endBackgroundByAnswer(answer, sent, meter);
  const reason = reasonOfEnd(end, answer) ?? reasonIn(answer, failedEnd);
  const { status } = sent.response;
  if (!isWithoutAnswer(answer, end, reason.errorCode)) return { status, ...reason, meter };
  reportLateFailure(answer, reason.errorMessage);
  const failed = reason.errorCode === null ? failedAnswer(answer, 'upstream_error') : reason;
  return { status, ...failed, meter: null };
}

/** A client that left before the first event, or an upstream that was given up, may have cost something all the same. */
function isWithoutAnswer({ call, meter }: RunningAnswer, end: StreamEnd, errorCode: string | null): boolean {
  const hasEnded = end.outcome === 'passed' || end.outcome === 'upstream-broke';
  // A resumed stream may have no further events.
  const isResumed = call.endpoint.operation === 'stored-response';
  return hasEnded && !isResumed && errorCode !== 'client_left' && meter.isWithoutAnswer;
}

/** The attempt failed after all: reports it to the target's health, unless the error is the request's own fault. */
function reportLateFailure({ failover, meter }: RunningAnswer, message: string | null): void {
  const name = meter.error;
  const reason = name === null ? 'an empty stream' : `an error as the first event: ${name}`;
  // The fault was known before the stream was passed on, and is reported already.
  if (failover.attempts.at(-1)?.error !== null) return;
  // An error without a name may be the caller's fault.
  const isOfTarget = name !== 'error' && (name === null || !isCallersName(name));
  const kind = name === null ? 'unavailable' : kindOfNames([name]);
  failover.failLate(reason, isOfTarget ? { kind, reason, retryAfterMs: null } : null, message);
}

/** Why an answer failed, for the log. */
type Reason = Pick<Outcome, 'errorCode' | 'errorClass'> & { errorMessage: string | null };

const noReason: Reason = { errorCode: null, errorMessage: null };

/** The reason of a request whose client left. */
export const clientLeft = {
  errorCode: 'client_left',
  errorClass: 'caller',
  errorMessage: 'The client left before the answer was complete.',
} as const satisfies Reason;

/** Returns the reason of a stream's end, or null if the answer is complete. */
function reasonOfEnd(end: StreamEnd, answer: RunningAnswer): Reason | null {
  const { call, meter } = answer;
  switch (end.outcome) {
    case 'passed':
      if (meter.error !== null) return failedAnswer(answer, meter.error);
      return meter.complete ? null : { ...reasonOf(cutAnswer()), errorCode: 'upstream_truncated' };
    case 'client-left':
      return clientLeft;
    case 'upstream-broke':
      // A caller that leaves aborts the upstream, which may be noticed first.
      if (call.request.signal.aborted) return clientLeft;
      return { ...reasonOf(brokenUpstream(end.error)), errorCode: 'upstream_error' };
    case 'ended':
      return reasonOf(end.error);
  }
}

function reasonOf(error: RelayError): Reason {
  return { errorCode: error.code, errorClass: classOfRelayError(error), errorMessage: error.message };
}

/** Returns the reason of an answer that has an error inside, by its code, or of one that has none. */
export function reasonIn(answer: RunningAnswer, errorCode: string | null): Reason {
  return errorCode === null ? noReason : failedAnswer(answer, errorCode);
}

function failedAnswer(answer: RunningAnswer, errorCode: string): Reason {
  const { sent, meter } = answer;
  const text = meter.errorText ?? (meter.error === null ? 'The model provider did not answer.' : meter.error);
  const errorMessage = attemptMessage(answer, sent.route, sent.key, text);
  return { errorCode, errorClass: isCallersName(errorCode) ? 'caller' : 'upstream', errorMessage };
}

/** Returns the format that the upstream answers in. */
export function formatOf({ endpoint, formats }: Call, sent: Sent): WireFormat {
  if (sent.translation !== null) return sent.translation.format;
  if (endpoint.purpose === 'count') return unreadFormat;
  return endpoint.format.task === 'rerank'
    ? formats.format(`${rerankDialect(sent.route)}-rerank`)
    : endpoint.format;
}
