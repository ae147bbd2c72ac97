// Reads, plans and admits a request. Its ledger decides first, whatever else is wrong with it.
import {
  admissionRequest,
  ledgerSubject,
  nothingHeld,
  type Requested,
  type Requester,
} from '../admission/admission-request.ts';
import { admit, LoggedRefusal, orLogRefusal } from '../admission/admit.ts';
import { refusalError } from '../admission/refusal-error.ts';
import type { LeaseSubject } from '../admission/reservation.ts';
import { isModelName } from '../formats/request-checks.ts';
import type { DeadlineTimer } from '../lib/deadline-timer.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { AdmissionRequest } from '../quota/quota.ts';
import { type Catalog, namesModel } from '../routing/catalog.ts';
import { identityOf } from '../tokens/resolve.ts';
import type { TokenIdentity, TokenPolicy } from '../tokens/token.ts';
import { type AdmittedRequest, admittedRequest } from './admitted-request.ts';
import type { Call, RelayServices } from './call.ts';
import { type Plan, planRequest } from './plan/plan.ts';
import { attributionOf } from './request/attribution.ts';
import { drain } from './request/drain.ts';
import { type CallerBody, readBody, requestTextOf } from './request/read-body.ts';

/** Returns who sends a call, as its ledger and the log know it. */
export function requester({ requestId, identity, ip, endpoint, startedAtMs }: Call): Requester {
  return { requestId, identity, ip, format: endpoint.format.api, endpoint: endpoint.path, startedAtMs };
}

/** Returns what a planned request asks for. */
export function requested({ model, models, facts }: Plan): Requested {
  return { model, models, stream: facts.stream };
}

/** Returns what a renewal of its lease says about a planned request. */
export function leaseSubject(call: Call, plan: Plan): LeaseSubject {
  const { startedAtMs } = call;
  return {
    ...ledgerSubject(requester(call), requested(plan)),
    inputNanoUsd: plan.isFree ? 0 : (plan.bound?.inputNanoUsd ?? 0),
    startedAtMs,
  };
}

/**
 * Reads the body, unless the token alone decides against the request: a large body is not read to its end then, and a slow one is not
 * awaited. Throws RelayError: that refusal, or as readBody does. Either is logged.
 */
export function readBodyUnlessRefused(
  call: Call,
  services: RelayServices,
  clock: DeadlineTimer,
): Promise<CallerBody> {
  const check = () => throwIfRefused(call, services);
  const step = {
    requester: requester(call),
    run: () => readBody(call, services.uploadMemory, check),
    requested: () => requestedBefore(call, null, services),
    attribution: () => attributionOf(call, { type: 'none' }),
    runsOnce: true,
  };
  return new Promise((resolve, reject) => {
    const callOff = clock.after(0, () => check().catch(reject));
    orLogRefusal(step, services.ledgers).then(resolve, reject).finally(callOff);
  });
}

async function throwIfRefused(call: Call, { ledgers }: RelayServices): Promise<void> {
  const { free, format } = call.endpoint;
  const nothing = { model: null, models: null, stream: false };
  const request = admissionRequest(requester(call), nothing, { ...nothingHeld, free });
  const refusal = await ledgers.refuseEarly(call.identity.tokenId, request);
  if (refusal === null) return;
  const { code, message, details } = refusalError(refusal, format.api);
  throw new LoggedRefusal(code, message, details);
}

/** A request with its plan, and the identity by which it was planned. */
interface Planned {
  call: Call;
  plan: Plan;
  identity: TokenIdentity;
}

function withIdentity(call: Call, identity: TokenIdentity): Call {
  return identity === call.identity ? call : { ...call, identity };
}

