// An admitted request's tries at upstreams, until one answers: at most three places a model, never the same twice, never after
// the caller was sent a byte, never what may have been done already and must not be done twice, and none at all while the
// `retry-after` of every upstream holds.
import { RelayError } from '../../lib/relay-error.ts';
import { everyTargetCooling } from '../../routing/every-target-cooling.ts';
import { placeName } from '../../routing/health.ts';
import { type Choice, selectPlace, tryName } from '../../routing/select.ts';
import type { Admitted } from '../admitted.ts';
import { relayLimits } from '../limits.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import { affinitySeed } from './affinity.ts';
import { type Attempted, attempt } from './attempt.ts';
import { mayBeRepeated } from './repeat.ts';
import type { Sent } from './sent.ts';

type Failed = Extract<Attempted, { outcome: 'failed' }>;

/**
 * The first answer, or the last failure: an upstream's refusal as a response, or a thrown RelayError where there was no
 * answer at all. Every attempt is on the ticket, and what it says of the place in its health.
 */
export async function send(request: Admitted, leave: AbortSignal): Promise<Sent> {
  const tries = new Tries();
  let last: Failed | null = null;
  for (let place = nextPlace(request, tries); place !== null; ) {
    leave.throwIfAborted();
    tries.add(place);
    const isLast = nextPlace(request, tries) === null;
    const attempted = await tryPlace(request, place, leave, isLast);
    if (attempted.outcome === 'answered') return attempted.sent;
    last = attempted;
    tries.judge(place, attempted);
    place = mayBeRepeated(request, attempted.failure) ? nextPlace(request, tries) : null;
    if (place !== null) attempted.sent?.abort.abort();
  }
  if (last === null) throw noPlace(request);
  if (last.sent !== null && last.error === null) return last.sent;
  last.sent?.abort.abort();
  throw last.error;
}

/** Why the request goes nowhere. */
function noPlace({ plan, services }: Admitted): RelayError {
  const cooling = everyTargetCooling(plan.routes, services.health.current, Date.now());
  return cooling ?? new RelayError('model_not_found', 'No channel serves this model at the moment.');
}

/** Where a request has been: no place twice for the same model, and so many places for each of its models. */
class Tries {
  readonly places = new Set<string>();
  private readonly perModel = new Map<number, number>();

  add(place: Choice<PricedRoute>): void {
    this.places.add(tryName(place));
    const rank = place.route.rank ?? 0;
    this.perModel.set(rank, (this.perModel.get(rank) ?? 0) + 1);
  }

  /** A place that does not answer, or refuses its key, will not do for the next model either. */
  judge(place: Choice<PricedRoute>, { failure, sent }: Failed): void {
    if (sent === null || failure.kind === 'refused') this.places.add(placeName(place));
  }

  /** Whether the route's model may be tried once more. */
  leaves({ rank = 0 }: PricedRoute): boolean {
    return (this.perModel.get(rank) ?? 0) < relayLimits.attempts;
  }
}

function nextPlace({ call, plan, services }: Admitted, tries: Tries): Choice<PricedRoute> | null {
  const seed = () => affinitySeed(call, plan);
  const routes = plan.routes.filter((route) => tries.leaves(route));
  const selection = { tried: tries.places, seed, nowMs: Date.now() };
  return selectPlace(routes, services.health.current, selection);
}

async function tryPlace(
  request: Admitted,
  place: Choice<PricedRoute>,
  leave: AbortSignal,
  isLast: boolean,
): Promise<Attempted> {
  const { call, ticket, services } = request;
  const startedAtMs = Date.now();
  ticket.route = place.route;
  ticket.sentAtMs = startedAtMs;
  services.health.begin(place, startedAtMs);
  try {
    const attempted = await attempt(request, place, leave, isLast);
    const failure = attempted.outcome === 'answered' ? null : attempted.failure;
    if (failure === null || failure.kind === 'unsuited') {
      const headMs = attempted.outcome === 'answered' ? attempted.headMs : Date.now() - startedAtMs;
      services.health.succeeded(place, startedAtMs, headMs, call.background);
    } else {
      services.health.failed(place, { ...failure, kind: failure.kind }, startedAtMs, call.background);
    }
    return attempted;
  } catch (error) {
    services.health.current.release(place);
    throw error;
  }
}
