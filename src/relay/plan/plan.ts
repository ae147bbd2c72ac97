// Plans a request before anything is spent: its model, who can serve it, what it may cost.

import { type OtherModel, readOtherModels } from '../../formats/other-models.ts';
import { isShared, resourceNotFound } from '../../formats/references.ts';
import type { Endpoint } from '../../formats/registry.ts';
import type { RequestFacts } from '../../formats/request-facts.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { matchesAny } from '../../lib/wildcard.ts';
import type { Bound } from '../../metering/bound.ts';
import { overrideRates, type Rates } from '../../metering/price.ts';
import { endDateOf } from '../../models/end-dates.ts';
import { endInForce } from '../../models/model-override.ts';
import type { Catalog, Route } from '../../routing/catalog.ts';
import { ratesOf } from '../../routing/route-rates.ts';
import type { Call, RelayServices } from '../call.ts';
import { type CostOptions, checkCeiling, readCostOptions } from '../request/cost-options.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';
import {
  type CandidateRoute,
  candidateRoutes,
  chatFunctionRoutes,
  type PricedRoute,
  storedRoute,
} from './candidate-routes.ts';
import { storedResponseOfPath, withConversationHistory } from './conversation-history.ts';
import { faultError, formatOf, readFacts } from './request-facts.ts';
import { type RequestedModels, requestedModels } from './requested-models.ts';
import { resourceOwners } from './resource-owners.ts';
import type { StoredResponse } from './stored-responses.ts';
import { freshInputTokens } from './token-estimate.ts';
import { boundsOf } from './upper-bound.ts';

/** The greatest and the probable size of a request, in tokens. */
type RequestSize = Pick<Bound, 'inputTokens' | 'outputTokens' | 'typicalInput'>;

export interface Plan {
  facts: RequestFacts;
  /** As the caller names it, an alias too; null for stored responses. */
  model: string | null;
  /** The models that it may come to, or null if `model` is the only one. Each must be allowed. */
  models: readonly string[] | null;
  body: CallerBody;
  routes: PricedRoute[];
  /** Of the most expensive route. Null when a route has no price. */
  bound: Bound | null;
  /** Its size, which needs no price: limits count it, and estimates start from it. Null if nothing is sent. */
  size: RequestSize | null;
  /** Tokens of its input that the provider has probably not cached: what `tpm` counts at admission. */
  freshTokens: number;
  /** Price multiplier of the token's group. */
  multiplier: number;
  /** What the caller asks about the cost. */
  cost: CostOptions;
  /** Nothing is charged, whatever the answer says. */
  isFree: boolean;
  /** No channel can count the tokens: the relay's own estimate is the answer. */
  isUncounted: boolean;
  /** The response that the path names if the relay stores it, else null. */
  stored: StoredResponse | null;
  /** The relay stores a translated response, so that later requests can name it. */
  storesResponse: boolean;
  /** Returns the rates of another model that ran at the same channel for the answer, or null if it has no price. */
  ratesOf: (route: Route, model: string) => Rates | null;
}

/** Plans a request. Throws RelayError for an invalid request, a model that no channel serves, and ids of another account. */
export async function planRequest(
  call: Call,
  given: CallerBody,
  catalog: Catalog,
  services: RelayServices,
  nowMs: number,
): Promise<Plan> {
  const facts = readFacts(call, given);
  const cost = readCostOptions(call, given);
  const stored = await storedResponseOfPath(call, services);
  if (stored !== null) return planOfStored(facts, cost, stored);
  const body = await withConversationHistory(call, given, services, catalog);
  const owners = await resourceOwners(call, body, services.upstreamIds);
  const owner = owners?.first ?? null;
  const requested = requestedModels(call, facts.model ?? owner?.model ?? null, catalog);
  const candidates =
    call.suffix === '' ? candidateRoutes(call, requested, catalog, owner) : storedRoute(catalog, owner);
  const serving = chatFunctionRoutes(call, body, candidates);
  const others = otherModels(call, body, [
    requested.named,
    ...serving.flatMap(({ model, upstreamModel }) => [model, upstreamModel]),
  ]);
  const routes = withOtherModels(sharing(serving, owners?.unowned ?? []), others);
  const multiplier = call.identity.bounds.priceMultiplierMillionths / 1_000_000;
  const ofAlias = requested.alias === null ? null : catalog.overrideOfAlias(requested.alias);
  const priced = routes.map((route) => ({
    ...route,
    rates: ofAlias === null ? ratesOf(route, route.model, catalog, nowMs) : overrideRates(ofAlias),
    endsOn: endOf(route, catalog),
  }));
  const options = {
    // The whole of a response in the background is reserved at once: no stream renews its lease.
    streamed: facts.stream && !facts.background,
    multiplier,
    historyTokens: owners?.historyTokens ?? null,
  };
  const ratesOfOther = (route: Route, other: string) =>
    ratesOf({ ...route, upstreamModel: other }, other, catalog, nowMs);
  const { bound, size } = boundsOf({ call, body, routes: priced, others, options, ratesOfOther });
  const free = isFree(call.endpoint, priced);
  if (cost.ceilingNanoUsd !== null && !free && routes.length > 0)
    checkCeiling(cost.ceilingNanoUsd, bound?.reserveNanoUsd ?? null, options.streamed);
  return {
    facts,
    cost,
    model: requested.named,
    models: modelsToAllow(requested, others),
    body,
    routes: priced,
    bound,
    size,
    freshTokens: freshInputTokens(bodyValue(body), size?.typicalInput.inputTokens ?? 0),
    multiplier,
    isFree: free,
    isUncounted: routes.length === 0,
    stored: null,
    storesResponse:
      call.endpoint.operation === 'responses' && services.conversations.isOn && facts.store !== false,
    ratesOf: ratesOfOther,
  };
}

