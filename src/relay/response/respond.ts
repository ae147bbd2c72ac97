// From the upstream's response to the caller's: which way its body goes, what is counted on the way, and the
// settlement at its end.

import { createMeter } from '../../formats/meter.ts';
import type { Framing } from '../../formats/observation.ts';
import { withPromptTokens } from '../../formats/openai-embeddings/response.ts';
import { readRerankResponse } from '../../formats/rerank/response.ts';
import { readUpstreamError, upstreamErrorBody } from '../../formats/upstream-error.ts';
import { isEncoded } from '../../lib/decoded-response.ts';
import { mediaType } from '../../lib/media-type.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { refusedRelay } from '../../providers/refused-relay.ts';
import { providers } from '../../providers/registry.ts';
import type { Admitted } from '../admitted.ts';
import type { Call } from '../call.ts';
import { relayLimits } from '../limits.ts';
import { settleByAnswer } from '../settlement/background-response.ts';
import type { Ticket } from '../ticket.ts';
import { rerankDialect } from '../upstream/build-request.ts';
import { headersForCaller } from '../upstream/headers.ts';
import type { Sent } from '../upstream/sent.ts';
import { wholeBody } from '../upstream/whole-body.ts';
import { mayBeBulk } from './media-streams.ts';
import { pipeStream } from './passthrough-stream.ts';
import { recordIds } from './record-upstream-ids.ts';
import { redacted } from './redact.ts';
import { pumpStream } from './rewriting-stream.ts';
import { type Answering, formatOf, settleStream, streamTask } from './running-answer.ts';
import { usageStripper, withoutUsage } from './strip-usage.ts';
import { translated } from './translated-answer.ts';

/** The caller's response. Throws RelayError when the upstream refused the relay itself, or broke off. */
export async function answer(request: Admitted, sent: Sent): Promise<Response> {
  const { call, ticket } = request;
  const { upstream } = sent;
  if (sent.isRefusal || upstream.status >= 400) return failed(call, ticket, sent);
  const framing = declaredFraming(call, sent);
  // A declared stream of events is one, or holds an object that its reader knows; of anything else the bytes decide.
  const meter = createMeter(
    formatOf(call, sent),
    framing,
    framing === 'sse' ? undefined : jsonFraming(call, sent),
  );
  const answering = { ...request, sent, meter, framing };
  if (upstream.body === null) return empty(answering);
  if (sent.translation !== null) return translated(answering, upstream.body, sent.translation);
  if (isReadWhole(call, sent, framing)) return whole(answering);
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
  const error = readUpstreamError(status, text);
  const body = upstreamErrorBody(endpoint.format.api, error, requestId);
  const retryAfter = headers.get('retry-after');
  return Response.json(body, {
    status: error.status ?? status,
    headers: retryAfter === null ? {} : { 'retry-after': retryAfter },
  });
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
  settleByAnswer(answering, sent, meter);
  ticket.settle({ status: upstream.status, errorCode: meter.error, meter });
  await recordIds(answering, sent, meter);
  const headers = headersForCaller(upstream.headers);
  if (sent.usageSwitchedOn && meter.framing === 'sse') {
    headers.delete('content-length');
    return new Response(withoutUsage(bytes), { status: upstream.status, headers });
  }
  if (call.endpoint.operation === 'embeddings' && sent.route.channel.provider === 'voyage') {
    const text = withPromptTokens(new TextDecoder().decode(bytes));
    if (text !== null) headers.delete('content-length');
    return new Response(text ?? bytes, { status: upstream.status, headers });
  }
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
  const edited = sent.usageSwitchedOn;
  const isEvents = framing === 'sse' || framing === 'json-array';
  const isMadeAnew = providers[sent.route.channel.provider].rewritesStreams === true;
  const { pingNative = false } = sent.route.channel.settings;
  // A stream that was decoded here cannot be piped: the runtime's pipe of it never ends.
  const isPiped = !isMadeAnew && !upstream.headers.has('content-encoding');
  const isNative = isEvents && !edited && isPiped && !pingNative && !mayBeBulk(call, plan);
  const running = isNative ? pipeStream(task) : pumpStream(task, edited ? usageStripper() : null);
  call.background(running.end.then((end) => settleStream(answering, end)));
  if (ticket.ttfbMs === null) ticket.ttfbMs = Date.now() - call.startedAtMs;
  const headers = headersForCaller(upstream.headers);
  if (edited) headers.delete('content-length');
  return new Response(running.readable, { status: upstream.status, headers });
}

function declaredFraming(call: Call, sent: Sent): Framing {
  if (isEncoded(sent.upstream.headers)) return 'opaque';
  const type = mediaType(sent.upstream.headers);
  if (type === 'text/event-stream') return 'sse';
  return /[/+]json$/.test(type) ? jsonFraming(call, sent) : 'opaque';
}

/** What JSON is that answers this call. */
function jsonFraming({ endpoint }: Call, { translation }: Sent): 'json' | 'json-array' {
  return endpoint.operation === 'stream-generate-content' && translation === null ? 'json-array' : 'json';
}

function isReadWhole({ endpoint }: Call, sent: Sent, framing: Framing): boolean {
  const {
    bytes,
    route,
    upstream: { headers },
  } = sent;
  const isOfVoyage = endpoint.operation === 'embeddings' && route.channel.provider === 'voyage';
  const isRewritten = endpoint.operation === 'rerank' || isOfVoyage;
  const length = headers.get('content-length');
  const isSmall =
    length !== null && Number(length) <= relayLimits.wholeAnswerBytes && !headers.has('content-encoding');
  return isRewritten || bytes !== null || (framing === 'json' && isSmall);
}
