// What a request has used and costs, while it runs and at its end: the upstream's own figure, or an estimate by what passed.
import { isObject } from '../../formats/json-reader.ts';
import type { Meter } from '../../formats/meter.ts';
import { limitedTokens, type Usage } from '../../formats/usage.ts';
import { hasOwnBound } from '../../metering/bound-output.ts';
import { type Charge, costOfCharge } from '../../metering/charge.ts';
import { boundedEstimate, type Estimate, estimate, isImplausible } from '../../metering/estimate.ts';
import type { Call } from '../call.ts';
import type { Plan } from '../plan/plan.ts';
import { bodyValue } from '../request/read-body.ts';
import type { Sending } from '../upstream/sent.ts';
import { chargeOfAnswer, type Used } from './answer-charge.ts';

/** A request whose answer passes a meter. */
export interface MeteredRequest {
  call: Call;
  plan: Plan;
  sending: Sending;
  meter: Meter;
  reservedNanoUsd: number;
}

/** Returns the upstream's own figure, or an estimate if it gave none. `isWhole`: the answer has come to its end. */
function usedBy(request: MeteredRequest, isWhole: boolean): Used & { source: 'upstream' | 'estimated' } {
  const { meter, sending, reservedNanoUsd } = request;
  const reported = meter.usage();
  if (reported !== null && !isImplausible(reported, meter, sending.route?.rates ?? null))
    return { usage: reported, others: meter.otherModelUsage, source: 'upstream' };
  const estimated = estimateOf(request, isWhole);
  const { others } = estimated;
  const costOf = (usage: Usage) => costOfUsed(request, { usage, others });
  return { usage: boundedEstimate(estimated, reservedNanoUsd, costOf), others, source: 'estimated' };
}

/** Returns what tpm counts so far: the uncached input as it was admitted until the upstream reports it, and the output. */
export function runningTokens(request: MeteredRequest): number {
  const { plan, meter } = request;
  if (plan.isFree) return 0;
  const usage = estimateOf(request, true).passed;
  const isReported = (meter.partialUsage()?.inputTokens ?? 0) > 0;
  return isReported ? limitedTokens(usage) : plan.freshTokens + usage.outputTokens;
}

/** Returns the cost so far of what passed, or of what is supposed to have been used unseen too. */
export function runningCost(request: MeteredRequest, part: 'passed' | 'supposed' = 'supposed'): number {
  if (request.plan.isFree) return 0;
  const estimated = estimateOf(request, true);
  // If the upstream has given a figure there is nothing to suppose.
  const usage = request.meter.usage() === null ? estimated[part] : estimated.passed;
  return costOfUsed(request, { usage, others: estimated.others });
}

/** What an answer has used, and the charge for it. */
export interface Priced {
  used: ReturnType<typeof usedBy>;
  /** Null: the model has no price. */
  charge: Charge | null;
}

/** Prices an answer. */
export function pricedOf(request: MeteredRequest, isWhole: boolean): Priced {
  const used = usedBy(request, isWhole);
  return { used, charge: chargeOf(request, used) };
}

/** Returns the charge, or null if the model has no price. */
function chargeOf({ plan, sending: { route }, meter }: MeteredRequest, used: Used): Charge | null {
  if (route === null || route.rates === null) return null;
  return chargeOfAnswer({ used, meter, route, plan, rates: route.rates });
}

function costOfUsed(request: MeteredRequest, used: Used): number {
  const charge = chargeOf(request, used);
  return charge === null ? 0 : costOfCharge(charge);
}

/** Estimates the usage: the upstream's own part as far as it is known, the rest from what passed. */
function estimateOf({ call, plan, sending, meter }: MeteredRequest, isWhole: boolean): Estimate {
  const body = bodyValue(plan.body);
  const fields = isObject(body) ? body : {};
  const isBound = hasOwnBound(call.endpoint.format, fields);
  const { route, sentAtMs, uploadedAudio } = sending;
  return estimate(plan.size, meter, {
    model: route?.upstreamModel ?? '',
    request: fields,
    rates: route?.rates ?? null,
    elapsedMs: Date.now() - sentAtMs,
    // What is behind a `url` may be longer than what was uploaded beside it.
    heardSeconds: fields.url ? null : (uploadedAudio?.seconds ?? null),
    mostOutputTokens: isBound ? (plan.size?.outputTokens ?? null) : null,
    isWhole,
  });
}
