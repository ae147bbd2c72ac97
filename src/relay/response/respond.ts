// Turns the upstream's response into the caller's: decides which way its body goes, and what is counted on the way.

import { createMeter } from '../../formats/meter.ts';
import type { Framing } from '../../formats/observation.ts';
import { withPromptTokens } from '../../formats/openai-embeddings/response.ts';
import { readRerankResponse } from '../../formats/rerank/response.ts';
import { readUpstreamError, upstreamErrorBody } from '../../formats/upstream-error.ts';
import { isEncoded, mediaType } from '../../lib/decoded-response.ts';
import { withoutSecrets } from '../../lib/redact.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { classOfUpstreamStatus } from '../../metering/error-class.ts';
import { refusedRelay } from '../../providers/refused-relay.ts';
import { providers } from '../../providers/registry.ts';
import { secretsOfTarget } from '../../routing/target-secrets.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Call } from '../call.ts';
import { relayLimits } from '../limits.ts';
import { endBackgroundByAnswer } from '../settlement/background-response.ts';
import { rerankDialect } from '../upstream/build-request.ts';
import { headersForCaller } from '../upstream/headers.ts';
import type { Answered, Sent } from '../upstream/sent.ts';
import { readWholeBody } from '../upstream/whole-body.ts';
import type { CallerAnswer } from './caller-answer.ts';
import { CostEdit, hasCost, isEventStream, showCost } from './cost-edit.ts';
import { mayHaveMedia } from './on-disconnect.ts';
import { passthroughStream } from './passthrough-stream.ts';
import { recordIds } from './record-upstream-ids.ts';
import { rewritingStream } from './rewriting-stream.ts';
import { concludeStream, formatOf, type RunningAnswer, reasonIn, streamTask } from './running-answer.ts';
import { usageStripper, withoutUsage } from './strip-usage.ts';
import { respondTranslated } from './translated-answer.ts';

/** Answers the caller. Throws RelayError when the upstream refused the relay itself, or broke off. */
export async function respond(request: AdmittedRequest, sent: Answered): Promise<CallerAnswer> {
  const { call } = request;
  const { response } = sent;
  if (sent.isRefusal || response.status >= 400) return respondWithError(call, sent);
  const framing = declaredFraming(call, sent);
  // A declared stream of events is one, or holds an object that its reader knows; for anything else the bytes decide.
  const meter = createMeter(
    formatOf(call, sent),
    framing,
    framing === 'sse' ? undefined : jsonFraming(call, sent),
  );
  const answer = { ...request, sent, meter, framing };
  if (response.body === null) return respondEmpty(answer);
  if (sent.translation !== null) return respondTranslated(answer, sent.translation);
  if (isReadWhole(request, sent, framing)) return respondWhole(answer);
  return respondStreaming(answer, response.body);
}

/** Passes an upstream's error on, unless it is about the relay's own key. Nothing is charged. */
async function respondWithError(call: Call, sent: Sent): Promise<CallerAnswer> {
  const { response, translation } = sent;
  const { status } = response;
  const bytes = sent.bytes ?? new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes.subarray(0, relayLimits.errorBodyBytes));
  if (refusedRelay(status, text)) {
    const message =
      'The model provider refused the account of this relay. Contact its operator; retrying will not help.';
    throw new RelayError('upstream_refused_relay', message, { cause: `upstream status ${status}` });
  }
  // Some upstreams answer 500 to a conversation that is too long.
  const { kind } = readUpstreamError(status, text);
  const isCallers = sent.isRefusal || kind === 'context-overflow';
  const errorClass = isCallers ? 'caller' : classOfUpstreamStatus(status);
  const outcome = { status, errorCode: 'upstream_error', errorClass, meter: null } as const;
  const shown = redacted(text, sent);
  if (translation !== null) return { response: translatedError(call, response, shown), outcome };
  const headers = headersForCaller(response.headers);
  if (shown !== text) headers.delete('content-length');
  return { response: new Response(shown === text ? bytes : shown, { status, headers }), outcome };
}

