// A request that the ledger has admitted: all that the phases after admission share.
import { Reservation, toLedger } from '../admission/reservation.ts';
import type { LimitsLeft } from '../formats/rate-limit-headers.ts';
import type { DeadlineTimer } from '../lib/deadline-timer.ts';
import { Failover } from '../routing/failover.ts';
import type { Call, RelayServices } from './call.ts';
import { relayLimits } from './limits.ts';
import type { PricedRoute } from './plan/candidate-routes.ts';
import type { Plan } from './plan/plan.ts';
import { ClientStream } from './response/client-stream.ts';
import { affinitySeed } from './upstream/affinity.ts';

export interface AdmittedRequest {
  call: Call;
  plan: Plan;
  reservation: Reservation;
  /** What is left of the token's limits, or null if it has none. */
  limitsLeft: LimitsLeft | null;
  services: RelayServices;
  clock: DeadlineTimer;
  /** Tries the plan's routes. */
  failover: Failover<PricedRoute>;
  /** Where a streamed answer is written. */
  stream: ClientStream;
  /** Aborted when the caller has left and its answer is not to be finished, or with the reason for which the request must end. */
  leave: AbortController;
}

/** Begins an admitted request. */
export function admittedRequest(
  call: Call,
  plan: Plan,
  { limitsLeft, services, clock }: Pick<AdmittedRequest, 'limitsLeft' | 'services' | 'clock'>,
): AdmittedRequest {
  const { ledgers, health } = services;
  const { background, endpoint, identity } = call;
  const { tokenId } = identity;
  const format = endpoint.format.api;
  const deliver = toLedger(ledgers, tokenId, background);
  const reservation = new Reservation({ ledgers, tokenId, deliver, format }, plan.bound);
  const failover = new Failover({
    routes: plan.routes,
    health,
    seed: () => affinitySeed(call, plan),
    attemptsPerModel: relayLimits.attempts,
    background,
  });
  const stream = new ClientStream();
  const leave = new AbortController();
  return { call, plan, reservation, limitsLeft, services, clock, failover, stream, leave };
}
