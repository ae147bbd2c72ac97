// One request's life: read, plan, admit, send, respond, settle. Only this file settles.
import { clientLeftStatus } from '../admission/refusal-error.ts';
import { errorStatus } from '../formats/api-errors.ts';
import { createMeter } from '../formats/meter.ts';
import { DeadlineTimer } from '../lib/deadline-timer.ts';
import { RelayError } from '../lib/relay-error.ts';
import { planAndAdmit, readBodyUnlessRefused } from './admission.ts';
import type { AdmittedRequest } from './admitted-request.ts';
import type { Call, RelayServices } from './call.ts';
import { abortWhenCallerLeaves, endWithHost, keepLease } from './lifetime.ts';
import { type CallerAnswer, withLimits, withModel } from './response/caller-answer.ts';
import { respondLocally } from './response/local-answer.ts';
import { answerWithPings } from './response/pings.ts';
import { respond } from './response/respond.ts';
import { clientLeft } from './response/running-answer.ts';
import { pollBeforeDelete } from './settlement/background-response.ts';
import { leaveToLedger } from './settlement/lease.ts';
import { isInBackground, type Outcome, relayReasonOf, settlementOf } from './settlement/request-record.ts';
import { send, sendingOf } from './upstream/send.ts';
import type { Sending } from './upstream/sent.ts';

/** Answers a request whose token is known. Throws RelayError: the caller's refusal, already logged. */
export async function relay(call: Call, services: RelayServices): Promise<Response> {
  const clock = new DeadlineTimer();
  services.health.refresh(call.background);
  const ended = Promise.withResolvers<void>();
  const end = () => {
    clock.stop();
    ended.resolve();
  };
  // When a caller leaves, the runtime keeps only what is handed over here: the request must still be released or settled.
  call.background(ended.promise);
  const request = await admitted(call, services, clock).catch((error) => {
    end();
    throw error;
  });
  const served = serve(request);
  served.then(end, end);
  const response = await answerWithPings(request, served);
  return withLimits(request, response);
}

async function admitted(call: Call, services: RelayServices, clock: DeadlineTimer): Promise<AdmittedRequest> {
  const body = await readBodyUnlessRefused(call, services, clock);
  return planAndAdmit(call, body, services, clock);
}

async function serve(request: AdmittedRequest): Promise<Response> {
  let sending = sendingOf(request.failover);
  try {
    const stopListening = abortWhenCallerLeaves(request);
    const local = respondLocally(request);
    if (local !== null) return settled(request, sending, await local);
    keepLease(request);
    endWithHost(request);
    await pollBeforeDelete(request);
    const result = await send(request);
    ({ sending } = result);
    if (result.outcome === 'failed') throw result.error;
    const answer = await respond(request, result.sent);
    const response = settled(request, sending, answer);
    // A stream that has begun knows what to do when its caller leaves (stream-task.ts).
    if (request.plan.facts.stream) stopListening();
    if (answer.recorded !== undefined) await answer.recorded;
    return withModel(request.plan, sending, response);
  } catch (error) {
    throw settleFailure(request, sending, error);
  }
}

/** Settles an answer by its outcome, in the background while a stream runs. */
function settled(request: AdmittedRequest, sending: Sending, { response, outcome }: CallerAnswer): Response {
  if (!(outcome instanceof Promise)) settle(request, sending, outcome);
  else request.call.background(outcome.then((ended) => settle(request, sending, ended)));
  return response;
}

/** Charges the request, in the background; only the first call counts. A response that runs on is left to the ledger. */
function settle(request: AdmittedRequest, sending: Sending, outcome: Outcome): void {
  const { call, plan, reservation } = request;
  const { meter, status } = outcome;
  reservation.settle(() => {
    const record = { call, plan, sending, reservedNanoUsd: reservation.reservedNanoUsd, outcome };
    if (meter === null || status >= 400 || !isInBackground(record, meter)) return settlementOf(record);
    leaveToLedger(request, { ...record, meter });
    return null;
  });
}

/**
 * Nothing was answered: nothing is charged, but the row says what happened. When the caller left, or its token may not go on, while the
 * upstream had the request already, the input is charged.
 */
function settleFailure(request: AdmittedRequest, sending: Sending, cause: unknown): RelayError {
  const { call, plan, leave } = request;
  const { aborted, reason } = leave.signal;
  const hasLeft = aborted && !(reason instanceof RelayError);
  const error = relayErrorOf(reason instanceof RelayError ? reason : cause);
  const isCharged = aborted && error.code !== 'service_unavailable';
  settle(request, sending, {
    status: hasLeft ? clientLeftStatus : errorStatus(call.endpoint.format.api, error.code),
    ...(hasLeft ? clientLeft : relayReasonOf(plan, error)),
    meter: isCharged ? createMeter(call.endpoint.format, plan.facts.stream ? 'sse' : 'json') : null,
  });
  return error;
}

function relayErrorOf(cause: unknown): RelayError {
  if (cause instanceof RelayError) return cause;
  return new RelayError('internal_error', 'The relay failed at this request.', { cause });
}
