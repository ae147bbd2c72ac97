// Finds the routes of a realtime session, for each of the models that it may come to, and their prices. Pure.
import { isShared, referencesIn, resourceNotFound } from '../formats/references.ts';
import { isModelName, modelNameRule } from '../formats/request-checks.ts';
import type { JsonObject } from '../lib/json.ts';
import { RelayError } from '../lib/relay-error.ts';
import { overrideRates } from '../metering/price.ts';
import type { Catalog, ChannelScope, LiveChannel, Route } from '../routing/catalog.ts';
import { modelsOfNames } from '../routing/requested-names.ts';
import { ratesOf } from '../routing/route-rates.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import type { Pricing } from './money.ts';
import type { SessionOrder } from './order.ts';

/** The model by which a transcription session is routed until it names one. */
export const usualTranscriptionModel = 'gpt-4o-transcribe';

/** The models that a session may come to, in the order in which they are tried. */
export interface SessionCandidates {
  /** As the caller names it, for the log: an alias stays one. */
  named: string;
  isAlias: boolean;
  /** No model twice. */
  models: readonly string[];
}

/** Returns the models that a name and the fallbacks stand for. Throws RelayError `invalid_request` for an invalid model name. */
export function sessionCandidates(
  named: string,
  fallback: readonly string[],
  catalog: Catalog,
): SessionCandidates {
  if (!isModelName(named))
    throw new RelayError('invalid_request', `The session must name ${modelNameRule}.`, { param: 'model' });
  const models = [...new Set(modelsOfNames([named, ...fallback], catalog))];
  return { named, isAlias: catalog.alias(named) !== null, models };
}

/** Returns the models that must be allowed, or null if only the named one must be. */
export function modelsToAllow({ isAlias, models }: SessionCandidates): readonly string[] | null {
  return isAlias || models.length > 1 ? models : null;
}

/** A route of one of the models. */
export interface SessionRoute extends Route {
  model: string;
}

const native = { purpose: 'native', format: { task: 'other' } } as const;
const endpoints = { openai: { operation: 'realtime', ...native }, gemini: { operation: 'live', ...native } };

const otherwise = {
  openai: 'its provider has no Realtime API of OpenAI’s kind',
  gemini: 'its provider has no Live API of Gemini’s kind',
};

/** Returns the routes of all the models. Throws RelayError `model_not_found` for the first if there are none. */
export function sessionRoutes(
  catalog: Catalog,
  { models }: SessionCandidates,
  format: SessionOrder['format'],
  scope: ChannelScope,
): SessionRoute[] {
  const servings = models.map((model) => catalog.serving(model, endpoints[format], scope));
  const routes = servings.flatMap((serving, rank) => {
    const model = models[rank] ?? '';
    return serving.outcome === 'served' ? serving.routes.map((route) => ({ ...route, model, rank })) : [];
  });
  if (routes.length > 0) return routes;
  const [model] = models;
  const message =
    servings[0]?.outcome === 'not-served'
      ? `The model \`${model}\` does not exist: no channel serves it. See /v1/models for those that are served.`
      : `The model \`${model}\` is served, but not on this endpoint: ${otherwise[format]}.`;
  throw new RelayError('model_not_found', message);
}

type Bounded = Pick<TokenIdentity, 'bounds'>;

/** Returns the price multiplier of a token's group. */
export function multiplierFor({ bounds }: Bounded): number {
  return bounds.priceMultiplierMillionths / 1_000_000;
}

/** Returns a model's pricing at a route, for a token. An alias's own price wins. */
export function pricingAt(
  route: SessionRoute,
  { named, isAlias }: Pick<SessionCandidates, 'named' | 'isAlias'>,
  catalog: Catalog,
  identity: Bounded,
  nowMs: number,
): Pricing {
  const { channel, upstreamModel, model } = route;
  const ofAlias = isAlias ? catalog.overrideOfAlias(named) : null;
  return {
    channel,
    named,
    model,
    upstreamModel,
    rates: ofAlias === null ? ratesOf(route, model, catalog, nowMs) : overrideRates(ofAlias),
    multiplier: multiplierFor(identity),
  };
}

/**
 * Returns the refusal of settings, a response, or an item that names a resource which the channel does not share, or null.
 * The relay does not record the resources that a session creates, so only shared ones are allowed.
 */
export function refusalOfResources(named: JsonObject, { settings }: LiveChannel): RelayError | null {
  // References to items of the session's own conversation need no check; `conversation` is `auto` or `none` here.
  const { input, conversation: _, ...rest } = named;
  const references = [...referencesIn(rest), ...referencesIn({ messages: input })];
  const foreign = references.find(
    ({ id, isOptional }) => !isOptional && !isShared(settings.sharedResources ?? [], id),
  );
  return foreign === undefined ? null : resourceNotFound(foreign.id);
}
