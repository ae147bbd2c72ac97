// The price of a model at a route: the operator's override for the requested name, else the table's price for the
// upstream's name.
import { overrideRates, type Rates, tableRates } from '../metering/price.ts';
import { atLocation } from '../metering/price-extras.ts';
import { type Catalog, type Route, servesByName, upstreamNameOf } from './catalog.ts';

/** Returns the rates; `model` is the requested name. Null: the model has no price. */
export function ratesOf(
  { channel, upstreamModel }: Pick<Route, 'channel' | 'upstreamModel'>,
  model: string | null,
  catalog: Catalog,
  nowMs: number,
): Rates | null {
  const override = model === null ? null : catalog.override(model);
  if (override !== null) return overrideRates(override);
  return listRates(channel, upstreamModel, nowMs);
}

/** Returns the table's price at a channel, or null. */
export function listRates(
  { provider, baseUrl, settings }: Route['channel'],
  upstreamModel: string,
  nowMs: number,
): Rates | null {
  const rates = tableRates(provider, upstreamModel, baseUrl ?? undefined, new Date(nowMs));
  if (rates === null || provider !== 'vertex') return rates;
  return atLocation(rates, upstreamModel, settings.location ?? 'global');
}

/** Returns the models (by requested name) that an enabled channel serves without a price. */
export function unpricedOf(models: readonly string[], catalog: Catalog, nowMs: number): string[] {
  return models.filter((model) =>
    catalog.enabled
      .filter((channel) => servesByName(channel, model))
      .some((channel) => {
        const route = { channel, upstreamModel: upstreamNameOf(channel, model) };
        return ratesOf(route, model, catalog, nowMs) === null;
      }),
  );
}
