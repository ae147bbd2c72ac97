// Pings while an answer is awaited: a stream whose upstream has not answered yet is opened after one interval of silence. Proxies do not
// cut it then, and a client that has left is noticed, which the local runtime reports only when something is written.

import { errorEvent, eventOfErrorBody, pingOf } from '../../formats/own-events.ts';
import { readUpstreamError, upstreamErrorBody } from '../../formats/upstream-error.ts';
import { withTimer } from '../../lib/deadline-timer.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { ChannelSettings } from '../../providers/channel-settings.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Call } from '../call.ts';
import { streamRhythm } from '../limits.ts';
import { renewLease } from '../settlement/lease.ts';

/** Returns the time between two pings of a channel's streams, in milliseconds, or null if it sends none. */
export function pingIntervalOf({ pingIntervalMs = streamRhythm.pingMs }: ChannelSettings): number | null {
  return pingIntervalMs === 0 ? null : pingIntervalMs;
}

/** Returns how a stream of a conversation is framed for its caller: Gemini's is a JSON array unless the caller asks for events. */
export function callerFraming({ endpoint, request }: Call): 'sse' | 'json-array' {
  const isArray = endpoint.operation === 'stream-generate-content' && !/[?&]alt=sse(&|$)/.test(request.url);
  return isArray ? 'json-array' : 'sse';
}

/** Returns the content type of such a stream. */
export function streamTypeOf(framing: 'sse' | 'json-array'): string {
  return framing === 'json-array' ? 'application/json; charset=UTF-8' : 'text/event-stream; charset=utf-8';
}

/**
 * Returns the answer, or the stream that pings have opened in which it will come. A failure is then that format's error event: the status
 * has been sent. Rejects as `answered` does.
 */
export async function answerWithPings(
  request: AdmittedRequest,
  answered: Promise<Response>,
): Promise<Response> {
  const { call, plan } = request;
  const { format, purpose } = call.endpoint;
  const isConversation = plan.facts.stream && format.task === 'conversation' && purpose === 'answer';
  const ping = isConversation ? pingOf(format, callerFraming(call)) : null;
  if (ping === null) return answered;
  const startedAtMs = Date.now();
  for (;;) {
    const waitMs = startedAtMs + (currentInterval(request) ?? Number.POSITIVE_INFINITY) - Date.now();
    if (waitMs <= 0) return openWith(encoder.encode(ping), request, answered);
    // The next channel that is tried may have another interval.
    const response = await withTimer(answered, Math.min(waitMs, streamRhythm.pingMs));
    if (response !== null) return response;
  }
}

const encoder = new TextEncoder();

/** Returns the interval of the channel that is tried at the moment. */
function currentInterval({ plan, failover }: AdmittedRequest): number | null {
  const route = failover.current?.target.route ?? plan.routes[0];
  return route === undefined ? null : pingIntervalOf(route.channel.settings);
}

function openWith(ping: Uint8Array, request: AdmittedRequest, answered: Promise<Response>): Response {
  const { readable } = request.stream.open();
  request.call.background(pingUntil(answered, ping, request).then(() => writeAnswer(answered, request)));
  const type = streamTypeOf(callerFraming(request.call));
  return new Response(readable, { headers: { 'content-type': type, 'cache-control': 'no-cache' } });
}

/**
 * Writes pings until the answer takes the stream, or has failed. A write that fails means that the client has left. The stream is open to
 * its caller, so its lease is renewed meanwhile. Never rejects.
 */
async function pingUntil(
  answered: Promise<Response>,
  ping: Uint8Array,
  request: AdmittedRequest,
): Promise<void> {
  const { stream, leave } = request;
  const { writer } = stream.open();
  const settled = answered.then(
    () => true,
    () => true,
  );
  for (let nextPingMs = 0; ; ) {
    if (Date.now() >= nextPingMs) {
      await writer.write(ping).catch(() => leave.abort());
      nextPingMs = Date.now() + (currentInterval(request) ?? streamRhythm.pingMs);
    }
    const waitMs = Math.min(streamRhythm.streamRenewalMs, nextPingMs - Date.now());
    const isSettled = await withTimer(settled, Math.max(0, waitMs));
    if (isSettled !== null || stream.isTaken) return;
    const refusal = await renewLease(request);
    if (stream.isTaken) return;
    if (refusal !== null) leave.abort(refusal);
  }
}

/** Writes what did not come as a stream: an error, or a whole answer. Never rejects. */
async function writeAnswer(answered: Promise<Response>, request: AdmittedRequest): Promise<void> {
  const bytes = await answered.then(
    (response) => (request.stream.isTaken ? null : bytesOf(response, request.call)),
    (error) => eventOf(error, request.call),
  );
  if (bytes === null) return;
  const { writer } = request.stream.take();
  await writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
}

async function bytesOf(response: Response, call: Call): Promise<Uint8Array> {
  if (response.status < 400) return new Uint8Array(await response.arrayBuffer());
  const { format } = call.endpoint;
  const error = readUpstreamError(response.status, await response.text());
  const body = upstreamErrorBody(format.api, error, call.requestId);
  return encoder.encode(eventOfErrorBody(format, body, positionOf(call)) ?? '');
}

function eventOf(thrown: unknown, call: Call): Uint8Array {
  const error =
    thrown instanceof RelayError
      ? thrown
      : new RelayError('internal_error', 'The relay failed at this request.', { cause: thrown });
  return encoder.encode(errorEvent(call.endpoint.format, error, positionOf(call)) ?? '');
}

function positionOf(call: Call) {
  const framing = callerFraming(call);
  const arrayPosition = framing === 'json-array' ? ('start' as const) : null;
  return { framing, arrayPosition, nextSequenceNumber: 0, requestId: call.requestId };
}
