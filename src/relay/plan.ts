// What will be done with a request, before anything is spent: the model, who can serve it, what it may cost.
// No I/O but the look-up of upstream ids that the request names.
import type { Operation } from '../formats/format.ts';
import { type RequestFacts, readRequestFacts } from '../formats/request.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type Bound, type BoundOptions, outputBounds, upperBound } from '../metering/bound.ts';
import { overrideRates, type Rates, tableRates } from '../metering/price.ts';
import type { Catalog, Route } from '../routing/catalog.ts';
import type { UpstreamIdOwner, UpstreamIdStore } from '../routing/upstream-id-store.ts';
import type { Call } from './call.ts';
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
}

/** Throws RelayError: what is wrong with the request, the model that nobody serves, ids of another account. */
export async function planRequest(
  call: Call,
  body: CallerBody,
  catalog: Catalog,
  upstreamIds: UpstreamIdStore,
  nowMs: number,
): Promise<Plan> {
  const facts = readFacts(call, body);
  const owners = await ownersOf(call, body, upstreamIds);
  const owner = owners?.first ?? null;
  const model = facts.model ?? owner?.model ?? null;
  const routes = call.suffix === '' ? routesFor(call, model, catalog, owner) : storedRoute(catalog, owner);
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
  };
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
  const facts = readRequestFacts(endpoint.kind, bodyValue(body), { counting });
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

function storedRoute(catalog: Catalog, owner: UpstreamIdOwner | null): Route[] {
  const channel = owner && catalog.channel(owner.channelId);
  if (!channel?.enabled) {
    const message = 'The channel that made this response is no longer there.';
    throw new RelayError('resource_not_found', message);
  }
  return [{ channel, upstreamModel: owner?.model ?? '' }];
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
      const pinned = serving.routes.filter(({ channel }) => owner === null || channel.id === owner.channelId);
      if (pinned.length > 0) return pinned;
      throw new RelayError(
        'resource_not_found',
        'The channel that made what the request refers to no longer serves this model.',
      );
    }
    case 'other-format':
      throw new RelayError('model_not_found', otherFormatMessage(model, serving.channel.provider));
    case 'not-served':
      throw new RelayError(
        'model_not_found',
        `No channel serves the model \`${model}\`. See /v1/models for those that are served.`,
      );
  }
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
  routes: PricedRoute[],
  options: Omit<BoundOptions, 'model' | 'hosted'>,
): Bound | null {
  const value = bodyValue(body);
  const bytes = bytesOf(body);
  const bounds = routes.map(({ rates, upstreamModel, channel }) => {
    const hosted = channel.provider === 'openai-compatible';
    return (
      rates && upperBound(endpoint.kind, value, bytes, rates, { ...options, model: upstreamModel, hosted })
    );
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
