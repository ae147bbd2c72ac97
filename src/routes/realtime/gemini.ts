// The door of Gemini's Live API: who calls. The model comes later, in the client's first message.
import { Hono } from 'hono';
import { headersForOrder, type SessionOrder } from '../../realtime/order.ts';
import { fallbackNames } from '../../routing/wished-models.ts';
import { atDoor, authenticate, type DoorContext, type DoorEnv } from '../relay-route.ts';
import {
  expectUpgrade,
  openSession,
  type RealtimeDoorServices,
  type RealtimeServicesOf,
} from './open-session.ts';
import { logRefusal } from './refusal.ts';

/**
 * The version is the SDK's own: @google/genai 3 asks for v1. `…Constrained` is where Google's SDKs go with a short-lived
 * token; the upstream is asked without it, for a channel has a key.
 * https://ai.google.dev/api/live, https://ai.google.dev/gemini-api/docs/ephemeral-tokens (2026-11)
 */
const path =
  '/ws/:method{google\\.ai\\.generativelanguage\\.v1(?:alpha|beta)?\\.GenerativeService\\.BidiGenerateContent(?:Constrained)?}';

/** The routes of the Live API. */
export function geminiLiveDoor(servicesOf: RealtimeServicesOf): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  door.get(path, (context) => openLive(context, context.req.param('method'), servicesOf(context.env)));
  return door;
}

function openLive(context: DoorContext, method: string, services: RealtimeDoorServices): Promise<Response> {
  return atDoor('gemini', async (requestId) => {
    const request = context.req.raw;
    const { identity, ip } = await authenticate(request, 'live', services);
    const order: SessionOrder = {
      requestId,
      format: 'gemini',
      endpoint: `/ws/${method.replace(/Constrained$/, '')}`,
      identity,
      ip,
      model: null,
      fallback: [],
      intent: 'conversation',
      bound: null,
      headers: headersForOrder(request.headers),
      protocol: null,
      startedAtMs: Date.now(),
    };
    await logRefusal(order, services, order.endpoint, async () => {
      expectUpgrade(request);
      order.fallback = fallbackNames(request.headers);
    });
    return openSession(order, context, services);
  });
}
