// Opens a realtime session: admits it, and hands the upgrade to the session's own Durable Object.
import { RelayError } from '../../lib/relay-error.ts';
import type { EphemeralSecrets } from '../../realtime/ephemeral.ts';
import { requestWith, type SessionOrder } from '../../realtime/order.ts';
import { admitSession } from '../../realtime/session-admission.ts';
import type { RelayServices } from '../../relay/call.ts';
import type { RouteContext, RouteEnv } from '../relay-route.ts';
import { isSocketRequest } from '../upgrade.ts';

/** What these routes need beyond the relay's services. */
export interface RealtimeRouteServices extends RelayServices {
  ephemeral: EphemeralSecrets;
}

export type RealtimeServicesOf = (env: RouteEnv['Bindings']) => RealtimeRouteServices;

/** Returns 101 and the client's socket, or the upstream's own refusal. Throws RelayError. */
export async function openSession(
  requested: SessionOrder,
  { env, executionCtx }: RouteContext,
  services: RealtimeRouteServices,
): Promise<Response> {
  const background = (work: Promise<unknown>) => executionCtx.waitUntil(work);
  const order = await admitSession(requested, services, background);
  try {
    const stub = env.REALTIME.get(env.REALTIME.newUniqueId());
    const response = await stub.fetch(requestWith(order));
    return new Response(response.body, response);
  } catch (cause) {
    background(services.ledgers.release(order.identity.tokenId, [order.requestId]));
    throw new RelayError('service_unavailable', 'The session could not be opened. Try again.', { cause });
  }
}

/** Throws RelayError `invalid_request` if the request does not ask for a WebSocket. */
export function expectUpgrade(request: Request): void {
  if (!isSocketRequest(request))
    throw new RelayError('invalid_request', 'This endpoint is a WebSocket: send `Upgrade: websocket`.');
}
