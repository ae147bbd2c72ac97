// What an upstream said about a failed attempt, as the log keeps it.
import { errorMessage } from '../../metering/error-message.ts';
import type { ChannelKey } from '../../routing/key-ring.ts';
import { secretsOfTarget } from '../../routing/target-secrets.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import { requestTextOf } from '../request/read-body.ts';

/** Returns an upstream's text without the target's secrets, addresses, and what the request says; or null if nothing is left. */
export function attemptMessage(
  { plan }: Pick<AdmittedRequest, 'plan'>,
  route: PricedRoute,
  key: ChannelKey | null,
  text: string,
): string | null {
  return errorMessage(text, {
    secrets: secretsOfTarget(route.channel, key),
    request: requestTextOf(plan.body),
    models: [plan.model, route.model, route.upstreamModel],
  });
}
