// One request's life: read, planned, admitted, sent, answered, settled.
import { errorStatus } from '../formats/api-errors.ts';
import { createMeter } from '../formats/meter.ts';
import { isModelName } from '../formats/request-checks.ts';
import { AlarmClock } from '../lib/alarm-clock.ts';
import { RelayError } from '../lib/relay-error.ts';
import { shuttingDown } from '../quota/ledger-failure.ts';
import type { Catalog } from '../routing/catalog.ts';
import { identityOf } from '../tokens/resolve.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { admissionRequestFor, admissionWithoutBody, emptyRow, errorOf } from './admission-request.ts';
import type { Admitted } from './admitted.ts';
import type { Call, RelayServices } from './call.ts';
import { streamRhythm } from './limits.ts';
import { type Plan, planRequest } from './plan/plan.ts';
import type { KeptResponse } from './plan/stored-responses.ts';
import { discard } from './request/drain.ts';
import { type CallerBody, readBody } from './request/read-body.ts';
import { AnswerStream } from './response/client-stream.ts';
import { estimatedCount } from './response/estimated-count.ts';
import { answerWithPings } from './response/pings.ts';
import { answer } from './response/respond.ts';
import { answerKept } from './response/stored-response.ts';
import { settleBeforeDelete } from './settlement/background-response.ts';
import { Ticket } from './ticket.ts';
import { send } from './upstream/send.ts';

/** How often a request is planned anew because its token was edited meanwhile. */
const plansPerRequest = 3;

/** The answer to a request whose token is known. Throws RelayError: the caller's refusal, already logged. */
export async function relay(call: Call, services: RelayServices): Promise<Response> {
  const clock = new AlarmClock();
  services.health.refresh(call.background);
  const { plan, ticket } = await admitted(call, services, clock).catch((error) => {
    clock.stop();
    throw error;
  });
  const stream = new AnswerStream();
  const request = { call, plan, ticket, services, clock, stream, leave: new AbortController() };
  const served = serve(request).finally(() => clock.stop());
  // Of a caller that leaves, the runtime keeps only what is handed over here: the request must still be settled.
  call.background(served.catch(() => undefined));
  const response = await answerWithPings(request, served);
  ticket.putLimits(response.headers);
  return response;
}

async function serve(request: Admitted): Promise<Response> {
  const { plan, ticket, clock, leave } = request;
  try {
    const stopListening = abortWhenCallerLeaves(request);
    if (plan.isUncounted) return counted(request);
    if (plan.kept !== null) return await kept(request, plan.kept);
    renewLease(ticket, clock);
    endWithHost(request);
    await settleBeforeDelete(request);
    const response = await answer(request, await send(request, leave.signal));
    // A stream that has begun knows by itself what to do when its caller leaves (stream-task.ts).
    if (plan.facts.stream) stopListening();
    return namingModel(request, response);
  } catch (error) {
    throw settleFailure(request, error);
  }
}

/** Says which model answered, where it is not the one that was asked for by name. */
function namingModel({ plan, ticket }: Admitted, response: Response): Response {
  const model = ticket.route?.model ?? null;
  if (model !== null && model !== plan.model) response.headers.set('x-relay-model', model);
  return response;
}

/** A stored response that the relay keeps itself. */
async function kept({ call, ticket, services }: Admitted, response: KeptResponse): Promise<Response> {
  const answer = await answerKept(call, response, services.conversations);
  ticket.settle({ status: answer.status, errorCode: null, meter: null });
  return answer;
}

/** Tokens that no channel can count. */
function counted({ call, plan, ticket }: Admitted): Response {
  ticket.settle({ status: 200, errorCode: null, meter: null });
  return estimatedCount(call, plan);
}

async function admitted(
  call: Call,
  services: RelayServices,
  clock: AlarmClock,
): Promise<{ plan: Plan; ticket: Ticket }> {
  const body = await readBodyUnlessRefused(call, services, clock);
  try {
    for (let tries = 0; tries < plansPerRequest; tries++) {
      const plan = await orRefuse(call, services, body, () => makePlan(call, body, services));
      const { tokenId } = call.identity;
      const admission = await services.ledgers.admit(
        tokenId,
        admissionRequestFor(call, plan),
        call.background,
        clock,
      );
      if (admission.outcome === 'admitted')
        return { plan, ticket: new Ticket(call, plan, services.ledgers, admission.left) };
      if (admission.outcome === 'refused') throw errorOf(admission, call.endpoint.format.api);
      renewIdentity(call, services, admission.policy);
    }
    throw new RelayError('service_unavailable', 'This API key is being edited. Try again.', {
      retryAfterMs: 1_000,
    });
  } catch (error) {
    if (body.type === 'form') giveUpForm(call, body);
    throw error;
  }
}

/** What the ledger refused before it knew the body: it is logged. */
class EarlyRefusal extends RelayError {}

/**
 * The body, unless the token alone decides against the request: a large one is not read to its end then, and one that
 * comes slowly is not waited for. Throws RelayError: that refusal, already logged, or as readBody does.
 */
function readBodyUnlessRefused(call: Call, services: RelayServices, clock: AlarmClock): Promise<CallerBody> {
  const check = () => throwIfRefused(call, services);
  return new Promise((resolve, reject) => {
    const callOff = clock.after(0, () => check().catch(reject));
    orRefuse(call, services, null, () => readBody(call, services.heldBytes, check))
      .then(resolve, reject)
      .finally(callOff);
  });
}

