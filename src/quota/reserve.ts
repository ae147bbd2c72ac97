// The admission of new requests under the ledger's policy: a request's upper bound is held, or it is refused.
import type { TokenLimits, TokenPolicy } from '../tokens/token.ts';
import type { Checkpoints } from './checkpoints.ts';
import { isOverloaded } from './ledger-failure.ts';
import type { LedgerState } from './ledger-state.ts';
import { isLimited, priceUnset, unknownModel } from './policy.ts';
import type { Admission, AdmissionFailure, AdmissionRequest, Refusal } from './quota.ts';
import { quotaRefusal } from './quota-refusal.ts';
import type { RateLimits } from './rate-limits.ts';

interface Parts {
  state: LedgerState;
  limits: TokenLimits;
  rates: RateLimits;
  checkpoints: Checkpoints;
}

/**
 * Holds the request's upper bound and counts it, or returns the refusal and changes nothing. A limited token's
 * ceiling is stored before this returns.
 */
export function reserve(
  request: AdmissionRequest,
  policy: TokenPolicy,
  { state, limits, rates, checkpoints }: Parts,
  now: number,
): Refusal | null {
  const { free, tokens } = request;
  const isBound = isLimited(policy);
  if (request.reserveNanoUsd === null && isBound && !free)
    return request.isUnknownModel ? unknownModel(request.model) : priceUnset(request.model);
  const overLimit = rates.refusal(limits, state.countedAsOpen(request), tokens, now);
  if (overLimit !== null) return overLimit;
  const upperBound = request.reserveNanoUsd ?? 0;
  if (!free && upperBound > state.room(policy, now)) return quotaRefusal(policy, state, upperBound, now);
  rates.count(tokens, now);
  state.hold(request, upperBound, now);
  if (isBound) checkpoints.raiseCeiling(policy, upperBound, now);
  checkpoints.soon();
  return null;
}

/** One decision for each of several requests, in their order. Null as in `TokenLedger.admit`. */
export type Decisions = (Admission | AdmissionFailure | null)[];

/**
 * Decides each request by `decide`. A decision that fails fails alone. The answer waits only for requests that the account's budget must
 * make room for.
 */
export function decideAll(
  requests: readonly AdmissionRequest[],
  decide: (request: AdmissionRequest) => Admission | null | Promise<Admission | null>,
): Decisions | Promise<Decisions> {
  const decisions = requests.map((request) => {
    try {
      const decision = decide(request);
      return decision instanceof Promise ? decision.catch(failureOf) : decision;
    } catch (error) {
      return failureOf(error);
    }
  });
  const areMade = decisions.every((decision) => !(decision instanceof Promise));
  return areMade ? (decisions as Decisions) : Promise.all(decisions);
}

function failureOf(error: unknown): AdmissionFailure {
  return { outcome: 'failed', overloaded: isOverloaded(error) };
}
