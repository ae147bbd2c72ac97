// The answer of an upstream that speaks another format, on its way to the caller: streamed, whole, or one made of the other.
import { shapeOfBytes } from '../../formats/framing-detector.ts';
import { pingOf } from '../../formats/own-events.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { keptOf } from '../plan/stored-responses.ts';
import type { StreamTranslator } from '../translation/stream.ts';
import type { Translation } from '../translation/translation.ts';
import { droppedHeader, headersForCaller } from '../upstream/headers.ts';
import type { Sent } from '../upstream/sent.ts';
import { wholeBody } from '../upstream/whole-body.ts';
import { lookAhead } from './look-ahead.ts';
import { callerFraming } from './pings.ts';
import { pumpStream } from './rewriting-stream.ts';
import { type Answering, settleStream, streamTask } from './running-answer.ts';
import type { StreamTask } from './stream-task.ts';

/** The caller's response. Throws RelayError when the upstream broke off, or answered with something that is no answer. */
export async function translated(
  answering: Answering,
  body: ReadableStream,
  translation: Translation,
): Promise<Response> {
  if (!answering.plan.facts.stream) return translatedWhole(answering, translation);
  const translator = translation.stream();
  if (translator === null)
    throw new RelayError('upstream_error', 'The model provider streamed an answer unasked.');
  if (answering.framing === 'sse') return translatedStream(answering, body, translation, translator);
  const looked = await lookAhead(body);
  if (looked.shape === 'sse') return translatedStream(answering, looked.body, translation, translator);
  answering.sent.upstream = new Response(looked.body, answering.sent.upstream);
  return translatedWhole(answering, translation);
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
    ping: () => pingOf(call.endpoint.format, callerFraming(call)),
    // The translator says so itself.
    isCut: () => false,
    errorEvent: (error) => translator.errorEvent(error),
    beforeClose: () => keep(answering, translator.hasFailed ? null : translator.finished),
  };
  const running = pumpStream(task, translator);
  const settled = running.end.then((end) => {
    ticket.dropped = [...translation.dropped, ...translator.dropped];
    settleStream(answering, end, translator.hasFailed ? 'upstream_error' : null);
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
  const { status, body, dropped, hasFailed, isFinal } =
    shapeOfBytes(bytes) === 'sse' ? translation.wholeOfStream(text) : translation.whole(text);
  ticket.dropped = [...translation.dropped, ...dropped];
  ticket.settle({ status, errorCode: meter.error ?? (hasFailed ? 'upstream_error' : null), meter });
  await keep(answering, hasFailed ? null : body);
  const headers = translatedHeaders(sent, 'application/json', ticket.dropped);
  if (isFinal) headers.set('x-should-retry', 'false');
  return Response.json(body, { status, headers });
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