async function throwIfRefused(call: Call, { ledgers }: RelayServices): Promise<void> {
  const { free, format } = call.endpoint;
  const ask = { ...admissionWithoutBody(call, null), free, nowMs: Date.now() };
  const refusal = await ledgers.refuseEarly(call.identity.tokenId, ask);
  if (refusal === null) return;
  const { code, message, details } = errorOf(refusal, format.api);
  throw new EarlyRefusal(code, message, details);
}

async function makePlan(call: Call, body: CallerBody, services: RelayServices): Promise<Plan> {
  const catalog = await services.catalog.current(call.startedAtMs, call.background);
  adoptBounds(call, catalog);
  return planRequest(call, body, catalog, services, call.startedAtMs);
}

/** The picture of the catalog may know a newer version of the group than the token's copy; the ledger is told then. */
function adoptBounds(call: Call, catalog: Catalog): void {
  const group = catalog.group(call.identity.group);
  if (group === null || group.version <= call.identity.bounds.version) return;
  call.identity = { ...call.identity, bounds: group };
}

/** The token was edited since this isolate read it: the ledger showed the newest policy. */
function renewIdentity(call: Call, services: RelayServices, policy: TokenPolicy): void {
  call.identity = services.resolver.renew(call.secret, policy, call.identity.hash, call.startedAtMs);
  call.background(services.tokenCache.put(identityOf(policy, call.identity.hash)));
}

/**
 * A step that may refuse by itself, before the ledger was asked: the ledger still has the first word (a
 * deleted token is a 401, whatever else is wrong), and the refusal has its row. What an old copy of the token's
 * policy led to is done again with the new one.
 */
async function orRefuse<T>(
  call: Call,
  services: RelayServices,
  body: CallerBody | null,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof RelayError) || error instanceof EarlyRefusal) throw error;
    if (error.code === 'service_unavailable') throw error;
    const model = call.pathModel === null ? modelNamedIn(body) : nameOrNull(call.pathModel);
    const row = {
      ...emptyRow(call, model, false),
      status: errorStatus(call.endpoint.format.api, error.code),
      errorCode: error.code,
    };
    const ask = { ...(await askForRefusal(call, model, services)), nowMs: Date.now() };
    // A body cannot be read again, and no policy has a say in that.
    if (body === null) ask.policyVersion = Number.MAX_SAFE_INTEGER;
    const first = await services.ledgers.refuse(call.identity.tokenId, ask, row);
    if (first?.outcome === 'refused') throw errorOf(first, call.endpoint.format.api);
    if (first === null) throw error;
    renewIdentity(call, services, first.policy);
    return orRefuse(call, services, body, step);
  }
}

function modelNamedIn(body: CallerBody | null): string | null {
  return nameOrNull(body?.type === 'json' ? (body.value as { model?: unknown }).model : null);
}

/** What is no model name is not logged as one. */
function nameOrNull(model: unknown): string | null {
  return typeof model === 'string' && isModelName(model) ? model : null;
}

async function askForRefusal(call: Call, model: string | null, { catalog }: RelayServices) {
  const picture = await Promise.resolve(catalog.current(call.startedAtMs, call.background)).catch(() => null);
  const models = model === null ? null : (picture?.alias(model) ?? null);
  return { ...admissionWithoutBody(call, model), ...(models !== null && { models }) };
}

function giveUpForm(call: Call, body: Extract<CallerBody, { type: 'form' }>): void {
  body.release();
  call.background(discard(body.rest));
}

/**
 * A caller that leaves before its stream has begun aborts the upstream at once; an unstreamed answer is finished, to learn
 * its usage. Answers how to stop listening.
 */
function abortWhenCallerLeaves({ call, plan, clock, leave }: Admitted): () => void {
  const { signal } = call.request;
  const onAbort = () => {
    if (plan.facts.stream) leave.abort();
    else clock.after(streamRhythm.finishMs, () => leave.abort());
  };
  signal.addEventListener('abort', onAbort);
  return () => signal.removeEventListener('abort', onAbort);
}

/** Keeps the reservation while the upstream's head is awaited. */
function renewLease(ticket: Ticket, clock: AlarmClock): void {
  clock.after(streamRhythm.renewMs, () => {
    void ticket.look(null);
    renewLease(ticket, clock);
  });
}

/** Ends a request whose upstream has not answered when the host shuts down. One that has begun to answer is told by its ledger. */
function endWithHost(request: Admitted): void {
  const { services, clock, leave } = request;
  // At the clock's next tick.
  clock.after(0, () => {
    if (services.ledgers.isEnding) leave.abort(errorOf(shuttingDown));
    else endWithHost(request);
  });
}

/**
 * Nothing was answered: nothing is charged, but the row says what happened. When the caller left, or its token may not go on, while
 * the upstream had the request already, the input is charged.
 */
function settleFailure({ call, plan, ticket, leave }: Admitted, cause: unknown): RelayError {
  const { aborted, reason } = leave.signal;
  const hasLeft = aborted && !(reason instanceof RelayError);
  const error = failureOf(reason instanceof RelayError ? reason : cause);
  const isCharged = aborted && error.code !== 'service_unavailable';
  ticket.settle({
    status: hasLeft ? clientLeftStatus : errorStatus(call.endpoint.format.api, error.code),
    errorCode: hasLeft ? 'client_left' : error.code,
    meter: isCharged ? createMeter(call.endpoint.format, plan.facts.stream ? 'sse' : 'json') : null,
  });
  return error;
}

function failureOf(cause: unknown): RelayError {
  if (cause instanceof RelayError) return cause;
  return new RelayError('internal_error', 'The relay failed at this request.', { cause });
}

/** What the log says where nobody was left to be answered; nginx's number for it. */
const clientLeftStatus = 499;
