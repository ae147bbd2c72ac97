// Which models there are, for whom, and at what price: the one answer for pickers, the page of models, and the public
// page of prices. Loaded on demand.
import { matches } from '../lib/wildcard.ts';
import type { Rates } from '../metering/price.ts';
import type { ModelFacts } from '../models/model-override.ts';
import { loadModelTable, type ModelTable } from '../models/model-table.ts';
import type { Catalog, ChannelScope } from './catalog.ts';
import type { CatalogLoader } from './catalog-loader.ts';
import { factsAt, ratesOfListed } from './listed-models.ts';
import type { ModelLists } from './model-lists.ts';

/** Whose models: a token's, or everything that is served. */
export interface Audience {
  /** Null: every channel. */
  scope: ChannelScope | null;
  /** 1 is the price itself. */
  multiplier: number;
  allows: (model: string) => boolean;
  /** Names that a token is restricted to; a wildcard of a channel may serve them without listing them. */
  named: readonly string[];
}

/** Everything that is served, at its own price. */
export const everything: Audience = { scope: null, multiplier: 1, allows: () => true, named: [] };

/** Charges besides input and output, by the names of an operator's price. */
const furtherRates = {
  cache_write: ({ base }) => (base.cacheWrite ?? 0) / 1e6,
  reasoning: ({ base }) => (base.reasoning ?? 0) / 1e6,
  request: ({ perRequest }) => perRequest / 1e12,
  search_unit: ({ perSearchUnit }) => perSearchUnit / 1e12,
  image: ({ perImage }) => perImage / 1e12,
  audio_hour: ({ perAudioHour }) => perAudioHour / 1e12,
  characters: ({ perCharacter }) => perCharacter / 1e6,
} as const satisfies Record<string, (rates: Rates) => number>;
type FurtherPrice = keyof typeof furtherRates;
const furtherPrices = Object.keys(furtherRates) as FurtherPrice[];
/** Charges that replace the charge for tokens. */
const insteadOfTokens: readonly FurtherPrice[] = ['search_unit', 'image', 'audio_hour', 'characters'];

/** USD, per million tokens or for one. Null input and output: tokens are not charged. */
interface DirectoryPrice {
  input: number | null;
  output: number | null;
  /** Null: cached input costs what input costs. */
  cacheRead: number | null;
  /** The most that another channel charges, which is what a request reserves. */
  most: { input: number; output: number } | null;
  further: (readonly [FurtherPrice, number])[];
}

export interface DirectoryModel extends ModelFacts {
  id: string;
  /** The models that an alias stands for. Null: it is a model. */
  members: readonly string[] | null;
  /** A wildcard of a channel whose names are not known. */
  isPattern: boolean;
  /** In the order in which they are tried. */
  channels: readonly { id: string; name: string }[];
  price: DirectoryPrice | null;
  /** Whether an operator's price applies. */
  isOwnPrice: boolean;
}

export interface DirectoryQuery {
  /** Part of the name, ignoring case. */
  search: string;
  sort: 'name' | 'input' | 'output' | 'context';
  descending: boolean;
  offset: number;
  limit: number;
}

interface DirectoryServices {
  catalog: Pick<CatalogLoader, 'current'>;
  modelLists: Pick<ModelLists, 'namesWithin'>;
  now: () => number;
  /** Runs work after the response. */
  background: (work: Promise<unknown>) => void;
}

export class ModelDirectory {
  private readonly services: DirectoryServices;

  constructor(services: DirectoryServices) {
    this.services = services;
  }

  /** Returns the names that somebody may use, sorted, without patterns. */
  async names(audiences: readonly Audience[] = [everything]): Promise<string[]> {
    const catalog = await this.current();
    const found = await this.visible(audiences, catalog);
    return [...found.keys()].filter((name) => !name.includes('*')).sort();
  }

  /** Returns a page of models, and how many there are. A model of several audiences is described for the first. */
  async list(
    audiences: readonly Audience[],
    query: DirectoryQuery,
  ): Promise<{ models: DirectoryModel[]; total: number }> {
    const [catalog, table] = await Promise.all([this.current(), loadModelTable()]);
    const found = await this.visible(audiences, catalog);
    const search = query.search.toLowerCase();
    const names = [...found.keys()].filter((name) => name.toLowerCase().includes(search)).sort();
    const nowMs = this.services.now();
    const describeAll = (some: readonly string[]) =>
      some.map((id) => describe(id, found.get(id) ?? everything, { catalog, table, nowMs }));
    const page = <Row>(rows: readonly Row[]) => rows.slice(query.offset, query.offset + query.limit);
    // Only a sorting by figures needs the figures of every model.
    if (query.sort === 'name') {
      const models = describeAll(page(query.descending ? names.toReversed() : names));
      return { models, total: names.length };
    }
    return { models: page(sorted(describeAll(names), query)), total: names.length };
  }

