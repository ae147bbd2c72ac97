// The renewal of a running request's lease: its reservation is renewed and raised, or the request is refused.
import type { TokenPolicy } from '../tokens/token.ts';
import type { AccountAllocation } from './account-allocation.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { LedgerState } from './ledger-state.ts';
import { isLimited, refusalByPolicy } from './policy.ts';
import type { LeaseRenewal, RenewalAnswer } from './quota.ts';
import { quotaRefusal } from './quota-refusal.ts';
import type { RateLimits } from './rate-limits.ts';

interface Parts {
  state: LedgerState;
  allocation: AccountAllocation;
  checkpoints: Checkpoints;
  rates: RateLimits;
}

/** Returns the new reservation or a refusal. Without a policy, the request continues unchanged. */
export function renewLease(
  renewal: LeaseRenewal,
  policy: TokenPolicy | null,
  { state, allocation, checkpoints, rates }: Parts,
  now: number,
): RenewalAnswer {
  if (policy === null) return { outcome: 'go-on', reservedNanoUsd: renewal.reservedNanoUsd };
  const refusal = refusalByPolicy(policy, renewal, now);
  if (refusal !== null) return refusal;
  if (!state.holds.has(renewal.requestId)) state.adopt(renewal, now);
  const held = state.holds.get(renewal.requestId)?.reservedNanoUsd;
  if (held === undefined) return { outcome: 'go-on', reservedNanoUsd: renewal.reservedNanoUsd };
  const more = Math.max(0, renewal.wantNanoUsd - held);
  const room = Math.min(state.room(policy, now), allocation.roomFor(policy, now));
  const granted = Math.min(more, Math.max(0, room));
  // A request gets what is left, and ends only when it has used that up.
  if (more > 0 && granted === 0 && renewal.runningNanoUsd >= held)
    return quotaRefusal(policy, state, more, now);
  const reserved = held + granted;
  const wasRestored = state.holds.get(renewal.requestId)?.restored === true;
  state.hold(renewal, reserved, now);
  rates.countProduced(state.holds.get(renewal.requestId), renewal.runningTokens ?? 0, now);
  if (wasRestored) checkpoints.write();
  if (isLimited(policy)) checkpoints.raiseCeiling(policy, granted, now);
  checkpoints.soon();
  return { outcome: 'go-on', reservedNanoUsd: reserved };
}
