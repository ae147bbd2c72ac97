// What is known about a request at its end, and the settlement that its ledger gets. Pure.
import { emptyRow } from '../../admission/admission-request.ts';
import { isObject } from '../../formats/json-reader.ts';
import type { Meter } from '../../formats/meter.ts';
import { emptyUsage, limitedTokens, type Usage } from '../../formats/usage.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { type Charge, costOfCharge } from '../../metering/charge.ts';
import { classOfRelayError, classOfUpstreamStatus } from '../../metering/error-class.ts';
import { errorMessage } from '../../metering/error-message.ts';
import type { ErrorClass, LogRow } from '../../metering/log-row.ts';
import { answeringModel } from '../../metering/served-model.ts';
import type { Settlement } from '../../quota/quota.ts';
import type { BackgroundOrder } from '../../quota/records.ts';
import { requested, requester } from '../admission.ts';
import type { Plan } from '../plan/plan.ts';
import { attributionOf } from '../request/attribution.ts';
import { bodyValue, requestTextOf } from '../request/read-body.ts';
import type { Sending } from '../upstream/sent.ts';
import { type MeteredRequest, type Priced, pricedOf } from './usage.ts';

/** How a request ended. */
export interface Outcome {
  status: number;
  errorCode: string | null;
  /** Why it failed, as the log keeps it. Absent: the message of the last attempt. */
  errorMessage?: string | null;
  /** Whose fault the error is. Absent: by the status. */
  errorClass?: ErrorClass;
  /** The answer's meter, if something was answered that is charged. */
  meter: Meter | null;
  /** The price that the answer shows. Absent: it is computed at the settlement. */
  priced?: Priced;
  /** What translation could not express, if the answer changes that. */
  dropped?: readonly string[];
}

/** A request at its end. */
interface RequestRecord extends Omit<MeteredRequest, 'meter'> {
  outcome: Outcome;
}

/** Returns the charge and the log row. */
export function settlementOf(record: RequestRecord): Settlement {
  const { plan, outcome } = record;
  // A token count is not a model's input, so tpm does not count it.
  const meter = plan.isFree ? null : outcome.meter;
  if (meter === null)
    return { row: rowOf(record, emptyUsage(), null, null), tokens: limitedTokens(emptyUsage()) };
  const { used, charge } = outcome.priced ?? pricedOf({ ...record, meter }, outcome.errorCode === null);
  const row = rowOf(record, used.usage, used.source, charge);
  return { row, tokens: limitedTokens(used.usage) };
}

/** Whether the upstream works on although nothing more comes: a response in the background has begun, and its end was not seen. */
export function isInBackground({ plan }: RequestRecord | MeteredRequest, meter: Meter): boolean {
  const isEndSeen = meter.usage() !== null || (meter.sequenceNumber >= 0 && meter.complete);
  return plan.facts.background && !isEndSeen && meter.madeIds.length > 0;
}

/** Returns what the ledger needs to ask for a response in the background, and to charge it when it ends. */
export function backgroundOrderOf({ meter, ...request }: MeteredRequest): BackgroundOrder {
  const { call, plan, sending, reservedNanoUsd } = request;
  const { route, attempts } = sending;
  const [responseId = ''] = meter.madeIds;
  const outcome = { status: 200, errorCode: null, meter: null };
  return {
    row: rowOf({ ...request, outcome }, emptyUsage(), null, null),
    // Of an alias, only the model that answers is still asked about.
    question: { hash: call.identity.hash, ip: call.ip, model: route?.model ?? plan.model },
    responseId,
    channelId: route?.channel.id ?? '',
    keyId: attempts.at(-1)?.keyId ?? null,
    reservedNanoUsd,
    typicalInput: plan.size?.typicalInput ?? null,
    rates: route?.rates ?? null,
    multiplier: plan.multiplier,
  };
}

function rowOf(
  { call, plan, sending, outcome }: RequestRecord,
  usage: Usage,
  usageSource: LogRow['usageSource'],
  charge: Charge | null,
): LogRow {
  const isFree = outcome.meter === null || plan.isFree;
  return {
    ...emptyRow(requester(call), requested(plan)),
    ...attributionOf(call, plan.body),
    ...upstreamPart(sending, outcome),
    status: outcome.status,
    ...reasonOf(outcome, sending),
    ...answeredBy(plan, sending, outcome),
    inputTokens: usage.inputTokens,
    cachedTokens: usage.cachedTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.reasoningTokens,
    usageSource,
    costNanoUsd: charge === null ? (isFree ? 0 : null) : costOfCharge(charge),
    charge,
    durationMs: Date.now() - call.startedAtMs,
  };
}

/** Returns why the request failed: code, class, and words. */
function reasonOf({ status, errorCode, errorClass, errorMessage }: Outcome, { attempts }: Sending) {
  if (errorCode === null) return { errorCode, errorClass: null, errorMessage: null };
  return {
    errorCode,
    errorClass: errorClass ?? classOfUpstreamStatus(status),
    errorMessage: errorMessage === undefined ? (attempts.at(-1)?.message ?? null) : errorMessage,
  };
}

/** Returns the model that answered. Null: nothing that is charged was answered. */
function answeredBy(plan: Plan, { route }: Sending, { meter }: Outcome): Partial<LogRow> {
  if (route === null || meter === null) return { servedModel: null };
  const request = bodyValue(plan.body);
  const { name, isSubstitute } = answeringModel(isObject(request) ? request : {}, route, meter);
  return { servedModel: name, ...(isSubstitute && { isSubstituted: true }) };
}

function upstreamPart({ route, attempts, dropped, timeToFirstByteMs }: Sending, outcome: Outcome) {
  return {
    upstreamModel: route?.upstreamModel ?? null,
    channelId: route?.channel.id ?? null,
    attempts: [...attempts],
    dropped: [...(outcome.dropped ?? dropped)],
    ttfbMs: timeToFirstByteMs,
  };
}

/** Why the relay failed or refused the request, for the log. */
export function relayReasonOf({ model, body }: Plan, error: RelayError) {
  const { code: errorCode, message } = error;
  const context = { request: requestTextOf(body), models: [model] };
  return { errorCode, errorClass: classOfRelayError(error), errorMessage: errorMessage(message, context) };
}
