// What the doors of realtime sessions have in common: whether the token may open one, and the session's own object, which
// answers the upgrade. What happens on the socket is realtime/'s.
import { RelayError } from '../../lib/relay-error.ts';
import type { AdmissionAsk, Refusal } from '../../quota/quota.ts';
import type { EphemeralSecrets } from '../../realtime/ephemeral.ts';
import { questionOf, requestWith, type SessionOrder } from '../../realtime/order.ts';
import {
  modelsToAllow,
  pricingAt,
  type SessionWishes,
  sessionRoutes,
  usualTranscriptionModel,
  wishesOf,
} from '../../realtime/routes.ts';
import { errorOf } from '../../relay/admission-request.ts';
import type { RelayServices } from '../../relay/call.ts';
import { identityOf } from '../../tokens/resolve.ts';
import type { DoorContext, DoorEnv } from '../relay-route.ts';
import { asksForSocket } from '../upgrade.ts';
import { logRefusal } from './refusal.ts';

/** What these doors need besides. */
export interface RealtimeDoorServices extends RelayServices {
  ephemeral: EphemeralSecrets;
}

export type RealtimeServicesOf = (env: DoorEnv['Bindings']) => RealtimeDoorServices;

type Background = (work: Promise<unknown>) => void;

/** 101 and the client's socket, or the upstream's own refusal. Throws RelayError. */
export async function openSession(
  order: SessionOrder,
  { env, executionCtx }: DoorContext,
  services: RealtimeDoorServices,
): Promise<Response> {
  const background: Background = (work) => executionCtx.waitUntil(work);
  await admit(order, services, background);
  try {
    const stub = env.REALTIME.get(env.REALTIME.newUniqueId());
    const response = await stub.fetch(requestWith(order));
    return new Response(response.body, response);
  } catch (cause) {
    background(services.ledgers.release(order.identity.tokenId, [order.requestId]));
    throw new RelayError('service_unavailable', 'The session could not be opened. Try again.', { cause });
  }
}

/** Throws RelayError `invalid_request`: the request is none for a socket. */
export function expectUpgrade(request: Request): void {
  if (!asksForSocket(request))
    throw new RelayError('invalid_request', 'This endpoint is a WebSocket: send `Upgrade: websocket`.');
}

/** How often an admission is asked for again because the token was edited meanwhile. */
const admissionTries = 3;

/** The session counts for concurrency, and holds next to nothing: each of its turns is reserved by itself. */
async function admit(
  order: SessionOrder,
  services: RealtimeDoorServices,
  background: Background,
): Promise<void> {
  for (let tries = 0; tries < admissionTries; tries++) {
    const plan = await logRefusal(order, services, order.endpoint, () =>
      planFor(order, services, background),
    );
    const admission = await services.ledgers.admit(order.identity.tokenId, askFor(order, plan), background);
    if (admission.outcome === 'admitted') return;
    if (admission.outcome === 'refused') throw errorOf(admission as Refusal, order.format);
    order.identity = identityOf(admission.policy, order.identity.hash);
  }
  throw new RelayError('service_unavailable', 'This API key is being edited. Try again.', {
    retryAfterMs: 1_000,
  });
}

interface SessionPlan {
  isPriced: boolean;
  /** Each must be allowed; null: just the one that is named, if any is. */
  models: readonly string[] | null;
}

/** Throws RelayError `model_not_found`. A session that has named no model yet is asked about when it does. */
async function planFor(
  order: SessionOrder,
  services: RealtimeDoorServices,
  background: Background,
): Promise<SessionPlan> {
  const { model, intent, format, identity } = order;
  const named = model ?? (intent === 'transcription' ? usualTranscriptionModel : null);
  if (named === null) return { isPriced: true, models: null };
  const now = Date.now();
  const catalog = await services.catalog.current(now, background);
  const wishes = wishesOf(named, order.fallback, catalog);
  const routes = sessionRoutes(catalog, wishes, format, identity);
  const isPriced = routes.every((route) => pricingAt(route, wishes, catalog, identity, now).rates !== null);
  return { isPriced, models: model === null ? null : modelsToAllow(wishes) };
}

function askFor(order: SessionOrder, { isPriced, models }: SessionPlan): AdmissionAsk {
  const { requestId, identity, model, format, endpoint } = order;
  return {
    ...questionOf(order, model, models),
    requestId,
    policyVersion: identity.version,
    groupVersion: identity.bounds.version,
    nowMs: Date.now(),
    reserveNanoUsd: isPriced ? 1 : null,
    inputNanoUsd: 0,
    tokens: 0,
    format,
    endpoint,
    stream: true,
    free: false,
  };
}

/** The models that a request about a session can come to, if any serves it. Throws RelayError `model_not_found`. */
export async function servedWishes(
  order: SessionOrder,
  named: string,
  { catalog: loader }: RealtimeDoorServices,
  background: Background,
): Promise<SessionWishes> {
  const catalog = await loader.current(Date.now(), background);
  const wishes = wishesOf(named, order.fallback, catalog);
  sessionRoutes(catalog, wishes, order.format, order.identity);
  return wishes;
}
