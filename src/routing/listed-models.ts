// What is known of the models that a token may use, for its lists: limits, modalities, prices, end dates.
import type { ListedModel, ListedPrice } from '../formats/model-lists.ts';
import { overrideRates, type Rates } from '../metering/price.ts';
import { endDateOf } from '../models/end-dates.ts';
import { factsOf, type ModelFacts } from '../models/model-override.ts';
import { loadModelTable, type ModelTable } from '../models/model-table.ts';
import type { Catalog, ChannelScope, ServingChannel } from './catalog.ts';
import { ratesOf } from './route-rates.ts';

/** Describes names of models, as a token's policy lets it use them. An alias is described as its first member. */
export async function describeModels(
  names: readonly string[],
  catalog: Catalog,
  policy: ListScope,
  nowMs: number,
): Promise<ListedModel[]> {
  const table = await loadModelTable();
  const multiplier = policy.bounds.priceMultiplierMillionths / 1_000_000;
  return names.map((id) => describe(id, { table, policy, multiplier, catalog, nowMs }));
}

/** Whose list it is: which channels, at which multiplier of prices. */
interface ListScope extends ChannelScope {
  bounds: ChannelScope['bounds'] & { priceMultiplierMillionths: number };
}

interface Surroundings {
  table: ModelTable;
  policy: ListScope;
  multiplier: number;
  catalog: Catalog;
  nowMs: number;
}

function describe(id: string, { table, policy, multiplier, catalog, nowMs }: Surroundings): ListedModel {
  const [first] = catalog.servingInOrder(catalog.listedModel(id, policy), policy);
  const facts = factsAt(first, id, table, catalog);
  if (first === undefined) return { ...facts, id, owner: 'openopen8-relay', price: null };
  const rates = ratesOfListed(first, id, catalog.listedModel(id, policy), catalog, nowMs);
  const price = rates !== null && isByToken(rates) ? priceOf(rates, multiplier) : null;
  return { ...facts, id, owner: first.channel.provider, price };
}

/** Returns what is known of a listed name at the channel that is tried first. */
export function factsAt(
  first: ServingChannel | undefined,
  id: string,
  table: ModelTable,
  catalog: Catalog,
): ModelFacts {
  if (first === undefined) return factsOf(null, null, catalog.modelOverride(id));
  const { provider, baseUrl } = first.channel;
  const row = table.find(provider, first.upstreamModel, baseUrl);
  return factsOf(row, endDateOf(provider, first.upstreamModel), catalog.modelOverride(id));
}

/** Returns the rates of a listed name at a channel: an alias's own price, else that of the model that it stands for. */
export function ratesOfListed(
  serving: ServingChannel,
  id: string,
  model: string,
  catalog: Catalog,
  nowMs: number,
): Rates | null {
  const own = catalog.alias(id) === null ? null : catalog.overrideOfAlias(id);
  if (own !== null) return overrideRates(own);
  return ratesOf(serving, model, catalog, nowMs);
}

/** Returns whether tokens are charged, or nothing at all. Lists have no place for prices by the hour or the image. */
function isByToken({ base, perAudioHour, perCharacter, perImage, perSearchUnit }: Rates): boolean {
  return base.input > 0 || base.output > 0 || perAudioHour + perCharacter + perImage + perSearchUnit === 0;
}

function priceOf({ base, perRequest, perWebSearch }: Rates, multiplier: number): ListedPrice {
  const each = (rate: number | undefined) => (rate === undefined ? null : rate * multiplier);
  return {
    input: base.input * multiplier,
    output: base.output * multiplier,
    cacheRead: each(base.cacheRead),
    cacheWrite: each(base.cacheWrite),
    reasoning: each(base.reasoning),
    image: each(base.inputImage),
    request: perRequest * multiplier,
    webSearch: perWebSearch * multiplier,
  };
}
