// Answers with what an upstream of another format sent: streamed, whole, or one made of the other.
import { type BodyShape, FramingDetector, shapeOfBytes } from '../../formats/framing-detector.ts';
import { pingOf } from '../../formats/own-events.ts';
import { ChunkReader } from '../../lib/chunk-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { storedResponseOf } from '../plan/stored-responses.ts';
import type { StreamTranslator } from '../translation/stream.ts';
import type { Translation } from '../translation/translation.ts';
import { droppedHeader, headersForCaller } from '../upstream/headers.ts';
import type { Answered, Sent } from '../upstream/sent.ts';
import { readWholeBody } from '../upstream/whole-body.ts';
import type { CallerAnswer } from './caller-answer.ts';
import { CostEdit, hasCost, showCost, streamWithCost } from './cost-edit.ts';
import { callerFraming } from './pings.ts';
import { rewritingStream } from './rewriting-stream.ts';
import { concludeStream, type RunningAnswer, reasonIn, streamTask } from './running-answer.ts';
import type { StreamTask } from './stream-task.ts';

/** Answers the caller. Throws RelayError when the upstream broke off, or answered with something that is no answer. */
export async function respondTranslated(
  answer: RunningAnswer,
  translation: Translation,
): Promise<CallerAnswer> {
  const { sent } = answer;
  if (!answer.plan.facts.stream) return respondWhole(answer, translation);
  const translator = translation.stream();
  if (translator === null)
    throw new RelayError('upstream_error', 'The model provider streamed an answer unasked.');
  const body = bodyOf(sent);
  if (answer.framing === 'sse') return respondStreaming(answer, body, translation, translator);
  if (sent.bytes !== null) {
    return shapeOfBytes(sent.bytes) === 'sse'
      ? respondStreaming(answer, body, translation, translator)
      : respondWhole(answer, translation);
  }
  const begun = await shapeOf(body);
  if (begun.shape === 'sse') return respondStreaming(answer, begun.body, translation, translator);
  const response = new Response(begun.body, sent.response);
  return respondWhole({ ...answer, sent: { ...sent, response } }, translation);
}

/** Returns the body as a stream, also if it has been read. */
function bodyOf({ response, bytes }: Answered): ReadableStream {
  return (bytes === null ? response.body : new Response(bytes).body) as ReadableStream;
}

/** Reads the shape of a body from its first bytes. A body that breaks off breaks again when it is read. */
async function shapeOf(body: ReadableStream): Promise<{ body: ReadableStream; shape: BodyShape }> {
  const [whole, branch] = body.tee();
  const reader = new ChunkReader(branch);
  const detector = new FramingDetector();
  let shape: BodyShape | null = null;
  try {
    for (let bytes = await reader.read(); shape === null && bytes !== null; bytes = await reader.read()) {
      shape = detector.push(bytes);
      if (shape !== null) break;
    }
  } catch {
    // See above.
  }
  await reader.cancel();
  return { body: whole, shape: shape ?? detector.end() };
}

function respondStreaming(
  answer: RunningAnswer,
  body: ReadableStream,
  translation: Translation,
  translator: StreamTranslator,
): CallerAnswer {
  const { call, sent } = answer;
  const task: StreamTask = {
    ...streamTask(answer, body),
    isAtBoundary: () => true,
    ping: () => pingOf(call.endpoint.format, callerFraming(call)),
    // The translator detects that itself.
    isCut: () => false,
    errorEvent: (error) => translator.errorEvent(error),
    beforeClose: () => storeResponse(answer, translator.hasFailed ? null : translator.finished),
  };
  const edit = hasCost(answer) ? new CostEdit(answer, translator) : translator;
  const running = rewritingStream(task, edit);
  const headers = translatedHeaders(sent, translation.streamType, translation.dropped);
  return {
    response: new Response(running.readable, { headers }),
    outcome: running.end.then((end) => ({
      ...concludeStream(answer, end, translator.hasFailed ? 'upstream_error' : null),
      dropped: [...translation.dropped, ...translator.dropped],
    })),
  };
}

async function respondWhole(answer: RunningAnswer, translation: Translation): Promise<CallerAnswer> {
  const { sent, meter } = answer;
  const bytes = await readWholeBody(answer, sent);
  meter.push(bytes);
  meter.end();
  const text = new TextDecoder().decode(bytes);
  if (answer.plan.facts.stream) {
    const headers = translatedHeaders(sent, translation.streamType, translation.dropped);
    const body = streamWithCost(answer, translation.streamOfWhole(text));
    const outcome = { status: 200, ...reasonIn(answer, meter.error), meter };
    return { response: new Response(body, { headers }), outcome };
  }
  const { status, body, dropped, hasFailed, isFinal } =
    shapeOfBytes(bytes) === 'sse' ? translation.wholeOfStream(text) : translation.whole(text);
  const allDropped = [...translation.dropped, ...dropped];
  const errorCode = meter.error ?? (hasFailed ? 'upstream_error' : null);
  const headers = translatedHeaders(sent, 'application/json', allDropped);
  if (isFinal) headers.set('x-should-retry', 'false');
  const shown = showCost(answer, JSON.stringify(body), headers, errorCode);
  return {
    response: new Response(shown.body, { status, headers }),
    outcome: { status, ...reasonIn(answer, errorCode), ...shown.priced, meter, dropped: allDropped },
    recorded: storeResponse(answer, hasFailed ? null : body),
  };
}

/** Stores a response before the caller sees its end, so that its next request finds it. */
async function storeResponse(
  { call, plan, services }: RunningAnswer,
  response: JsonObject | null,
): Promise<void> {
  if (!plan.storesResponse || response === null || plan.body.type !== 'json') return;
  const stored = storedResponseOf(plan.body.value as JsonObject, response);
  await services.conversations.put(call.identity.accountId, stored, Date.now());
}

/** Nothing of another provider's headers is meant for the caller, except the id of its request. */
function translatedHeaders({ response }: Sent, type: string, dropped: readonly string[]): Headers {
  const headers = new Headers({ 'content-type': type });
  const id = headersForCaller(response.headers).get('x-relay-upstream-request-id');
  if (id !== null) headers.set('x-relay-upstream-request-id', id);
  if (dropped.length > 0) headers.set('x-relay-dropped', droppedHeader(dropped));
  return headers;
}
