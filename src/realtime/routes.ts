// Who can serve a realtime session, at which address, at what price. Pure.
import { RelayError } from '../lib/relay-error.ts';
import { baseUrlOf } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import type { Catalog, ChannelScope, Route } from '../routing/catalog.ts';
import { ratesOf } from '../routing/route-rates.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import type { Pricing } from './money.ts';
import type { SessionOrder } from './order.ts';

/** What a transcription session is routed by when it names no model yet. */
export const usualTranscriptionModel = 'gpt-4o-transcribe';

/** The routes of a model. Throws RelayError `model_not_found`. */
export function realtimeRoutes(catalog: Catalog, model: string, scope: ChannelScope): Route[] {
  const serving = catalog.serving(model, 'realtime', scope);
  if (serving.outcome === 'served') return serving.routes;
  const message =
    serving.outcome === 'not-served'
      ? `No channel serves the model \`${model}\`. See /v1/models for those that are served.`
      : `The model \`${model}\` is served, but not on this endpoint: its provider has no Realtime API of OpenAI's kind.`;
  throw new RelayError('model_not_found', message);
}

type Bounded = Pick<TokenIdentity, 'bounds'>;

/** What a token's group multiplies prices by. */
export function multiplierFor({ bounds }: Bounded): number {
  return bounds.priceMultiplierMillionths / 1_000_000;
}

/** What a model costs at a route, to a token. */
export function pricingAt(
  route: Route,
  model: string,
  catalog: Catalog,
  identity: Bounded,
  nowMs: number,
): Pricing {
  const { channel, upstreamModel } = route;
  return {
    channel,
    model,
    upstreamModel,
    rates: ratesOf(route, model, catalog, nowMs),
    multiplier: multiplierFor(identity),
  };
}

/**
 * Where a route's upstream opens sessions, for `fetch` (http, https). Azure's older surface has the deployment in the
 * query: https://learn.microsoft.com/azure/ai-services/openai/how-to/realtime-audio-websockets (2026-11).
 */
export function realtimeUrl(
  { channel, upstreamModel }: Route,
  { intent, search }: SessionOrder,
  key: string | null,
): string {
  const provider = providers[channel.provider];
  const baseUrl = baseUrlOf(provider, channel.baseUrl);
  const query = new URLSearchParams(search);
  if (intent === 'transcription') query.set('intent', 'transcription');
  const version = channel.provider === 'azure' ? new URL(baseUrl).searchParams.get('api-version') : null;
  if (version !== null) return azureUrl(baseUrl, version, upstreamModel, query);
  if (intent === 'conversation') query.set('model', upstreamModel);
  return provider.url({
    baseUrl,
    operation: 'realtime',
    model: upstreamModel,
    suffix: '',
    search: `?${query}`,
    streams: false,
    settings: channel.settings,
    key,
  });
}

function azureUrl(baseUrl: string, version: string, deployment: string, query: URLSearchParams): string {
  const { origin, pathname } = new URL(baseUrl);
  query.set('api-version', version);
  query.set('deployment', deployment);
  return `${origin}${pathname.replace(/\/(openai\/?)?$/, '')}/openai/realtime?${query}`;
}
