// The route of Gemini's Live API. The model comes later, in the client's first message.
import { Hono } from 'hono';
import { orLogRefusal } from '../../admission/admit.ts';
import { headersForOrder, type SessionOrder } from '../../realtime/order.ts';
import { fallbackNames } from '../../routing/requested-names.ts';
import type { TokenIdentity } from '../../tokens/token.ts';
import { authenticate, type RouteContext, type RouteEnv, withErrorHandling } from '../relay-route.ts';
import {
  expectUpgrade,
  openSession,
  type RealtimeRouteServices,
  type RealtimeServicesOf,
} from './open-session.ts';

/**
 * The version is the SDK's own: @google/genai 3 asks for v1. `…Constrained` is where Google's SDKs go with a short-lived
 * token; the upstream is asked without it, for a channel has a key.
 * https://ai.google.dev/api/live, https://ai.google.dev/gemini-api/docs/ephemeral-tokens (2026-11)
 */
const path =
  '/ws/:method{google\\.ai\\.generativelanguage\\.v1(?:alpha|beta)?\\.GenerativeService\\.BidiGenerateContent(?:Constrained)?}';

/** Returns the routes of the Live API. */
export function liveRoutes(servicesOf: RealtimeServicesOf): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  routes.get(path, (context) => openLive(context, context.req.param('method'), servicesOf(context.env)));
  return routes;
}

function openLive(context: RouteContext, method: string, services: RealtimeRouteServices): Promise<Response> {
  return withErrorHandling('gemini', context.req.raw, async (requestId) => {
    const request = context.req.raw;
    const { identity, ip } = await authenticate(request, 'live', services);
    const requester = {
      requestId,
      identity,
      ip,
      format: 'gemini',
      endpoint: `/ws/${method.replace(/Constrained$/, '')}`,
      startedAtMs: Date.now(),
    } as const;
    const run = async (newest: TokenIdentity): Promise<SessionOrder> => {
      expectUpgrade(request);
      const fallback = fallbackNames(request.headers);
      const headers = headersForOrder(request.headers);
      const session = { model: null, fallback, intent: 'conversation', bound: null } as const;
      return { ...requester, ...session, identity: newest, headers, protocol: null };
    };
    const requested = () => ({ model: null, models: null, stream: true });
    const order = await orLogRefusal({ requester, run, requested }, services.ledgers);
    return openSession(order, context, services);
  });
}