  /** Returns what tokens of a group may use that have no restrictions of their own. */
  async audienceOfGroup(name: string): Promise<Audience> {
    const group = (await this.current()).group(name);
    const models = group?.models ?? [];
    return {
      scope: { group: name, bounds: { channels: group?.channels ?? [] } },
      multiplier: (group?.priceMultiplierMillionths ?? 1_000_000) / 1_000_000,
      allows: (model) => models.length === 0 || models.some((pattern) => matches(pattern, model)),
      named: models,
    };
  }

  private async current(): Promise<Catalog> {
    return this.services.catalog.current(this.services.now(), this.services.background);
  }

  private async visible(
    audiences: readonly Audience[],
    catalog: Catalog,
  ): Promise<ReadonlyMap<string, Audience>> {
    const found = new Map<string, Audience>();
    for (const audience of audiences)
      for (const name of await this.namesFor(audience, catalog))
        if (!found.has(name)) found.set(name, audience);
    return found;
  }

  private async namesFor({ scope, allows, named }: Audience, catalog: Catalog): Promise<string[]> {
    const channels = scope === null ? catalog.enabled : catalog.channelsFor(scope);
    const isServed = (name: string) => catalog.servingInOrder(name, scope).length > 0;
    const { modelLists, now, background } = this.services;
    const listed = await modelLists.namesWithin(channels, now(), background);
    const own = named.filter((name) => !name.includes('*') && isServed(name));
    const aliases = catalog.aliases
      .filter(({ models }) => models.some(isServed) && models.every(allows))
      .map(({ name }) => name);
    const names = [...listed, ...own].filter(allows);
    const patterns = channels
      .flatMap(({ models }) => models)
      .filter((model) => model.includes('*') && !names.some((name) => matches(model, name)));
    return [...names, ...aliases, ...(scope === null ? patterns : [])];
  }
}

function describe(
  id: string,
  { scope, multiplier }: Audience,
  { catalog, table, nowMs }: { catalog: Catalog; table: ModelTable; nowMs: number },
): DirectoryModel {
  const members = catalog.alias(id);
  const model = catalog.listedModel(id, scope);
  const isPattern = members === null && id.includes('*');
  const serving = isPattern
    ? catalog.enabled
        .filter(({ models }) => models.includes(id))
        .map((channel) => ({ channel, upstreamModel: id }))
    : catalog.servingInOrder(model, scope);
  const rates = serving.flatMap((route) => ratesOfListed(route, id, model, catalog, nowMs) ?? []);
  const own = (members === null ? null : catalog.overrideOfAlias(id)) ?? catalog.override(model);
  return {
    ...factsAt(serving[0], id, table, catalog),
    id,
    members,
    isPattern,
    channels: serving.map(({ channel: { id: channelId, name } }) => ({ id: channelId, name })),
    price: priceOf(rates, multiplier),
    isOwnPrice: own !== null,
  };
}

/** Returns the price at the channel that is tried first, and the most that another one charges. */
function priceOf(all: readonly Rates[], multiplier: number): DirectoryPrice | null {
  const [first] = all;
  if (first === undefined) return null;
  const usd = (amount: number) => Number((amount * multiplier).toPrecision(12));
  const most = (of: (rates: Rates) => number) => usd(Math.max(...all.map(of)) / 1e6);
  const further = furtherPrices
    .map((name) => [name, usd(furtherRates[name](first))] as const)
    .filter(([, amount]) => amount > 0);
  const { input, output, cacheRead } = first.base;
  const isByToken = input > 0 || output > 0 || !further.some(([name]) => insteadOfTokens.includes(name));
  const highest = { input: most(({ base }) => base.input), output: most(({ base }) => base.output) };
  const isDearer = highest.input > usd(input / 1e6) || highest.output > usd(output / 1e6);
  return {
    input: isByToken ? usd(input / 1e6) : null,
    output: isByToken ? usd(output / 1e6) : null,
    cacheRead: isByToken && cacheRead !== undefined ? usd(cacheRead / 1e6) : null,
    most: isDearer ? highest : null,
    further,
  };
}

/** Sorts by a figure. Models that lack it come last. */
function sorted(models: readonly DirectoryModel[], { sort, descending }: DirectoryQuery): DirectoryModel[] {
  const figureOf = (model: DirectoryModel) => {
    if (sort === 'context') return model.context;
    return sort === 'output' ? (model.price?.output ?? null) : (model.price?.input ?? null);
  };
  const sign = descending ? -1 : 1;
  return models.toSorted((one, other) => {
    const [left, right] = [figureOf(one), figureOf(other)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (left - right) || (one.id < other.id ? -1 : 1);
  });
}
