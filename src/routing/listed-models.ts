// What is known of the models that a token may use, for its lists: limits, modalities, prices, end dates.
import type { ListedModel, ListedPrice } from '../formats/model-lists.ts';
import { matchesAny } from '../lib/wildcard.ts';
import type { Rates } from '../metering/price.ts';
import { endDateOf } from '../models/end-dates.ts';
import { factsOf } from '../models/model-override.ts';
import { loadModelTable, type ModelTable } from '../models/model-table.ts';
import type { Catalog, ChannelScope, LiveChannel } from './catalog.ts';
import { upstreamNameOf } from './catalog.ts';
import { ratesOf } from './route-rates.ts';

/** Describes names of models, as a token's policy lets it use them. An alias is described as its first member. */
export async function describeModels(
  names: readonly string[],
  catalog: Catalog,
  policy: ListScope,
  nowMs: number,
): Promise<ListedModel[]> {
  const table = await loadModelTable();
  const channels = catalog.channelsFor(policy).sort((one, other) => other.priority - one.priority);
  const multiplier = policy.bounds.priceMultiplierMillionths / 1_000_000;
  return names.map((id) => describe(id, { table, channels, multiplier, catalog, nowMs }));
}

/** Whose list it is: which channels, at which multiplier of prices. */
interface ListScope extends ChannelScope {
  bounds: ChannelScope['bounds'] & { priceMultiplierMillionths: number };
}

interface Surroundings {
  table: ModelTable;
  channels: readonly LiveChannel[];
  multiplier: number;
  catalog: Catalog;
  nowMs: number;
}

function describe(id: string, { table, channels, multiplier, catalog, nowMs }: Surroundings): ListedModel {
  const model = catalog.alias(id)?.[0] ?? id;
  const channel = channels.find((one) => matchesAny(one.models, model) || Object.hasOwn(one.modelMap, model));
  if (channel === undefined)
    return { ...factsOf(null, null, catalog.modelOverride(id)), id, owner: 'openopen8-relay', price: null };
  const upstreamModel = upstreamNameOf(channel, model);
  const row = table.find(channel.provider, upstreamModel, channel.baseUrl);
  const rates = ratesOf({ channel, upstreamModel }, id, catalog, nowMs);
  return {
    id,
    owner: channel.provider,
    ...factsOf(row, endDateOf(channel.provider, upstreamModel), catalog.modelOverride(id)),
    price: rates !== null && isByToken(rates) ? priceOf(rates, multiplier) : null,
  };
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
