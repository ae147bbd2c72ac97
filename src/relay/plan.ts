// What will be done with a request, before anything is spent: the model, who can serve it, what it may cost.
// No I/O but the look-up of upstream ids that the request names.
import type { Endpoint, Operation } from '../formats/format.ts';
import { isObject } from '../formats/json-reader.ts';
import type { WireKind } from '../formats/meter.ts';
import type { JsonObject } from '../formats/observation.ts';
import { referencedIds } from '../formats/references.ts';
import { type RequestFacts, readRequestFacts } from '../formats/request.ts';
import { isMisdirected } from '../formats/translations.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type Bound, upperBound } from '../metering/bound.ts';
import { overrideRates, type Rates, tableRates } from '../metering/price.ts';
import { dearestOfAsked } from '../metering/service-tier.ts';
import type { Catalog, Route } from '../routing/catalog.ts';
import type { UpstreamIdOwner, UpstreamIdStore } from '../routing/upstream-id-store.ts';
import type { Call, RelayServices } from './call.ts';
import type { KeptResponse } from './conversations.ts';
import { keptResponse, withEarlierTurns } from './earlier-turns.ts';
import type { CallerBody } from './read-body.ts';
import { storedRoute, type WishedRoute, wishedRoutes } from './wished-routes.ts';
import { type Wishes, wishesOf } from './wishes.ts';

/** A route with its price there; null rates: it has none. */
export interface PricedRoute extends WishedRoute {
  rates: Rates | null;
}

export interface Plan {
  facts: RequestFacts;
  /** As the caller names it, an alias too; null for stored responses. */
  model: string | null;
  /** The models that it may come to, where those are others: each must be allowed. */
  models: readonly string[] | null;
  body: CallerBody;
  routes: PricedRoute[];
  /** Of the dearest route; null when one has no price. */
  bound: Bound | null;
  /** Price multiplier of the token's group. */
  multiplier: number;
  /** No channel can count the tokens: the relay's own estimate is the answer. */
  isUncounted: boolean;
  /** The response that the path names, where the relay keeps it itself. */
  kept: KeptResponse | null;
  /** A translated response is kept by the relay, to be named by later requests. */
  keeps: boolean;
  /** What another model costs that ran at the same channel on the answer's behalf; null: it has no price. */
  ratesOf: (route: Route, model: string) => Rates | null;
}

/** Throws RelayError: what is wrong with the request, the model that nobody serves, ids of another account. */
export async function planRequest(
  call: Call,
  given: CallerBody,
  catalog: Catalog,
  services: RelayServices,
  nowMs: number,
): Promise<Plan> {
  const facts = readFacts(call, given);
  const kept = await keptResponse(call, services);
  if (kept !== null) return planOfKept(facts, kept);
  const body = await withEarlierTurns(call, given, services, catalog);
  const owner = await ownerOf(call, body, services.upstreamIds);
  const wishes = wishesOf(call, facts.model ?? owner?.model ?? null, catalog);
  const routes =
    call.suffix === '' ? wishedRoutes(call, wishes, catalog, owner) : storedRoute(catalog, owner);
  const multiplier = call.identity.bounds.priceMultiplierMillionths / 1_000_000;
  const ofAlias = wishes.alias === null ? null : catalog.overrideOfAlias(wishes.alias);
  const priced = routes.map((route) => ({
    ...route,
    rates: ofAlias === null ? ratesOf(route, route.model, catalog, nowMs) : overrideRates(ofAlias),
  }));
  return {
    facts,
    model: wishes.named,
    models: modelsToAllow(wishes),
    body,
    routes: priced,
    bound: dearestBound(call, body, facts, priced, multiplier),
    multiplier,
    isUncounted: routes.length === 0,
    kept: null,
    keeps: call.endpoint.operation === 'responses' && services.conversations.isOn && facts.store !== false,
    ratesOf: (route, other) => ratesOf({ ...route, upstreamModel: other }, other, catalog, nowMs),
  };
}

/** Nothing is sent anywhere for it. */
function planOfKept(facts: RequestFacts, kept: KeptResponse): Plan {
  const nothing = { routes: [], bound: null, multiplier: 1, isUncounted: false, keeps: false };
  return { facts, model: null, models: null, body: { type: 'none' }, ...nothing, kept, ratesOf: () => null };
}

