// The door of OpenAI's realtime sessions: who calls, and for which model.
import { Hono } from 'hono';
import { RelayError } from '../../lib/relay-error.ts';
import { ephemeralPrefix } from '../../realtime/ephemeral.ts';
import { headersForOrder, realtimePath, type SessionOrder } from '../../realtime/order.ts';
import { fallbackNames } from '../../routing/wished-models.ts';
import { isCredential, offeredProtocols } from '../credentials.ts';
import { atDoor, authenticated, credentialOf, type DoorContext, type DoorEnv } from '../relay-route.ts';
import { mintSecret, mintSession } from './client-secrets.ts';
import {
  expectUpgrade,
  openSession,
  type RealtimeDoorServices,
  type RealtimeServicesOf,
} from './open-session.ts';
import { logRefusal } from './refusal.ts';

/** The routes of the Realtime API. */
export function realtimeDoor(servicesOf: RealtimeServicesOf): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  door.get(realtimePath, (context) => openRealtime(context, servicesOf(context.env)));
  door.post(`${realtimePath}/client_secrets`, (context) => mintSecret(context, servicesOf(context.env)));
  door.post(`${realtimePath}/sessions`, (context) => mintSession(context, servicesOf(context.env)));
  return door;
}

function openRealtime(context: DoorContext, services: RealtimeDoorServices): Promise<Response> {
  return atDoor('openai', async (requestId) => {
    const order = await orderFor(context.req.raw, requestId, services);
    return openSession(order, context, services);
  });
}

async function orderFor(
  request: Request,
  requestId: string,
  services: RealtimeDoorServices,
): Promise<SessionOrder> {
  const query = new URL(request.url).searchParams;
  const order: SessionOrder = {
    ...(await callerOf(request, services)),
    requestId,
    format: 'openai',
    endpoint: realtimePath,
    fallback: [],
    ip: request.headers.get('cf-connecting-ip'),
    headers: headersOf(request.headers),
    protocol: echoed(offeredProtocols(request.headers)),
    startedAtMs: Date.now(),
  };
  await logRefusal(order, services, realtimePath, async () => {
    expectUpgrade(request);
    if (query.has('call_id'))
      throw new RelayError('invalid_request', 'Calls (WebRTC, SIP) are not relayed.', { param: 'call_id' });
    order.fallback = fallbackNames(request.headers);
    chooseModel(order, query);
  });
  return order;
}

type CallerPart = Pick<SessionOrder, 'identity' | 'model' | 'intent' | 'bound'>;

/** The token's owner, or what an ephemeral secret says. Throws RelayError `invalid_api_key`. */
async function callerOf(request: Request, services: RealtimeDoorServices): Promise<CallerPart> {
  const secret = credentialOf(request, 'realtime');
  if (!secret.startsWith(ephemeralPrefix)) {
    const { identity } = await authenticated(secret, request, services);
    return { identity, model: null, intent: 'conversation', bound: null };
  }
  const opened = await services.ephemeral.open(secret, Date.now());
  switch (opened.outcome) {
    case 'good': {
      const { identity, model, intent, settings } = opened.grant;
      return { identity, model, intent, bound: { settings } };
    }
    case 'expired': {
      const message = `This ephemeral key expired at ${new Date(opened.atMs).toISOString()}. Make a new one.`;
      throw new RelayError('token_expired', message);
    }
    case 'unknown':
      throw new RelayError(
        'invalid_api_key',
        'This ephemeral key was not made by this relay, or was altered.',
      );
  }
}

/** What the URL says; an ephemeral secret has said it already. Throws RelayError `model_not_allowed`: it says otherwise. */
function chooseModel(order: SessionOrder, query: URLSearchParams): void {
  const asked = query.get('model') || null;
  if (order.bound === null) {
    order.model = asked;
    order.intent = query.get('intent') === 'transcription' ? 'transcription' : 'conversation';
    return;
  }
  const [fallback] = order.fallback;
  if (fallback !== undefined) {
    const message = `This ephemeral key was made for the model \`${order.model}\`: \`${fallback}\` is none of it.`;
    throw new RelayError('model_not_allowed', message);
  }
  if (asked === null || asked === order.model) return;
  const message = `This ephemeral key was made for the model \`${order.model}\`, not for \`${asked}\`.`;
  throw new RelayError('model_not_allowed', message);
}

/** The API's own subprotocol where it was offered, as OpenAI echoes it; else another one, never a credential. */
function echoed(offered: readonly string[]): string | null {
  return offered.find((name) => name === 'realtime') ?? offered.find((name) => !isCredential(name)) ?? null;
}

/** In a browser the beta is asked for by subprotocol. */
function headersOf(from: Headers): Record<string, string> {
  const isBeta = offeredProtocols(from).includes('openai-beta.realtime-v1');
  return { ...(isBeta && { 'openai-beta': 'realtime=v1' }), ...headersForOrder(from) };
}
