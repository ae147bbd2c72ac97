// From the upstream's response to the caller's: which way its body goes, what is counted on the way, and the
// settlement at its end.
import { errorEvent } from '../formats/error-event.ts';
import { createMeter, type Framing, type Meter, type WireKind } from '../formats/meter.ts';
import type { JsonObject } from '../formats/observation.ts';
import { readRerankResponse } from '../formats/rerank/response.ts';
import { readUpstreamError, upstreamErrorBody } from '../formats/upstream-error.ts';
import { RelayError } from '../lib/relay-error.ts';
import { refusedRelay } from '../providers/refused-relay.ts';
import { providers } from '../providers/registry.ts';
import type { Admitted } from './admitted.ts';
import type { Sent } from './attempt.ts';
import { mayBeBulk } from './bulk.ts';
import type { Call } from './call.ts';
import { keptOf } from './conversations.ts';
import { droppedHeader, headersForCaller } from './headers.ts';
import { relayLimits } from './limits.ts';
import { rerankDialect } from './outgoing.ts';
import { waitsFor } from './patience.ts';
import { pipeStream } from './pipe.ts';
import { pumpStream } from './pump.ts';
import { recordIds } from './record-ids.ts';
import { redacted } from './redact.ts';
import type { StreamEnd, StreamTask } from './stream-task.ts';
import { usageStripper } from './strip.ts';
import type { Ticket } from './ticket.ts';
import type { StreamTranslator } from './translate-stream.ts';
import type { Translation } from './translation.ts';
import { wholeBody } from './whole-body.ts';

/** An answer under way. */
interface Answering extends Admitted {
  sent: Sent;
  meter: Meter;
  framing: Framing;
}

/** The caller's response. Throws RelayError when the upstream refused the relay itself, or broke off. */
export async function answer(request: Admitted, sent: Sent): Promise<Response> {
  const { call, ticket } = request;
  const { upstream } = sent;
  if (upstream.status >= 400) return failed(call, ticket, sent);
  const framing = framingOf(call, sent);
  const meter = createMeter(kindOf(call, sent), framing);
  const answering = { ...request, sent, meter, framing };
  if (upstream.body === null) return empty(answering);
  if (sent.translation !== null) return translated(answering, upstream.body, sent.translation);
  if (isReadWhole(call, upstream, framing)) return whole(answering);
  return streamed(answering, upstream.body);
}

/** An upstream's error goes on as it is, unless it is about the relay's own key. Nothing is charged. */
async function failed(call: Call, ticket: Ticket, sent: Sent): Promise<Response> {
  const { upstream, translation } = sent;
  const bytes = await upstream.arrayBuffer();
  const text = new TextDecoder().decode(bytes.slice(0, relayLimits.errorBodyBytes));
  if (refusedRelay(upstream.status, text)) {
    const message =
      'The model provider refused the account of this relay. Tell its operator; trying again will not help.';
    throw new RelayError('upstream_refused_relay', message, { cause: `upstream status ${upstream.status}` });
  }
  ticket.settle({ status: upstream.status, errorCode: 'upstream_error', meter: null });
  const told = redacted(text, sent);
  if (translation !== null) return translatedFailure(call, upstream, told);
  const headers = headersForCaller(upstream.headers);
  if (told !== text) headers.delete('content-length');
  return new Response(told === text ? bytes : told, { status: upstream.status, headers });
}

/** An error of another format, in the caller's shape and with the same status. */
function translatedFailure(
  { endpoint, requestId }: Call,
  { status, headers }: Response,
  text: string,
): Response {
  const body = upstreamErrorBody(endpoint.door, readUpstreamError(status, text), requestId);
  const retryAfter = headers.get('retry-after');
  return Response.json(body, { status, headers: retryAfter === null ? {} : { 'retry-after': retryAfter } });
}

function empty({ ticket, sent: { upstream }, meter }: Answering): Response {
  meter.end();
  ticket.settle({ status: upstream.status, errorCode: null, meter });
  return new Response(null, { status: upstream.status, headers: headersForCaller(upstream.headers) });
}

