// One attempt at a target: opens its key, writes the request for it, calls it, and classifies what comes back.
import type { OperationId } from '../../formats/format-id.ts';
import { logError } from '../../lib/log.ts';
import { messageWithCause, RelayError } from '../../lib/relay-error.ts';
import type { Attempt } from '../../metering/log-row.ts';
import { exchange } from '../../providers/exchange.ts';
import type { AdaptedBody } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import type { CurrentTry } from '../../routing/failover.ts';
import type { ChannelKey } from '../../routing/key-ring.ts';
import type { Target } from '../../routing/select.ts';
import type { UpstreamFailure } from '../../routing/upstream-failure.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import { UploadedAudio } from '../request/uploaded-audio.ts';
import { refuseLoss } from '../translation/translation.ts';
import { attemptMessage } from './attempt-message.ts';
import { adaptedBody, headersFor, outgoingBody, targetFor } from './build-request.ts';
import { checkAnswer } from './check-answer.ts';
import { type Classified, classifyError, classifyFault } from './classify-failure.ts';
import { droppedHeader } from './headers.ts';
import type { Sending, Sent } from './sent.ts';
import { timeoutsOf } from './timeouts.ts';

/** What an attempt has found out, as far as it came. */
type Findings = Partial<Pick<Sending, 'timeToFirstByteMs' | 'dropped' | 'uploadedAudio'>>;

/** `error` of a failed attempt: what the client gets if it was the last, or null for the upstream's response. */
export type Attempted = { attempt: Attempt; findings: Findings } & (
  | { outcome: 'answered'; sent: Sent }
  | { outcome: 'failed'; failure: UpstreamFailure; error: RelayError; sent: null }
  | { outcome: 'failed'; failure: UpstreamFailure; error: RelayError | null; sent: Sent }
  /** Not the target's fault: the client left, or the request cannot be written for the upstream. */
  | { outcome: 'stopped'; error: unknown }
);

/** Sends the request to a target, until `request.leave` aborts. Never rejects. */
export async function attempt(
  request: AdmittedRequest,
  { target, startedAtMs, isLast }: CurrentTry<PricedRoute>,
): Promise<Attempted> {
  const { signal } = request.leave;
  const abort = new AbortController();
  signal.addEventListener('abort', () => abort.abort());
  let findings: Findings = {};
  let { keyId } = target;
  let status: number | null = null;
  let key: ChannelKey | null = null;
  const record = (error: string | null, text: string | null, durationMs = Date.now() - startedAtMs) => {
    const attempt = { channelId: target.channelId, keyId, status, error, durationMs };
    if (text === null) return { attempt, findings };
    return { attempt: { ...attempt, message: attemptMessage(request, target.route, key, text) }, findings };
  };
  try {
    key = await openedKey(request, target);
    if (key === null) {
      const unreadable = unreadableKey();
      const { reason } = unreadable.failure;
      return { ...record('key_unreadable', reason), outcome: 'failed', ...unreadable, sent: null };
    }
    const written = writeFor(request, target.route, key, abort);
    findings = written.findings;
    const response = await callUpstream(request, target.route, written, abort);
    findings = { ...findings, timeToFirstByteMs: Date.now() - request.call.startedAtMs };
    if (response.status >= 300 && response.status < 400) throw await redirection(response);
    status = response.status;
    const headMs = Date.now() - startedAtMs;
    const received = receivedBy(target.route, written, response, { key, abort });
    const { failure, error, text, sent } = await classify(request, received, { isLast, startedAtMs });
    // The upstream of a caller that has left was aborted: that it broke off is no failure of its own.
    if (failure !== null) signal.throwIfAborted();
    keyId = key.id;
    if (failure === null) return { ...record(null, text, headMs), outcome: 'answered', sent };
    return { ...record(failure.reason, text), outcome: 'failed', failure, error, sent };
  } catch (error) {
    const [code, text] =
      error instanceof RelayError ? [error.code, messageWithCause(error)] : ['aborted', null];
    return { ...record(code, text), ...thrown(error, signal) };
  }
}

/** Classifies what an attempt has thrown: a failure of the target, or none of it. */
function thrown(error: unknown, signal: AbortSignal) {
  const isOfTarget =
    error instanceof RelayError && (error.code === 'upstream_error' || error.code === 'upstream_timeout');
  if (!isOfTarget || signal.aborted) return { outcome: 'stopped', error } as const;
  const failure = { kind: 'unavailable', reason: error.code, retryAfterMs: null, mayBeDone: true } as const;
  return { outcome: 'failed', failure, error, sent: null } as const;
}

function receivedBy(
  route: PricedRoute,
  { adapted, translation, usageSwitchedOn }: ReturnType<typeof writeFor>,
  upstream: Response,
  call: Pick<Sent, 'key' | 'abort'>,
): Sent {
  const response = withDropped(upstream, adapted);
  return { ...call, route, translation, usageSwitchedOn, response, bytes: null, isRefusal: false };
}