/** Returns the announced last day of a route's model, or null. */
function endOf({ channel, model, upstreamModel }: CandidateRoute, catalog: Catalog): string | null {
  const override = model === null ? undefined : catalog.modelOverride(model);
  return endInForce(override, endDateOf(channel.provider, upstreamModel));
}

/** Plans a stored response: nothing is sent to an upstream. */
function planOfStored(facts: RequestFacts, cost: CostOptions, stored: StoredResponse): Plan {
  const nothing = {
    routes: [],
    bound: null,
    size: null,
    freshTokens: 0,
    multiplier: 1,
    isFree: true,
    isUncounted: false,
    storesResponse: false,
  };
  return {
    facts,
    cost,
    model: null,
    models: null,
    body: { type: 'none' },
    ...nothing,
    stored,
    ratesOf: () => null,
  };
}

/** Returns the models that must be allowed, or null if only the named one must be. */
function modelsToAllow({ alias, models }: RequestedModels, others: readonly OtherModel[]): string[] | null {
  if (alias === null && models.length <= 1 && others.length === 0) return null;
  return [...new Set([...models.map(({ model }) => model), ...others.map(({ name }) => name)])];
}

/** Throws RelayError `invalid_request`. */
function otherModels(call: Call, body: CallerBody, own: readonly (string | null)[]): OtherModel[] {
  const read = readOtherModels(formatOf(call, body), bodyValue(body), own);
  if (!read.ok) throw faultError(read);
  return read.models;
}

/** Keeps the routes whose channel shares the resources without an owner. Throws RelayError `resource_not_found` if none does. */
function sharing<T extends Route>(routes: T[], unowned: readonly string[]): T[] {
  const [first] = unowned;
  if (first === undefined || routes.length === 0) return routes;
  const shared = routes.filter(({ channel: { settings } }) =>
    unowned.every((id) => isShared(settings.sharedResources ?? [], id)),
  );
  if (shared.length === 0) throw resourceNotFound(first);
  return shared;
}

/**
 * Keeps the routes whose channel serves every model that may answer instead of the requested one: an upstream's own fallback must
 * not reach what the operator does not serve. A translated request names no other models any more. Throws RelayError
 * `model_not_found`.
 */
function withOtherModels<T extends Route>(routes: T[], others: readonly OtherModel[]): T[] {
  const answering = others.filter(({ role }) => role === 'answers');
  const [first] = answering;
  if (first === undefined || routes.length === 0) return routes;
  const serving = routes.filter(
    ({ channel, translateTo: target }) =>
      target !== null || answering.every(({ name }) => matchesAny(channel.models, name)),
  );
  if (serving.length > 0) return serving;
  const message = `No channel that serves the requested model also serves \`${first.name}\` (\`${first.param}\`).`;
  throw new RelayError('model_not_found', message, { param: first.param });
}

/** Moderation costs nothing at OpenAI, and something at hosts that have a price for it (Mistral's, or an operator's own). */
function isFree({ free, operation }: Endpoint, routes: readonly PricedRoute[]): boolean {
  const isPriced = ({ rates }: PricedRoute) => rates !== null && rates.base.input + rates.perRequest > 0;
  return free && !(operation === 'moderations' && routes.some(isPriced));
}