/** Small answers of known length: read whole, counted, sent. */
async function whole(answering: Answering): Promise<Response> {
  const { call, plan, ticket, sent, meter } = answering;
  const { upstream } = sent;
  const bytes = await wholeBody(answering, sent);
  meter.push(bytes);
  meter.end();
  ticket.settle({ status: upstream.status, errorCode: meter.error, meter });
  await recordIds(answering, sent, meter);
  const headers = headersForCaller(upstream.headers);
  if (call.endpoint.operation !== 'rerank' || plan.body.type !== 'json') {
    return new Response(bytes, { status: upstream.status, headers });
  }
  headers.delete('content-length');
  const text = readRerankResponse(
    rerankDialect(sent.route),
    new TextDecoder().decode(bytes),
    plan.body.value,
  );
  return new Response(text, { status: upstream.status, headers });
}

function streamed(answering: Answering, body: ReadableStream): Response {
  const { call, plan, sent, ticket, framing } = answering;
  const { upstream } = sent;
  const task = streamTask(answering, body);
  const edited = sent.usageSwitchedOn && framing === 'sse';
  const isEvents = framing === 'sse' || framing === 'json-array';
  const isMadeAnew = providers[sent.route.channel.provider].rewritesStreams === true;
  const isNative = isEvents && !edited && !isMadeAnew && !mayBeBulk(call, plan);
  const running = isNative ? pipeStream(task) : pumpStream(task, edited ? usageStripper() : null);
  call.background(running.end.then((end) => settleStream(answering, end)));
  if (ticket.ttfbMs === null) ticket.ttfbMs = Date.now() - call.startedAtMs;
  const headers = headersForCaller(upstream.headers);
  if (edited) headers.delete('content-length');
  return new Response(running.readable, { status: upstream.status, headers });
}

function streamTask(answering: Answering, body: ReadableStream): StreamTask {
  const { call, plan, ticket, sent, meter, framing } = answering;
  return {
    body,
    meter,
    idleMs: waitsFor(plan, sent.route).idleMs,
    abortUpstream: () => sent.abort.abort(),
    isAtBoundary: () => meter.atBoundary,
    isCut: () => isCut(answering),
    isShort: () => ticket.isShort(meter),
    look: async () => overdue(call) ?? ticket.look(meter),
    beforeClose: () => recordIds(answering, sent, meter),
    errorEvent: (error) =>
      errorEvent(call.endpoint.kind, error, {
        framing,
        arrayPosition: meter.arrayPosition,
        nextSequenceNumber: meter.sequenceNumber + 1,
        requestId: call.requestId,
      }),
  };
}

/** Formats whose streams say that they are over. */
const conversations: ReadonlySet<WireKind> = new Set<WireKind>(['chat', 'messages', 'responses', 'generate']);

/** Neither the terminator came, nor an error, nor what stands for the end where an upstream knows no terminator. */
function isCut({ call, sent, meter, framing }: Answering): boolean {
  if ((framing !== 'sse' && framing !== 'json-array') || !conversations.has(kindOf(call, sent))) return false;
  return !meter.complete && !meter.saidWhy && meter.error === null && meter.arrayPosition !== 'closed';
}

/** The deadline of the whole request. */
function overdue({ startedAtMs }: Call): RelayError | null {
  if (Date.now() - startedAtMs < relayLimits.requestMs) return null;
  return new RelayError(
    'upstream_timeout',
    `The answer took longer than ${relayLimits.requestMs / 60_000} minutes.`,
  );
}

