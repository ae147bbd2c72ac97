// Finds the channels that could serve a request, for each of the models that it may come to, or why there are none. Pure.
import { isObject, objectsAt } from '../../formats/json-reader.ts';
import { type ReasoningEffort, reasoningEfforts } from '../../formats/neutral.ts';
import { isResponsesBody } from '../../formats/openai-chat/index.ts';
import { openaiModelTraits } from '../../formats/openai-models.ts';
import { ownTarget } from '../../formats/registry.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Rates } from '../../metering/price.ts';
import { providers } from '../../providers/registry.ts';
import type { Catalog, Route } from '../../routing/catalog.ts';
import type { UpstreamIdOwner } from '../../routing/upstream-id-store.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';
import type { ModelCandidate, RequestedModels } from './requested-models.ts';

/** A route of one of the models that the request may come to. */
export interface CandidateRoute extends Route {
  /** Null for stored responses. */
  model: string | null;
  effort: ReasoningEffort | null;
}

/** A route with its rates, or null if it has no price. */
export interface PricedRoute extends CandidateRoute {
  rates: Rates | null;
  /** The last day of its model (`YYYY-MM-DD`), as the operator or the provider says. Null: none is known. */
  endsOn: string | null;
}

/** Returns the routes of all the models, in their order. Throws the refusal of the first model if none has a route. */
export function candidateRoutes(
  call: Call,
  { models }: RequestedModels,
  catalog: Catalog,
  owner: UpstreamIdOwner | null,
): CandidateRoute[] {
  if (models.length === 0)
    throw new RelayError('invalid_request', 'The field `model` is missing.', { param: 'model' });
  const refusals: unknown[] = [];
  const routes = models.flatMap((candidate, rank) => {
    try {
      return routesOfCandidate(call, candidate, rank, catalog, owner);
    } catch (error) {
      refusals.push(error);
      return [];
    }
  });
  // A model without routes and without refusal is one whose tokens no channel can count.
  if (refusals.length === models.length) throw refusals[0];
  return routes;
}

function routesOfCandidate(
  call: Call,
  { model, effort }: ModelCandidate,
  rank: number,
  catalog: Catalog,
  owner: UpstreamIdOwner | null,
): CandidateRoute[] {
  const routes = routesFor(call, model, catalog, owner);
  const fit = effort === null ? routes : routes.map((route) => rewritten(route, call));
  return fit.map((route) => ({ ...route, model, effort, rank }));
}

/** Marks a native route whose request must be rewritten in its own format. */
function rewritten(route: Route, { endpoint }: Call): Route {
  return { ...route, translateTo: route.translateTo ?? ownTarget(endpoint) };
}

/** Returns the one channel that has a stored response. Throws RelayError `resource_not_found` when it is gone. */
export function storedRoute(catalog: Catalog, owner: UpstreamIdOwner | null): CandidateRoute[] {
  const channel = owner && catalog.channel(owner.channelId);
  if (!channel?.enabled) {
    const message = 'The channel that made this response is no longer there.';
    throw new RelayError('resource_not_found', message);
  }
  const { model = null, keyId = null } = owner ?? {};
  return [{ channel, upstreamModel: model ?? '', translateTo: null, keyId, model, effort: null }];
}

function routesFor(
  { endpoint, identity }: Call,
  model: string,
  catalog: Catalog,
  owner: UpstreamIdOwner | null,
): Route[] {
  const serving = catalog.serving(model, endpoint, identity);
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
        `The model \`${model}\` does not exist: no channel serves it. See /v1/models for those that are served.`,
      );
  }
}

/** Keeps the routes of the channel and the key that made what a request refers to. */
function pinnedTo(owner: UpstreamIdOwner | null, routes: Route[]): Route[] {
  if (owner === null) return routes;
  return routes
    .filter(({ channel }) => channel.id === owner.channelId)
    .map((route) => ({ ...route, keyId: owner.keyId }));
}

const homes: Record<string, string> = {
  anthropic: '`POST /v1/messages`',
  bedrock: '`POST /v1/messages`',
  vertex: '`POST /v1beta/models/{model}:generateContent` or `POST /v1/messages`',
  'workers-ai': '`POST /v1/chat/completions` or `/v1/embeddings`',
  gemini: '`POST /v1beta/models/{model}:generateContent`',
  cohere: '`POST /v1/rerank`',
  jina: '`POST /v1/rerank` or `/v1/embeddings`',
  voyage: '`POST /v1/rerank` or `/v1/embeddings`',
};

function otherFormatMessage(model: string, provider: string): string {
  const home = homes[provider] ?? "OpenAI's endpoints, such as `POST /v1/chat/completions`";
  return `The model \`${model}\` is served, but not on this endpoint. Call it with ${home}.`;
}

/** Returns the routes; those whose chat completions would answer the request's functions with a 400 use the Responses API instead. */
export function chatFunctionRoutes(
  { endpoint }: Call,
  body: CallerBody,
  routes: readonly CandidateRoute[],
): CandidateRoute[] {
  const value = bodyValue(body);
  if (endpoint.operation !== 'chat-completions' || !isObject(value) || isResponsesBody(value))
    return [...routes];
  const hasFunctions =
    objectsAt(value, 'tools').some(({ type }) => type === 'function') ||
    objectsAt(value, 'functions').length > 0;
  if (!hasFunctions) return [...routes];
  const own = reasoningEfforts.find((effort) => effort === value.reasoning_effort);
  return routes.map((route) =>
    isRefused(route, own ?? route.effort ?? undefined) ? byResponses(route) : route,
  );
}

type Effort = (typeof reasoningEfforts)[number];

function isRefused({ channel, upstreamModel }: CandidateRoute, effort: Effort | undefined): boolean {
  const talksResponses = providers[channel.provider].talks(upstreamModel, channel) === 'openai-responses';
  return talksResponses && openaiModelTraits(upstreamModel).refusesChatFunctions(effort);
}

function byResponses(route: CandidateRoute): CandidateRoute {
  return { ...route, translateTo: { type: 'conversation', format: 'openai-responses' } };
}
