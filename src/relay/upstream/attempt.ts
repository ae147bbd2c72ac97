// One try at an upstream: which channel and key, what came back, and what that says of them.
import { logError } from '../../lib/log.ts';
import { RelayError, wordsWithCause } from '../../lib/relay-error.ts';
import { exchange } from '../../providers/exchange.ts';
import type { AdaptedBody } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import type { ChannelKey } from '../../routing/key-ring.ts';
import type { Choice } from '../../routing/select.ts';
import type { Admitted } from '../admitted.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import { UploadedAudio } from '../request/uploaded-audio.ts';
import { refuseLoss } from '../translation/translation.ts';
import { adaptedBody, headersFor, outgoingBody, targetFor } from './build-request.ts';
import { faultOfAnswer } from './check-answer.ts';
import { type AttemptFailure, type Judged, judgeError, judgeFault } from './classify-failure.ts';
import { droppedHeader } from './headers.ts';
import { mayBeResent } from './repeat.ts';
import type { Sent } from './sent.ts';
import { waitsFor } from './timeouts.ts';

/** The outcome of one attempt. `error` is what the client gets if it was the last attempt; null: the upstream's response. */
export type Attempted =
  /** `headMs`: to the head of the response. */
  | { outcome: 'answered'; sent: Sent; headMs: number }
  | { outcome: 'failed'; failure: AttemptFailure; error: RelayError; sent: null }
  | { outcome: 'failed'; failure: AttemptFailure; error: RelayError | null; sent: Sent };

/**
 * Sends the request to the place. `leave` aborts it. Throws what is nobody's failure: a caller that left, a
 * request that cannot be written for the upstream.
 */
export async function attempt(
  request: Admitted,
  place: Choice<PricedRoute>,
  leave: AbortSignal,
  isLast: boolean,
): Promise<Attempted> {
  const abort = new AbortController();
  const forward = () => abort.abort();
  leave.addEventListener('abort', forward);
  const startedAtMs = Date.now();
  const note = (keyId: string | null, status: number | null, error: string | null, durationMs?: number) =>
    request.ticket.attempts.push({
      channelId: place.channelId,
      keyId,
      status,
      error,
      durationMs: durationMs ?? Date.now() - startedAtMs,
    });
  let status: number | null = null;
  try {
    const key = await openedKey(request, place);
    if (key === null) {
      note(place.keyId, null, 'key_unreadable');
      return { outcome: 'failed', failure: unreadableKey, error: unavailable(), sent: null };
    }
    const sent = await sendTo(request, place, key, abort);
    status = sent.upstream.status;
    const headMs = Date.now() - startedAtMs;
    const { response, failure, error } = await judge(request, sent, { isLast, startedAtMs });
    sent.upstream = response;
    // Of a caller that has left, the upstream was called off: that it broke off is no failure of its own.
    if (failure !== null) leave.throwIfAborted();
    note(sent.key.id, status, failure?.reason ?? null, failure === null ? headMs : undefined);
    if (failure === null) return { outcome: 'answered', sent, headMs };
    return { outcome: 'failed', failure, error, sent };
  } catch (error) {
    const reason = error instanceof RelayError ? error.code : 'aborted';
    note(place.keyId, status, reason);
    if (!(error instanceof RelayError) || leave.aborted) throw error;
    if (error.code !== 'upstream_error' && error.code !== 'upstream_timeout') throw error;
    const failure = { kind: 'unavailable' as const, reason, retryAfterMs: null, mayBeDone: true };
    return { outcome: 'failed', failure, error, sent: null };
  }
}

async function judge(
  request: Admitted,
  sent: Sent,
  { isLast, startedAtMs }: { isLast: boolean; startedAtMs: number },
): Promise<Judged> {
  if (sent.upstream.status >= 400) return judgeError(sent.upstream);
  const firstByteMs = leftToFirstByte(request, sent, startedAtMs);
  const fault = await faultOfAnswer(request, sent, { isLast, firstByteMs });
  if (fault === null) return { response: sent.upstream, failure: null, error: null };
  const judged = judgeFault(sent.upstream, fault);
  if (judged.failure !== null) return judged;
  sent.isRefusal = true;
  // In its own format it passes as it came, the 200 too; a translated one has the status that it names.
  return sent.translation === null ? { ...judged, response: sent.upstream } : judged;
}

