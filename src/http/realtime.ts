// The door of realtime sessions: who calls, for which model, and whether the token may open one. What happens on the
// socket is realtime/'s.
import { Hono } from 'hono';
import { RelayError } from '../lib/relay-error.ts';
import type { AdmissionAsk, Refusal } from '../quota/quota.ts';
import { type EphemeralSecrets, ephemeralPrefix } from '../realtime/ephemeral.ts';
import { realtimePath, requestWith, type SessionOrder } from '../realtime/order.ts';
import { pricingAt, realtimeRoutes, usualTranscriptionModel } from '../realtime/routes.ts';
import type { RelayServices } from '../relay/call.ts';
import { errorOf } from '../relay/ticket.ts';
import { identityOf } from '../tokens/resolve.ts';
import { isCredential, offeredProtocols } from './credentials.ts';
import { atDoor, authenticated, credentialOf, type DoorContext, type DoorEnv } from './door.ts';
import { logRefusal } from './realtime-refusal.ts';
import { mintSecret, mintSession } from './realtime-secrets.ts';

/** What this door needs besides. */
export interface RealtimeDoorServices extends RelayServices {
  ephemeral: EphemeralSecrets;
}

export type RealtimeServicesOf = (env: DoorEnv['Bindings']) => RealtimeDoorServices;

/** The routes of the Realtime API. */
export function realtimeDoor(servicesOf: RealtimeServicesOf): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  door.get(realtimePath, (context) => openSession(context, servicesOf(context.env)));
  door.post(`${realtimePath}/client_secrets`, (context) => mintSecret(context, servicesOf(context.env)));
  door.post(`${realtimePath}/sessions`, (context) => mintSession(context, servicesOf(context.env)));
  return door;
}

function openSession(context: DoorContext, services: RealtimeDoorServices): Promise<Response> {
  return atDoor('openai', async (requestId) => {
    const request = context.req.raw;
    const order = await orderFor(request, requestId, services);
    const background = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
    await admit(order, services, background);
    try {
      const stub = context.env.REALTIME.get(context.env.REALTIME.newUniqueId());
      const response = await stub.fetch(requestWith(order));
      return new Response(response.body, response);
    } catch (cause) {
      background(services.ledgers.release(order.identity.tokenId, [requestId]));
      throw new RelayError('service_unavailable', 'The session could not be opened. Try again.', { cause });
    }
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
    ip: request.headers.get('cf-connecting-ip'),
    search: searchOf(query),
    headers: headersOf(request.headers),
    protocol: offeredProtocols(request.headers).find((name) => !isCredential(name)) ?? null,
    startedAtMs: Date.now(),
  };
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
    throw new RelayError('invalid_request', 'This endpoint is a WebSocket: send `Upgrade: websocket`.');
  if (query.has('call_id'))
    throw new RelayError('invalid_request', 'Calls (WebRTC, SIP) are not relayed.', { param: 'call_id' });
  return withModel(order, query);
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

function withModel(order: SessionOrder, query: URLSearchParams): SessionOrder {
  const asked = query.get('model') || null;
  if (order.bound !== null) {
    if (asked === null || asked === order.model) return order;
    const message = `This ephemeral key was made for the model \`${order.model}\`, not for \`${asked}\`.`;
    throw new RelayError('model_not_allowed', message);
  }
  const intent = query.get('intent') === 'transcription' ? 'transcription' : 'conversation';
  return { ...order, model: asked, intent };
}

/** Credentials stay here; what the relay says itself is said anew. */
function searchOf(query: URLSearchParams): string {
  const rest = new URLSearchParams(query);
  for (const name of ['token', 'key', 'access_token', 'model', 'intent', 'api-version', 'deployment'])
    rest.delete(name);
  return rest.size === 0 ? '' : `?${rest}`;
}

/** Of the caller's headers, those that mean something upstream. In a browser the beta is asked for by subprotocol. */
function headersOf(from: Headers): Record<string, string> {
  const passing = ['openai-beta', 'openai-safety-identifier', 'user-agent'].flatMap((name) => {
    const value = from.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const isBeta = offeredProtocols(from).includes('openai-beta.realtime-v1');
  return { ...(isBeta && { 'openai-beta': 'realtime=v1' }), ...Object.fromEntries(passing) };
}

/** How often an admission is asked for again because the token was edited meanwhile. */
const admissionTries = 3;

/** The session counts for concurrency, and holds next to nothing: each of its responses is reserved by itself. */
async function admit(
  order: SessionOrder,
  services: RealtimeDoorServices,
  background: (work: Promise<unknown>) => void,
): Promise<void> {
  for (let tries = 0; tries < admissionTries; tries++) {
    const isPriced = await logRefusal(order, services, realtimePath, () =>
      isPricedFor(order, services, background),
    );
    const admission = await services.ledgers.admit(
      order.identity.tokenId,
      askFor(order, isPriced),
      background,
    );
    if (admission.outcome === 'admitted') return;
    if (admission.outcome === 'refused') throw errorOf(admission as Refusal, 'openai');
    order.identity = identityOf(admission.policy, order.identity.hash);
  }
  throw new RelayError('service_unavailable', 'This API key is being edited. Try again.', {
    retryAfterMs: 1_000,
  });
}

/** Throws RelayError `model_not_found`. A session that has named no model yet is asked about when it does. */
async function isPricedFor(
  { model: named, intent, identity }: SessionOrder,
  services: RealtimeDoorServices,
  background: (work: Promise<unknown>) => void,
): Promise<boolean> {
  const model = named ?? (intent === 'transcription' ? usualTranscriptionModel : null);
  if (model === null) return true;
  const now = Date.now();
  const catalog = await services.catalog.current(now, background);
  const routes = realtimeRoutes(catalog, model, identity);
  return routes.every((route) => pricingAt(route, model, catalog, identity, now).rates !== null);
}

function askFor({ requestId, identity, ip, model }: SessionOrder, isPriced: boolean): AdmissionAsk {
  return {
    requestId,
    policyVersion: identity.version,
    groupVersion: identity.bounds.version,
    hash: identity.hash,
    ip,
    model,
    nowMs: Date.now(),
    reserveNanoUsd: isPriced ? 1 : null,
    inputNanoUsd: 0,
    tokens: 0,
    format: 'openai',
    endpoint: realtimePath,
    stream: true,
    free: false,
  };
}
