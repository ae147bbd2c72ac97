// The routes of OpenAI's Realtime API: who calls, and for which model.
import { Hono } from 'hono';
import { orLogRefusal } from '../../admission/admit.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { ephemeralPrefix } from '../../realtime/ephemeral.ts';
import { headersForOrder, realtimePath, type SessionOrder } from '../../realtime/order.ts';
import { requestedBefore } from '../../realtime/session-admission.ts';
import { fallbackNames } from '../../routing/requested-names.ts';
import type { TokenIdentity } from '../../tokens/token.ts';
import { isCredential, offeredProtocols } from '../credentials.ts';
import {
  authenticated,
  credentialOf,
  type RouteContext,
  type RouteEnv,
  withErrorHandling,
} from '../relay-route.ts';
import { answerWithSecret, clientSecrets, sessions } from './client-secrets.ts';
import {
  expectUpgrade,
  openSession,
  type RealtimeRouteServices,
  type RealtimeServicesOf,
} from './open-session.ts';

/** Returns the routes of the Realtime API. */
export function realtimeRoutes(servicesOf: RealtimeServicesOf): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  routes.get(realtimePath, (context) => openRealtime(context, servicesOf(context.env)));
  routes.post(`${realtimePath}/client_secrets`, (context) =>
    answerWithSecret(context, servicesOf(context.env), clientSecrets),
  );
  routes.post(`${realtimePath}/sessions`, (context) =>
    answerWithSecret(context, servicesOf(context.env), sessions),
  );
  return routes;
}

function openRealtime(context: RouteContext, services: RealtimeRouteServices): Promise<Response> {
  return withErrorHandling('openai', context.req.raw, async (requestId) => {
    const order = await orderFor(context.req.raw, requestId, services);
    return openSession(order, context, services);
  });
}

async function orderFor(
  request: Request,
  requestId: string,
  services: RealtimeRouteServices,
): Promise<SessionOrder> {
  const startedAtMs = Date.now();
  const caller = await callerOf(request, services);
  const requester = {
    requestId,
    identity: caller.identity,
    ip: request.headers.get('cf-connecting-ip'),
    format: 'openai',
    endpoint: realtimePath,
    startedAtMs,
  } as const;
  const run = async (identity: TokenIdentity): Promise<SessionOrder> => ({
    ...requester,
    ...caller,
    ...requestedSession(request, caller),
    identity,
    headers: headersOf(request.headers),
    protocol: echoed(offeredProtocols(request.headers)),
  });
  const requested = () => requestedBefore({ model: caller.model, fallback: [] }, services.catalog);
  return orLogRefusal({ requester, run, requested }, services.ledgers);
}

type CallerPart = Pick<SessionOrder, 'identity' | 'model' | 'intent' | 'bound'>;

/** Returns the token's owner, or what an ephemeral secret says. Throws RelayError `invalid_api_key` or `token_expired`. */
async function callerOf(request: Request, services: RealtimeRouteServices): Promise<CallerPart> {
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

type RequestedSession = Pick<SessionOrder, 'model' | 'intent' | 'fallback'>;

/**
 * Reads which session the request is for. Throws RelayError `invalid_request`, or `model_not_allowed` if an ephemeral secret was made for
 * another model.
 */
function requestedSession(request: Request, { model, intent, bound }: CallerPart): RequestedSession {
  expectUpgrade(request);
  const query = new URL(request.url).searchParams;
  if (query.has('call_id'))
    throw new RelayError('invalid_request', 'Calls (WebRTC, SIP) are not relayed.', { param: 'call_id' });
  const fallback = fallbackNames(request.headers);
  const named = query.get('model') || null;
  if (bound === null) {
    const isTranscription = query.get('intent') === 'transcription';
    return { model: named, intent: isTranscription ? 'transcription' : 'conversation', fallback };
  }
  refuseOtherModel(model, fallback[0] ?? null, named);
  return { model, intent, fallback };
}

/** An ephemeral secret is for one model. */
function refuseOtherModel(model: string | null, fallback: string | null, named: string | null): void {
  if (fallback !== null) {
    const message = `This ephemeral key was made for the model \`${model}\`: \`${fallback}\` is not allowed.`;
    throw new RelayError('model_not_allowed', message);
  }
  if (named === null || named === model) return;
  const message = `This ephemeral key was made for the model \`${model}\`, not for \`${named}\`.`;
  throw new RelayError('model_not_allowed', message);
}

/** The API's own subprotocol where it was offered, as OpenAI echoes it; else another one, never a credential. */
function echoed(offered: readonly string[]): string | null {
  return offered.find((name) => name === 'realtime') ?? offered.find((name) => !isCredential(name)) ?? null;
}

/** A browser asks for the beta by subprotocol. */
function headersOf(from: Headers): Record<string, string> {
  const isBeta = offeredProtocols(from).includes('openai-beta.realtime-v1');
  return { ...(isBeta && { 'openai-beta': 'realtime=v1' }), ...headersForOrder(from) };
}