/** What the log says of a stream, by how it ended; what was delivered is charged in every case. */
function settleStream(answering: Answering, end: StreamEnd): void {
  const { ticket, sent, meter } = answering;
  ticket.settle({ status: sent.upstream.status, errorCode: errorCodeOf(end, answering), meter });
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

/** An answer of another format. */
function translated(
  answering: Answering,
  body: ReadableStream,
  translation: Translation,
): Promise<Response> | Response {
  if (answering.framing !== 'sse') return translatedWhole(answering, translation);
  const translator = answering.plan.facts.stream ? translation.stream() : null;
  if (translator === null)
    throw new RelayError('upstream_error', 'The model provider streamed an answer unasked.');
  return translatedStream(answering, body, translation, translator);
}

function translatedStream(
  answering: Answering,
  body: ReadableStream,
  translation: Translation,
  translator: StreamTranslator,
): Response {
  const { call, ticket, sent } = answering;
  const task: StreamTask = {
    ...streamTask(answering, body),
    isAtBoundary: () => true,
    // The translator says so itself.
    isCut: () => false,
    errorEvent: (error) => translator.errorEvent(error),
    beforeClose: () => keep(answering, translator.finished),
  };
  const running = pumpStream(task, translator);
  const settled = running.end.then((end) => {
    ticket.dropped = [...translation.dropped, ...translator.dropped];
    settleStream(answering, end);
  });
  call.background(settled);
  return new Response(running.readable, {
    headers: translatedHeaders(sent, translation.streamType, translation.dropped),
  });
}

async function translatedWhole(answering: Answering, translation: Translation): Promise<Response> {
  const { plan, ticket, sent, meter } = answering;
  const bytes = await wholeBody(answering, sent);
  meter.push(bytes);
  meter.end();
  const text = new TextDecoder().decode(bytes);
  if (plan.facts.stream) {
    const stream = translation.streamOfWhole(text);
    ticket.settle({ status: 200, errorCode: meter.error, meter });
    return new Response(stream, {
      headers: translatedHeaders(sent, translation.streamType, translation.dropped),
    });
  }
  const { status, body, dropped } = translation.whole(text);
  ticket.dropped = [...translation.dropped, ...dropped];
  ticket.settle({ status, errorCode: meter.error, meter });
  await keep(answering, status === 200 ? body : null);
  return Response.json(body, {
    status,
    headers: translatedHeaders(sent, 'application/json', ticket.dropped),
  });
}

/** Before the caller sees its end, so that its next request finds it. */
async function keep({ call, plan, services }: Answering, response: JsonObject | null): Promise<void> {
  if (!plan.keeps || response === null || plan.body.type !== 'json') return;
  const kept = keptOf(plan.body.value as JsonObject, response);
  await services.conversations.keep(call.identity.accountId, kept, Date.now());
}

/** Nothing of another provider's headers is meant for the caller, but for the id to ask it by. */
function translatedHeaders({ upstream }: Sent, type: string, dropped: readonly string[]): Headers {
  const headers = new Headers({ 'content-type': type });
  const id = headersForCaller(upstream.headers).get('x-relay-upstream-request-id');
  if (id !== null) headers.set('x-relay-upstream-request-id', id);
  if (dropped.length > 0) headers.set('x-relay-dropped', droppedHeader(dropped));
  return headers;
}

function kindOf({ endpoint }: Call, sent: Sent): WireKind {
  if (sent.translation !== null) return sent.translation.kind;
  if (endpoint.operation === 'rerank') return `rerank-${rerankDialect(sent.route)}`;
  return endpoint.free ? 'uncounted' : endpoint.kind;
}

function framingOf({ endpoint }: Call, { upstream: { headers }, translation }: Sent): Framing {
  const type = headers.get('content-type') ?? '';
  if (type.includes('text/event-stream')) return 'sse';
  if (!type.includes('json')) return 'opaque';
  return endpoint.operation === 'stream-generate-content' && translation === null ? 'json-array' : 'json';
}

function isReadWhole({ endpoint }: Call, { headers }: Response, framing: Framing): boolean {
  const length = headers.get('content-length');
  const isSmall =
    length !== null && Number(length) <= relayLimits.wholeAnswerBytes && !headers.has('content-encoding');
  return endpoint.operation === 'rerank' || (framing === 'json' && isSmall);
}
