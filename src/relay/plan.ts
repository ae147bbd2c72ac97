// What will be done with a request, before anything is spent: the model, who can serve it, what it may cost.
// No I/O but the look-up of upstream ids that the request names.
import type { Endpoint, Operation } from '../formats/format.ts';
import { isObject } from '../formats/json-reader.ts';
import type { WireKind } from '../formats/meter.ts';
import type { ReasoningEffort } from '../formats/neutral.ts';
import type { JsonObject } from '../formats/observation.ts';
import { readReasoningSuffix } from '../formats/reasoning.ts';
import { type RequestFacts, readRequestFacts } from '../formats/request.ts';
import { formatOf, isMisdirected, talkOperations } from '../formats/translations.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type Bound, type BoundOptions, outputBounds, upperBound } from '../metering/bound.ts';
import type { Rates } from '../metering/price.ts';
import { dearestOfAsked } from '../metering/service-tier.ts';
import type { Catalog, Route } from '../routing/catalog.ts';
import { ratesOf } from '../routing/route-rates.ts';
import type { UpstreamIdOwner } from '../routing/upstream-id-store.ts';
import type { Call, RelayServices } from './call.ts';
import type { KeptResponse } from './conversations.ts';
import { keptResponse, withEarlierTurns } from './earlier-turns.ts';
import { ownersOf } from './owners.ts';
import { bodyValue, type CallerBody } from './read-body.ts';

/** A route with its price there; null rates: it has none. */
export interface PricedRoute extends Route {
  rates: Rates | null;
}

export interface Plan {
  facts: RequestFacts;
  /** As the caller names it; null for stored responses. */
  model: string | null;
  body: CallerBody;
  routes: PricedRoute[];
  /** Of the dearest route; null when one has no price. */
  bound: Bound | null;
  /** Price multiplier of the token's group. */
  multiplier: number;
  /** How much to think, where the model's name says it (`…-high`); null: it does not. */
  effort: ReasoningEffort | null;
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
  const owners = await ownersOf(call, body, services.upstreamIds);
  const owner = owners?.first ?? null;
  const { model, effort } = wishOf(facts.model ?? owner?.model ?? null, call, catalog);
  const found = call.suffix === '' ? routesFor(call, model, catalog, owner) : storedRoute(catalog, owner);
  const routes = effort === null ? found : found.map((route) => rewritten(route, call));
  const multiplier = catalog.group(call.identity.group).priceMultiplierMillionths / 1_000_000;
  const priced = routes.map((route) => ({ ...route, rates: ratesOf(route, model, catalog, nowMs) }));
  return {
    facts,
    model,
    body,
    routes: priced,
    bound: dearestBound(call, body, priced, {
      // A response in the background is nobody's stream: all of it is reserved at once.
      streamed: facts.stream && !facts.background,
      multiplier,
      historyTokens: owners?.historyTokens ?? null,
    }),
    multiplier,
    effort,
    isUncounted: routes.length === 0,
    kept: null,
    keeps: call.endpoint.operation === 'responses' && services.conversations.isOn && facts.store !== false,
    ratesOf: (route, other) => ratesOf({ ...route, upstreamModel: other }, other, catalog, nowMs),
  };
}

/** Nothing is sent anywhere for it. */
function planOfKept(facts: RequestFacts, kept: KeptResponse): Plan {
  const nothing = { routes: [], bound: null, multiplier: 1, effort: null, isUncounted: false, keeps: false };
  return { facts, model: null, body: { type: 'none' }, ...nothing, kept, ratesOf: () => null };
}

/** Families whose names may end in how much to think; other vendors have models that are called so. */
const suffixedFamilies = /^(?:[\w-]+\/)?(gpt-|o\d|claude-|gemini-)/;

/** A model that nobody names itself, of a family with efforts: the suffix is the effort, the rest the model. */
function wishOf(
  name: string | null,
  { endpoint }: Call,
  catalog: Catalog,
): { model: string | null; effort: ReasoningEffort | null } {
  const suffix = name === null || !talkOperations.has(endpoint.operation) ? null : readReasoningSuffix(name);
  const isMeant = name !== null && suffix !== null && suffixedFamilies.test(name) && !catalog.names(name);
  return isMeant ? suffix : { model: name, effort: null };
}