/** Plans and admits a request. Throws RelayError: a refusal, which is logged. */
export async function planAndAdmit(
  call: Call,
  body: CallerBody,
  services: RelayServices,
  clock: DeadlineTimer,
): Promise<AdmittedRequest> {
  const renew = (policy: TokenPolicy) => renewIdentity(call, services, policy);
  const plan = (identity: TokenIdentity) =>
    orLogRefusal(
      {
        requester: requester(withIdentity(call, identity)),
        run: (newest) => makePlan(withIdentity(call, newest), body, services),
        requested: () => requestedBefore(call, body, services),
        request: () => requestTextOf(body),
        attribution: () => attributionOf(withIdentity(call, identity), body),
        renew,
      },
      services.ledgers,
    );
  const { identity, endpoint, background, request } = call;
  const applicant = { identity, plan, requestFor, format: endpoint.format.api, renew };
  try {
    const caller = { background, clock, signal: request.signal };
    const { planned, left } = await admit(applicant, { ledgers: services.ledgers, caller });
    if (request.signal.aborted) throw releaseOfLeft(call, services);
    return admittedRequest(planned.call, planned.plan, { limitsLeft: left, services, clock });
  } catch (error) {
    if (body.type === 'form') giveUpForm(call, body);
    throw error;
  }
}

/** The caller left before anything was sent: nothing is charged. Returns the error that ends the request. */
function releaseOfLeft({ identity, requestId, background }: Call, { ledgers }: RelayServices): RelayError {
  background(ledgers.release(identity.tokenId, [requestId]).catch(() => undefined));
  return new RelayError('service_unavailable', 'The client has left.');
}

async function makePlan(call: Call, body: CallerBody, services: RelayServices): Promise<Planned> {
  const catalog = await services.catalog.current(call.startedAtMs, call.background);
  const newest = withNewestBounds(call, catalog);
  const plan = await planRequest(newest, body, catalog, services, call.startedAtMs);
  return { call: newest, plan, identity: newest.identity };
}

function requestFor({ call, plan }: Planned): AdmissionRequest {
  const { isFree: free, bound, freshTokens } = plan;
  return admissionRequest(requester(call), requested(plan), {
    reserveNanoUsd: free ? 0 : (bound?.reserveNanoUsd ?? null),
    inputNanoUsd: free ? 0 : (bound?.inputNanoUsd ?? 0),
    tokens: free ? 0 : freshTokens,
    free,
    ...(bound === null && isUnknown(plan) && { isUnknownModel: true }),
  });
}

/** Whether every route is a wildcard's, for the requested name itself, and has no price. */
function isUnknown({ model, models, routes }: Plan): boolean {
  if (model === null || models !== null || routes.length === 0) return false;
  return routes.every(({ channel, rates }) => rates === null && !namesModel(channel, model));
}

/** The snapshot of the catalog may have a newer version of the group than the token's copy. */
function withNewestBounds(call: Call, catalog: Catalog): Call {
  const group = catalog.group(call.identity.group);
  if (group === null || group.version <= call.identity.bounds.version) return call;
  return { ...call, identity: { ...call.identity, bounds: group } };
}

/** The token was edited since this isolate read it: remembers the policy that the ledger showed. */
function renewIdentity(call: Call, services: RelayServices, policy: TokenPolicy): TokenIdentity {
  const { hash } = call.identity;
  call.background(services.tokenCache.put(identityOf(policy, hash)));
  return services.resolver.renew(call.secret, policy, hash, call.startedAtMs);
}

/** Returns what is known to be requested before there is a plan. */
async function requestedBefore(
  call: Call,
  body: CallerBody | null,
  { catalog }: RelayServices,
): Promise<Requested> {
  const model = modelNamed(call, body);
  if (model === null) return { model, models: null, stream: false };
  const snapshot = await Promise.resolve(catalog.current(call.startedAtMs, call.background)).catch(
    () => null,
  );
  return { model, models: snapshot?.alias(model) ?? null, stream: false };
}

/** Returns the model that a request names, or null: an invalid name is not logged. */
function modelNamed({ pathModel }: Call, body: CallerBody | null): string | null {
  const inBody = body?.type === 'json' ? (body.value as { model?: unknown }).model : null;
  const model = pathModel ?? inBody;
  return typeof model === 'string' && isModelName(model) ? model : null;
}

function giveUpForm(call: Call, body: Extract<CallerBody, { type: 'form' }>): void {
  body.release();
  call.background(drain(body.rest));
}