/** Classifies a response, by its status or by how its body begins. Returns it as far as it was read. */
async function classify(
  request: AdmittedRequest,
  sent: Sent,
  { isLast, startedAtMs }: { isLast: boolean; startedAtMs: number },
): Promise<Pick<Classified, 'failure' | 'error' | 'text'> & { sent: Sent }> {
  if (sent.response.status >= 400) return classified(sent, await classifyError(sent.response));
  const { firstByteMs } = timeoutsOf(request.plan, sent.route);
  const leftMs = Math.max(0, startedAtMs + firstByteMs - Date.now());
  const { fault, ...answer } = await checkAnswer(request, sent, { isLast, firstByteMs: leftMs });
  if (fault === null) return classified(sent, { ...answer, failure: null, error: null, text: null });
  const ofFault = classifyFault(answer, fault);
  if (ofFault.failure !== null) return classified(sent, ofFault);
  // In its own format it passes as it came, the 200 too; a translated one has the status that it names.
  const { response } = sent.translation === null ? answer : ofFault;
  return classified({ ...sent, isRefusal: true }, { ...ofFault, response });
}

function classified(sent: Sent, { response, bytes, failure, error, text }: Classified) {
  return { failure, error, text, sent: { ...sent, response, bytes } };
}

function unreadableKey() {
  const failure: UpstreamFailure = {
    kind: 'refused',
    reason: 'the key was sealed under another ENCRYPTION_KEY',
    retryAfterMs: null,
    mayBeDone: false,
  };
  const error = new RelayError('upstream_error', 'The model provider cannot be used at the moment.');
  return { failure, error };
}

/** Redirects are not followed, because the key would go along: the channel's address must be corrected. */
async function redirection(upstream: Response): Promise<RelayError> {
  await upstream.body?.cancel();
  const message = 'The model provider has moved: the address of its channel has to be corrected.';
  return new RelayError('upstream_error', message, { cause: `upstream status ${upstream.status}` });
}

/** Returns the target's key, or null if it cannot be opened, which the operator must fix. */
async function openedKey(
  { services }: AdmittedRequest,
  { route, keyId }: Target<PricedRoute>,
): Promise<ChannelKey | null> {
  try {
    return await services.keys.keyOf(route.channel, keyId);
  } catch (cause) {
    logError('channel-key-unreadable', {
      channelId: route.channel.id,
      keyId,
      cause: messageWithCause(cause),
    });
    return null;
  }
}

/** Writes the request for a route's upstream. Throws RelayError if the upstream's format cannot express it. */
function writeFor(request: AdmittedRequest, route: PricedRoute, key: ChannelKey, abort: AbortController) {
  const { call, plan } = request;
  const uploadedAudio = call.endpoint.format.task === 'transcription' ? new UploadedAudio() : null;
  const outgoing = outgoingBody(call, plan, route, abort, uploadedAudio);
  const { uploaded, usageSwitchedOn, translated } = outgoing;
  const translation = translated?.translation ?? null;
  const target = targetFor(call, plan, route, key, translated);
  const headers = headersFor(call, plan, route, translated);
  const adapted = adaptedBody(route.channel, outgoing, headers, target);
  if (adapted !== null) refuseLoss(call, adapted.dropped, route.model);
  const dropped = [...(translation?.dropped ?? []), ...(adapted?.dropped ?? [])];
  const body = adapted?.text ?? outgoing.body;
  const findings: Findings = { dropped, uploadedAudio };
  return { target, headers, body, uploaded, usageSwitchedOn, translation, adapted, findings };
}

/** Calls the upstream. Throws RelayError `upstream_error` or `upstream_timeout`, or what the upload failed with. */
async function callUpstream(
  request: AdmittedRequest,
  route: PricedRoute,
  { target, headers, body, uploaded }: ReturnType<typeof writeFor>,
  abort: AbortController,
): Promise<Response> {
  const { call, plan, clock, services } = request;
  const provider = providers[route.channel.provider];
  const { method } = call.request;
  const { firstByteMs } = timeoutsOf(plan, route);
  const calling = exchange(
    provider,
    { url: provider.url(target), method, headers, body, abort, clock, firstByteMs },
    target,
    {
      sendToAi: services.sendToAi,
      resend: mayBeResent(request) ? services.resend : undefined,
      runOn: call.background,
    },
  );
  if (uploaded === null) return calling;
  // The upstream may answer before it has everything; the rest must be taken in all the same.
  call.background(uploaded.catch(() => undefined));
  return orUploadFailure(calling, uploaded, abort);
}

/** Names in a header of an untranslated answer what its provider could not express. */
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

/** Operations that cost again when they are repeated: pictures, sound, and responses in the background. */
const lasting: ReadonlySet<OperationId> = new Set<OperationId>([
  'speech',
  'transcriptions',
  'translations',
  'image-generations',
  'image-edits',
  'image-variations',
  'stored-response',
]);

/** Whether another target may be tried. A caller says with `x-relay-repeat: 1` that twice is better than not at all. */
export function mayBeRepeated(request: AdmittedRequest, { mayBeDone }: UpstreamFailure): boolean {
  // An upload cannot be read again.
  if (request.plan.body.type === 'form') return false;
  return !mayBeDone || mayRunTwice(request);
}

/** Whether it may be sent again when a connection closed before it was answered. Asking for a stored response makes nothing. */
function mayBeResent(request: AdmittedRequest): boolean {
  if (request.plan.body.type === 'form') return false;
  return mayRunTwice(request) || request.call.endpoint.operation === 'stored-response';
}

function mayRunTwice({ call, plan }: AdmittedRequest): boolean {
  const isLasting = lasting.has(call.endpoint.operation) || plan.facts.background;
  return !isLasting || call.request.headers.get('x-relay-repeat') === '1';
}