/** A native route whose request must be written anew, in its own format. */
function rewritten(route: Route, { endpoint }: Call): Route {
  const own = formatOf(endpoint.operation);
  return { ...route, target: route.target ?? (own && { type: 'conversation', format: own }) };
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

function storedRoute(catalog: Catalog, owner: UpstreamIdOwner | null): Route[] {
  const channel = owner && catalog.channel(owner.channelId);
  if (!channel?.enabled) {
    const message = 'The channel that made this response is no longer there.';
    throw new RelayError('resource_not_found', message);
  }
  return [{ channel, upstreamModel: owner?.model ?? '', target: null, keyId: owner?.keyId ?? null }];
}

function routesFor(
  { endpoint, identity }: Call,
  model: string | null,
  catalog: Catalog,
  owner: UpstreamIdOwner | null,
): Route[] {
  if (model === null)
    throw new RelayError('invalid_request', 'The field `model` is missing.', { param: 'model' });
  const serving = catalog.serving(model, endpoint.operation, identity.group);
  switch (serving.outcome) {
    case 'served': {
      const pinned = pinnedTo(owner, serving.routes);
      if (pinned.length > 0) return pinned;
      throw new RelayError(
        'resource_not_found',
        'The channel that made what the request refers to no longer serves this model.',
      );
    }
    case 'uncounted':
      return [];
    case 'other-format':
      throw new RelayError('model_not_found', otherFormatMessage(model, serving.channel.provider));
    case 'not-served':
      throw new RelayError(
        'model_not_found',
        `No channel serves the model \`${model}\`. See /v1/models for those that are served.`,
      );
  }
}

/** What a request refers to lives with the channel and the key that made it. */
function pinnedTo(owner: UpstreamIdOwner | null, routes: Route[]): Route[] {
  if (owner === null) return routes;
  return routes
    .filter(({ channel }) => channel.id === owner.channelId)
    .map((route) => ({ ...route, keyId: owner.keyId }));
}

const homes: Record<string, string> = {
  anthropic: '`POST /v1/messages`',
  gemini: '`POST /v1beta/models/{model}:generateContent`',
  cohere: '`POST /v1/rerank`',
  jina: '`POST /v1/rerank` or `/v1/embeddings`',
  voyage: '`POST /v1/rerank` or `/v1/embeddings`',
};

function otherFormatMessage(model: string, provider: string): string {
  const home = homes[provider] ?? "OpenAI's endpoints, such as `POST /v1/chat/completions`";
  return `The model \`${model}\` is served, but not on this endpoint. Call it with ${home}.`;
}

function dearestBound(
  { endpoint }: Call,
  body: CallerBody,
  routes: PricedRoute[],
  options: Omit<BoundOptions, 'model' | 'hosted'>,
): Bound | null {
  const value = bodyValue(body);
  const bytes = bytesOf(body);
  const bounds = routes.map(({ rates, channel, upstreamModel }) => {
    if (rates === null) return null;
    const { provider } = channel;
    const dearest = isObject(value) ? dearestOfAsked(rates, provider, upstreamModel, value) : rates;
    const hosted = provider === 'openai-compatible';
    return upperBound(endpoint.kind, value, bytes, dearest, { ...options, model: upstreamModel, hosted });
  });
  return bounds.reduce<Bound | null>(
    (dearest, bound) =>
      dearest === null || bound === null || bound.reserveNanoUsd > dearest.reserveNanoUsd ? bound : dearest,
    bounds[0] ?? null,
  );
}

function bytesOf(body: CallerBody): number {
  switch (body.type) {
    case 'json':
      return body.bytes.byteLength;
    case 'form':
      return body.contentLength ?? outputBounds.bytesOfUnknownUpload;
    case 'none':
      return 0;
  }
}
