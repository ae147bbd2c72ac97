// What a request can cost at most at the routes that may serve it. Pure.

import { isObject } from '../../formats/json-reader.ts';
import type { OtherModel } from '../../formats/other-models.ts';
import {
  addAssistance,
  type Bound,
  type BoundOptions,
  outputBounds,
  upperBound,
} from '../../metering/bound.ts';
import type { Rates } from '../../metering/price.ts';
import { freeRates } from '../../metering/rates.ts';
import { highestRequestedFactor } from '../../metering/service-tier.ts';
import type { Route } from '../../routing/catalog.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';
import type { PricedRoute } from './candidate-routes.ts';

/** A planned request, as far as its bounds need it. */
interface BoundedRequest {
  call: Call;
  body: CallerBody;
  routes: PricedRoute[];
  others: readonly OtherModel[];
  options: Omit<BoundOptions, 'model' | 'hosted'>;
  /** The rates of another model at a route, or null if it has no price. */
  ratesOfOther: (route: Route, model: string) => Rates | null;
}

/**
 * Returns what the request costs at most, or null if a route or a model has no price; and its size in tokens, which needs no price, or null
 * if nothing is sent.
 */
export function boundsOf(request: BoundedRequest): { bound: Bound | null; size: Bound | null } {
  const bound = boundWithOthers(request);
  return { bound, size: bound ?? dearestBound(request, request.routes.slice(0, 1).map(asFree)) };
}

/** Adds every model that may answer, and on top what assisting models can cost. Returns null if one of them has no price. */
function boundWithOthers(request: BoundedRequest): Bound | null {
  const { routes, others, ratesOfOther } = request;
  const native = routes.filter(({ translateTo: target }) => target === null);
  const at = (name: string) =>
    native.map((route) => ({ ...route, upstreamModel: name, rates: ratesOfOther(route, name) }));
  const answering = others.filter(({ role }) => role === 'answers').flatMap(({ name }) => at(name));
  const assisting = native.length === 0 ? [] : others.filter(({ role }) => role === 'assists');
  const bound = dearestBound(request, [...routes, ...answering]);
  return assisting.reduce((sum: Bound | null, { name }) => {
    const more = dearestBound(request, at(name), { streamed: false, assists: true });
    return sum && more && addAssistance(sum, more);
  }, bound);
}

function dearestBound(
  { call: { endpoint }, body, options }: BoundedRequest,
  routes: PricedRoute[],
  more: Partial<BoundOptions> = {},
): Bound | null {
  const value = bodyValue(body);
  const bytes = bytesOf(body);
  const bounds = routes.map(({ rates, channel, upstreamModel }) => {
    if (rates === null) return null;
    const { provider } = channel;
    const highest = isObject(value) ? highestRequestedFactor(rates, provider, upstreamModel, value) : rates;
    const hosted = provider === 'openai-compatible' || provider === 'workers-ai';
    return upperBound(endpoint.format, value, bytes, highest, {
      ...options,
      ...more,
      model: upstreamModel,
      hosted,
    });
  });
  return bounds.reduce<Bound | null>(
    (highest, bound) =>
      highest === null || bound === null || bound.reserveNanoUsd > highest.reserveNanoUsd ? bound : highest,
    bounds[0] ?? null,
  );
}

function asFree(route: PricedRoute): PricedRoute {
  return { ...route, rates: freeRates('published') };
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
