// From the upstream's response to the caller's: which way its body goes, what is counted on the way, and the
// settlement at its end.
import { errorEvent } from '../formats/error-event.ts';
import { createMeter, type Framing, type Meter, type WireKind } from '../formats/meter.ts';
import { readRerankResponse } from '../formats/rerank/response.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { Admitted } from './admitted.ts';
import { mayBeBulk } from './bulk.ts';
import type { Call } from './call.ts';
import { headersForCaller } from './headers.ts';
import { relayLimits } from './limits.ts';
import { pipeStream } from './pipe.ts';
import { pumpStream } from './pump.ts';
import { recordIds } from './record-ids.ts';
import { refusedRelay } from './refused-relay.ts';
import { rerankDialect, type Sent } from './send.ts';
import type { StreamEnd, StreamTask } from './stream-task.ts';
import { usageStripper } from './strip.ts';
import type { Ticket } from './ticket.ts';

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
  if (upstream.status >= 400) return failed(ticket, sent);
  const framing = framingOf(call, upstream);
  const meter = createMeter(kindOf(call, sent), framing);
  const answering = { ...request, sent, meter, framing };
  if (upstream.body === null) return empty(answering);
  if (isReadWhole(call, upstream, framing)) return whole(answering);
  return streamed(answering, upstream.body);
}

/** An upstream's error goes on as it is, unless it is about the relay's own key. Nothing is charged. */
async function failed(ticket: Ticket, { upstream }: Sent): Promise<Response> {
  const bytes = await upstream.arrayBuffer();
  const text = new TextDecoder().decode(bytes.slice(0, relayLimits.errorBodyBytes));
  if (refusedRelay(upstream.status, text)) {
    const message =
      'The model provider refused the account of this relay. Tell its operator; trying again will not help.';
    throw new RelayError('upstream_refused_relay', message, { cause: `upstream status ${upstream.status}` });
  }
  ticket.settle({ status: upstream.status, errorCode: 'upstream_error', meter: null });
  return new Response(bytes, { status: upstream.status, headers: headersForCaller(upstream.headers) });
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
  const bytes = await upstream.arrayBuffer().catch((cause) => {
    throw new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
  });
  meter.push(new Uint8Array(bytes));
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
  const isNative = isEvents && !edited && !mayBeBulk(call, plan);
  const running = isNative ? pipeStream(task) : pumpStream(task, edited ? usageStripper() : null);
  call.background(running.end.then((end) => settleStream(answering, end)));
  if (ticket.ttfbMs === null) ticket.ttfbMs = Date.now() - call.startedAtMs;
  const headers = headersForCaller(upstream.headers);
  if (edited) headers.delete('content-length');
  return new Response(running.readable, { status: upstream.status, headers });
}

function streamTask(answering: Answering, body: ReadableStream): StreamTask {
  const { call, ticket, sent, meter, framing } = answering;
  return {
    body,
    meter,
    abortUpstream: () => sent.abort.abort(),
    isShort: () => ticket.isShort(meter),
    look: () => ticket.look(meter),
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

function kindOf({ endpoint }: Call, sent: Sent): WireKind {
  if (endpoint.operation === 'rerank') return `rerank-${rerankDialect(sent.route)}`;
  return endpoint.free ? 'uncounted' : endpoint.kind;
}

function framingOf({ endpoint }: Call, { headers }: Response): Framing {
  const type = headers.get('content-type') ?? '';
  if (type.includes('text/event-stream')) return 'sse';
  if (!type.includes('json')) return 'opaque';
  return endpoint.operation === 'stream-generate-content' ? 'json-array' : 'json';
}

function isReadWhole({ endpoint }: Call, { headers }: Response, framing: Framing): boolean {
  const length = headers.get('content-length');
  const isSmall =
    length !== null && Number(length) <= relayLimits.wholeAnswerBytes && !headers.has('content-encoding');
  return endpoint.operation === 'rerank' || (framing === 'json' && isSmall);
}