/** An error of another format, in the caller's format and with the same status. */
function translatedError(
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

function respondEmpty({ sent, meter }: RunningAnswer): CallerAnswer {
  const { status, headers } = sent.response;
  meter.end();
  const response = new Response(null, { status, headers: headersForCaller(headers) });
  return { response, outcome: { status, errorCode: null, meter } };
}

/** Reads a small answer of known length whole, and counts it before it is sent. */
async function respondWhole(answer: RunningAnswer): Promise<CallerAnswer> {
  const { sent, meter } = answer;
  const { status } = sent.response;
  const bytes = await readWholeBody(answer, sent);
  if (hasCost(answer) && isEventStream(answer, bytes))
    return respondStreaming(answer, new Response(bytes).body as ReadableStream);
  meter.push(bytes);
  meter.end();
  endBackgroundByAnswer(answer, sent, meter);
  const headers = headersForCaller(sent.response.headers);
  const reason = reasonIn(answer, meter.error);
  const shown = showCost(answer, editedBody(answer, bytes), headers, reason.errorCode);
  if (shown.body !== bytes) headers.delete('content-length');
  return {
    response: new Response(shown.body, { status, headers }),
    outcome: { status, ...reason, ...shown.priced, meter },
    recorded: recordIds(answer, sent, meter),
  };
}

/** Returns a whole body as the caller expects it; the same bytes if nothing has to be changed. */
function editedBody(
  { call, plan, sent, meter }: RunningAnswer,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | string {
  const { operation } = call.endpoint;
  if (sent.usageSwitchedOn && meter.framing === 'sse') return withoutUsage(bytes);
  if (operation === 'embeddings' && sent.route.channel.provider === 'voyage')
    return withPromptTokens(new TextDecoder().decode(bytes)) ?? bytes;
  if (operation !== 'rerank' || plan.body.type !== 'json') return bytes;
  return readRerankResponse(rerankDialect(sent.route), new TextDecoder().decode(bytes), plan.body.value);
}

function respondStreaming(answer: RunningAnswer, body: ReadableStream): CallerAnswer {
  const { call, plan, sent, framing } = answer;
  const { status, headers: fromUpstream } = sent.response;
  const task = streamTask(answer, body);
  const isEdited = sent.usageSwitchedOn;
  const isEvents = framing === 'sse' || framing === 'json-array';
  const isRewritten = providers[sent.route.channel.provider].rewritesStreams === true;
  const { pingNative = false } = sent.route.channel.settings;
  // A stream that was decoded here cannot be piped: the runtime's pipe of it never ends.
  const isPiped = !isRewritten && !fromUpstream.has('content-encoding');
  const stripper = isEdited ? usageStripper() : null;
  const edit = hasCost(answer) ? new CostEdit(answer, stripper) : stripper;
  const isNative = isEvents && edit === null && isPiped && !pingNative && !mayHaveMedia(call, plan);
  const running = isNative ? passthroughStream(task) : rewritingStream(task, edit);
  const headers = headersForCaller(fromUpstream);
  if (edit !== null) headers.delete('content-length');
  return {
    response: new Response(running.readable, { status, headers }),
    outcome: running.end.then((end) => concludeStream(answer, end)),
  };
}

function declaredFraming(call: Call, sent: Sent): Framing {
  if (isEncoded(sent.response.headers)) return 'opaque';
  const type = mediaType(sent.response.headers);
  if (type === 'text/event-stream') return 'sse';
  return /[/+]json$/.test(type) ? jsonFraming(call, sent) : 'opaque';
}

/** Returns the framing of JSON that answers this call. */
function jsonFraming({ endpoint }: Call, { translation }: Sent): 'json' | 'json-array' {
  return endpoint.operation === 'stream-generate-content' && translation === null ? 'json-array' : 'json';
}

function isReadWhole(
  { call: { endpoint }, plan }: AdmittedRequest,
  { bytes, route, response }: Sent,
  framing: Framing,
): boolean {
  const { headers } = response;
  const isOfVoyage = endpoint.operation === 'embeddings' && route.channel.provider === 'voyage';
  const isRewritten = endpoint.operation === 'rerank' || isOfVoyage;
  const length = headers.get('content-length');
  const isSmall =
    length !== null && Number(length) <= relayLimits.wholeAnswerBytes && !headers.has('content-encoding');
  return isRewritten || bytes !== null || (framing === 'json' && (isSmall || plan.cost.isShown));
}

/** Returns the text without key and address. Text that has neither is returned unchanged. */
function redacted(text: string, { key, route }: Pick<Sent, 'key' | 'route'>): string {
  return withoutSecrets(text, secretsOfTarget(route.channel, key), '[redacted]');
}
