// An answer under way, streamed or not: what its streamers are given, how its end is called, and its settlement.

import type { Meter } from '../../formats/meter.ts';
import type { Framing } from '../../formats/observation.ts';
import { errorEvent, pingOf } from '../../formats/own-events.ts';
import { unreadFormat } from '../../formats/registry.ts';
import type { WireFormat } from '../../formats/wire-format.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Admitted } from '../admitted.ts';
import type { Call } from '../call.ts';
import { relayLimits } from '../limits.ts';
import { settleByAnswer } from '../settlement/background-response.ts';
import { isCallersName, kindOfNames } from '../upstream/answer-error.ts';
import { rerankDialect } from '../upstream/build-request.ts';
import type { Sent } from '../upstream/sent.ts';
import { waitsFor } from '../upstream/timeouts.ts';
import { drainMsOf } from './on-disconnect.ts';
import { pingIntervalOf } from './pings.ts';
import { recordIds } from './record-upstream-ids.ts';
import type { StreamEnd, StreamTask } from './stream-task.ts';

/** An answer under way. */
export interface Answering extends Admitted {
  sent: Sent;
  meter: Meter;
  /** As the upstream declares it; `meter.framing` is what it is. */
  framing: Framing;
}

/** What the streamers of an answer are given. */
export function streamTask(answering: Answering, body: ReadableStream): StreamTask {
  const { call, plan, ticket, sent, meter } = answering;
  return {
    body,
    meter,
    idleMs: waitsFor(plan, sent.route).idleMs,
    left: call.request.signal,
    open: () => answering.stream.take(),
    pingMs: pingIntervalOf(sent.route.channel.settings),
    ping: () => pingOf(call.endpoint.format, meter.framing),
    callerLeft: () => {
      const elapsedMs = Date.now() - ticket.sentAtMs;
      const drainMs = drainMsOf({ call, plan, route: sent.route, meter, elapsedMs });
      if (drainMs > 0) ticket.giveSlotBack(meter);
      return drainMs;
    },
    abortUpstream: () => sent.abort.abort(),
    isAtBoundary: () => meter.atBoundary,
    isCut: () => isCut(answering),
    isShort: () => ticket.isShort(meter),
    look: async () => overdue(call) ?? ticket.look(meter),
    beforeClose: () => recordIds(answering, sent, meter),
    errorEvent: (error) =>
      errorEvent(call.endpoint.format, error, {
        framing: meter.framing,
        arrayPosition: meter.arrayPosition,
        nextSequenceNumber: meter.sequenceNumber + 1,
        requestId: call.requestId,
      }),
  };
}

/** Formats whose streams say that they are over. */

/** Neither the terminator came, nor an error, nor what stands for the end where an upstream knows no terminator. */
function isCut({ call, sent, meter }: Answering): boolean {
  const { framing } = meter;
  // A resumed stream may have no further events.
  if (call.endpoint.operation === 'stored-response') return false;
  if ((framing !== 'sse' && framing !== 'json-array') || formatOf(call, sent).signalsEnd !== true)
    return false;
  return (
    !meter.complete && !meter.hasFinishReason && meter.error === null && meter.arrayPosition !== 'closed'
  );
}

/** The deadline of the whole request. */
function overdue({ startedAtMs }: Call): RelayError | null {
  if (Date.now() - startedAtMs < relayLimits.requestMs) return null;
  return new RelayError(
    'upstream_timeout',
    `The answer took longer than ${relayLimits.requestMs / 60_000} minutes.`,
  );
}

/**
 * What the log says of a stream, by how it ended. What was delivered is charged in every case; a stream that was nothing but an error, or
 * nothing at all, is a failed attempt and costs nothing.
 */
export function settleStream(answering: Answering, end: StreamEnd, failedEnd: string | null = null): void {
  const { ticket, sent, meter } = answering;
  settleByAnswer(answering, sent, meter);
  const errorCode = errorCodeOf(end, answering) ?? failedEnd;
  const { status } = sent.upstream;
  if (isWithoutAnswer(answering, end, errorCode)) {
    noteFailure(answering);
    ticket.settle({ status, errorCode: errorCode ?? 'upstream_error', meter: null });
  } else ticket.settle({ status, errorCode, meter });
}

/** A client that left before the first event, or an upstream that was given up, may have cost something all the same. */
function isWithoutAnswer({ call, meter }: Answering, end: StreamEnd, errorCode: string | null): boolean {
  const hasEnded = end.outcome === 'passed' || end.outcome === 'upstream-broke';
  // A resumed stream may have no further events.
  const isTakenUp = call.endpoint.operation === 'stored-response';
  return hasEnded && !isTakenUp && errorCode !== 'client_left' && meter.isWithoutAnswer;
}

/** The attempt failed after all: records it in the target's health, unless the error is the request's own fault. */
function noteFailure({ call, ticket, sent, meter, services }: Answering): void {
  const attempt = ticket.attempts.at(-1);
  const name = meter.error;
  const reason = name === null ? 'an empty stream' : `an error as the first event: ${name}`;
  // The fault was known before the stream was passed on, and is recorded already.
  if (attempt === undefined || attempt.error !== null) return;
  attempt.error = reason;
  // An error without a name may be anybody's.
  if (name === 'error' || (name !== null && isCallersName(name))) return;
  const { channel, upstreamModel } = sent.route;
  const place = { channelId: channel.id, keyId: sent.key.id, upstreamModel };
  const kind = name === null ? 'unavailable' : kindOfNames([name]);
  const failure = { kind, reason, retryAfterMs: null };
  services.health.failed(place, failure, ticket.sentAtMs, call.background);
}

function errorCodeOf(end: StreamEnd, { call, meter }: Answering): string | null {
  switch (end.outcome) {
    case 'passed':
      return meter.error ?? (meter.complete ? null : 'upstream_truncated');
    case 'client-left':
      return 'client_left';
    case 'upstream-broke':
      // A caller that leaves aborts the upstream, which may be noticed first.
      return call.request.signal.aborted ? 'client_left' : 'upstream_error';
    case 'ended':
      return end.error.code;
  }
}

/** The format that the upstream answers in. */
export function formatOf({ endpoint, formats }: Call, sent: Sent): WireFormat {
  if (sent.translation !== null) return sent.translation.format;
  if (endpoint.purpose === 'count') return unreadFormat;
  return endpoint.format.task === 'rerank'
    ? formats.format(`${rerankDialect(sent.route)}-rerank`)
    : endpoint.format;
}