/** Of the time to the first byte, what the head of the response has left. */
function leftToFirstByte({ plan }: Admitted, { route }: Sent, startedAtMs: number): number {
  return Math.max(0, startedAtMs + waitsFor(plan, route).firstByteMs - Date.now());
}

const unreadableKey: AttemptFailure = {
  kind: 'refused',
  reason: 'the key was sealed under another ENCRYPTION_KEY',
  retryAfterMs: null,
  mayBeDone: false,
};

/** A redirection is followed nowhere, for it would carry the key there: the channel's address is to be mended. */
async function redirection(upstream: Response): Promise<RelayError> {
  await upstream.body?.cancel();
  const message = 'The model provider has moved: the address of its channel has to be corrected.';
  return new RelayError('upstream_error', message, { cause: `upstream status ${upstream.status}` });
}

function unavailable(): RelayError {
  return new RelayError('upstream_error', 'The model provider cannot be used at the moment.');
}

/** null: it cannot be opened, which is the operator's to mend. */
async function openedKey(
  { services }: Admitted,
  { route, keyId }: Choice<PricedRoute>,
): Promise<ChannelKey | null> {
  try {
    return await services.keys.keyOf(route.channel, keyId);
  } catch (cause) {
    logError('channel-key-unreadable', { channelId: route.channel.id, keyId, cause: wordsWithCause(cause) });
    return null;
  }
}

async function sendTo(
  request: Admitted,
  { route }: Choice<PricedRoute>,
  key: ChannelKey,
  abort: AbortController,
): Promise<Sent> {
  const { call, plan, ticket, clock, services } = request;
  ticket.heard = call.endpoint.format.task === 'transcription' ? new UploadedAudio() : null;
  const outgoing = outgoingBody(call, plan, route, abort, ticket.heard);
  const { uploaded, usageSwitchedOn, translated } = outgoing;
  const translation = translated?.translation ?? null;
  const target = targetFor(call, plan, route, key, translated);
  const headers = headersFor(call, plan, route, translated);
  const adapted = adaptedBody(route.channel, outgoing, headers, target);
  if (adapted !== null) refuseLoss(call, adapted.dropped, route.model);
  ticket.dropped = [...(translation?.dropped ?? []), ...(adapted?.dropped ?? [])];
  const provider = providers[route.channel.provider];
  const calling = exchange(
    provider,
    {
      url: provider.url(target),
      method: call.request.method,
      headers,
      body: adapted?.text ?? outgoing.body,
      abort,
      clock,
      firstByteMs: waitsFor(plan, route).firstByteMs,
    },
    target,
    {
      sendToAi: services.sendToAi,
      resend: mayBeResent(request) ? services.resend : undefined,
      runOn: call.background,
    },
  );
  // The upstream may answer before it has everything; the rest must be taken in all the same.
  if (uploaded !== null) call.background(uploaded.catch(() => undefined));
  const upstream = await (uploaded === null ? calling : orUploadFailure(calling, uploaded, abort));
  ticket.ttfbMs = Date.now() - call.startedAtMs;
  if (upstream.status >= 300 && upstream.status < 400) throw await redirection(upstream);
  return {
    upstream: withDropped(upstream, adapted),
    bytes: null,
    isRefusal: false,
    route,
    key,
    abort,
    usageSwitchedOn,
    translation,
  };
}

/** An answer that is not translated tells in its headers what its provider could not be told. */
function withDropped(upstream: Response, adapted: AdaptedBody | null): Response {
  if (adapted === null || adapted.dropped.length === 0) return upstream;
  const { body, status } = upstream;
  const headers = new Headers(upstream.headers);
  headers.set('x-relay-dropped', droppedHeader(adapted.dropped));
  return new Response(body, { status, headers });
}

/** A call that was aborted because its upload failed fails for the upload's reason. */
async function orUploadFailure(
  calling: Promise<Response>,
  uploaded: Promise<void>,
  abort: AbortController,
): Promise<Response> {
  try {
    return await calling;
  } catch (error) {
    if (abort.signal.aborted) await uploaded;
    throw error;
  }
}