/** null: just the one that is named. */
function modelsToAllow({ alias, models }: Wishes): string[] | null {
  return alias === null && models.length <= 1 ? null : models.map(({ model }) => model);
}

/** What the provider takes when the body names no model. */
const defaultModels: Partial<Record<Operation, string>> = {
  moderations: 'omni-moderation-latest',
  'image-generations': 'dall-e-2',
  'image-edits': 'dall-e-2',
  'image-variations': 'dall-e-2',
};

const noFacts: RequestFacts = {
  ok: true,
  model: null,
  stream: false,
  includeUsage: undefined,
  background: false,
  store: undefined,
};

function readFacts({ endpoint, pathModel }: Call, body: CallerBody): RequestFacts {
  if (body.type === 'none') return noFacts;
  const counting = endpoint.free && endpoint.kind !== 'moderations';
  const facts = readRequestFacts(kindOf(endpoint, body), bodyValue(body), { counting });
  if (!facts.ok)
    throw new RelayError(
      'invalid_request',
      facts.message,
      facts.param === null ? {} : { param: facts.param },
    );
  return {
    ...facts,
    stream: facts.stream || endpoint.operation === 'stream-generate-content',
    model: pathModel ?? facts.model ?? defaultModels[endpoint.operation] ?? null,
  };
}

/** A Responses body at chat completions is read as what it is. */
function kindOf({ kind, operation }: Endpoint, body: CallerBody): WireKind {
  const isOther = operation === 'chat-completions' && isMisdirected(bodyValue(body) as JsonObject);
  return isOther ? 'responses' : kind;
}

function bodyValue(body: CallerBody): unknown {
  switch (body.type) {
    case 'json':
      return body.value;
    case 'form':
      return Object.fromEntries(body.fields.map(({ name, value }) => [name, value]));
    case 'none':
      return {};
  }
}

/** Ids of upstream things work only for the account that made them; for any other they are not there. */
async function ownerOf(
  call: Call,
  body: CallerBody,
  upstreamIds: UpstreamIdStore,
): Promise<UpstreamIdOwner | null> {
  const pathId = call.suffix.split('/')[1];
  const named = body.type === 'json' ? referencedIds(call.endpoint.kind, body.value) : [];
  const ids = pathId === undefined ? named : [pathId, ...named];
  if (ids.length === 0) return null;
  const owners = await upstreamIds.owners(ids);
  const strange = ids.find((id) => owners.get(id)?.accountId !== call.identity.accountId);
  if (strange !== undefined) {
    throw new RelayError(
      'resource_not_found',
      `\`${strange}\` was not found. It may belong to another account.`,
    );
  }
  return owners.get(ids[0] ?? '') ?? null;
}

function ratesOf(
  { channel, upstreamModel }: Route,
  model: string | null,
  catalog: Catalog,
  nowMs: number,
): Rates | null {
  const override = model === null ? null : catalog.override(model);
  if (override !== null) return overrideRates(override);
  return tableRates(channel.provider, upstreamModel, channel.baseUrl ?? undefined, new Date(nowMs));
}

function dearestBound(
  { endpoint }: Call,
  body: CallerBody,
  facts: RequestFacts,
  routes: PricedRoute[],
  multiplier: number,
): Bound | null {
  const bytes =
    body.type === 'json' ? body.bytes.byteLength : body.type === 'form' ? (body.contentLength ?? 0) : 0;
  const value = bodyValue(body);
  const bounds = routes.map(({ rates, channel, upstreamModel }) => {
    if (rates === null) return null;
    const dearest = isObject(value) ? dearestOfAsked(rates, channel.provider, upstreamModel, value) : rates;
    return upperBound(endpoint.kind, value, bytes, dearest, { streamed: facts.stream, multiplier });
  });
  return bounds.reduce<Bound | null>(
    (dearest, bound) =>
      dearest === null || bound === null || bound.reserveNanoUsd > dearest.reserveNanoUsd ? bound : dearest,
    bounds[0] ?? null,
  );
}
