// Prices from @pydantic/genai-prices, as exact integers. The library computes in floating point, so only its
// lookup is used; tests compare our sums with its sums. Caches looked-up rates.
import {
  calcPrice,
  findProvider,
  type ModelPrice,
  type Provider,
  updatePrices,
} from '@pydantic/genai-prices';
import { deepSeekRates } from './deepseek-prices.ts';
import { hostRates } from './host-prices.ts';
import { extraModels, extraRates, withHourWrites } from './price-extras.ts';
import { freeRates, picoEach, type Rates, type TokenRates } from './rates.ts';
import { withToolFees } from './tool-fees.ts';

/** A channel's provider. */
export type PricedProvider =
  | 'openai'
  | 'anthropic'
  | 'gemini'
  | 'azure'
  | 'cohere'
  | 'jina'
  | 'voyage'
  | 'bedrock'
  | 'vertex'
  | 'workers-ai'
  | 'openai-compatible';

/** The library's names of our providers. It does not know Jina. */
const tableNames: Partial<Record<PricedProvider, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  azure: 'azure',
  cohere: 'cohere',
  voyage: 'voyageai',
  bedrock: 'aws',
  vertex: 'google',
  'workers-ai': 'cloudflare',
};

/**
 * Makers whose models others serve under the maker's name. On a compatible upstream that the library does not
 * know by its address, a model with exactly the maker's name costs the maker's price.
 */
const makers = [
  'openai',
  'anthropic',
  'google',
  'mistral',
  'deepseek',
  'x-ai',
  'cohere',
  'moonshotai',
  'voyageai',
];

const cachedRates = 2_000;
const cache = new Map<string, Rates | null>();

/**
 * Returns the model's price at that provider at that time, or null.
 *
 * `openai-compatible`: the provider is recognized by `baseUrl` (Groq, Mistral, OpenRouter, …), and only its own
 * prices count. At any other address a model has its maker's price if it has the maker's name (see {@link
 * makersRates}), else none. The library does not know Together's new host yet.
 */
export function tableRates(
  provider: PricedProvider,
  model: string,
  baseUrl: string | undefined,
  at: Date,
): Rates | null {
  // Some prices change with the hour (DeepSeek's). A minute is fine enough.
  const key = JSON.stringify([provider, model, baseUrl, Math.floor(at.getTime() / 60_000)]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const rates = lookUp(provider, model, baseUrl, at);
  if (cache.size >= cachedRates) cache.clear();
  cache.set(key, rates);
  return rates;
}

/** Returns the model names of a provider that have a price, to list what a wildcard channel serves. */
export function modelsOf(provider: PricedProvider): string[] {
  const name = tableNames[provider];
  const listed = name === undefined ? [] : (findProvider({ providerId: name })?.models ?? []);
  return [...listed.map((model) => model.id), ...extraModels(provider)];
}

/** Uses that table from now on. Throws when the library refuses it; the previous one then stays. */
export function takeOverTable(providers: Provider[]): void {
  updatePrices(({ setProviderData }) => setProviderData(providers));
  cache.clear();
}

function lookUp(
  provider: PricedProvider,
  model: string,
  baseUrl: string | undefined,
  at: Date,
): Rates | null {
  if (provider !== 'openai-compatible') {
    const name = tableNames[provider];
    return (name === undefined ? null : ratesOf(name, model, at)) ?? extraRates(provider, model);
  }
  const address = baseUrl?.replace(/^(https:\/\/)api\.together\.ai\b/, '$1api.together.xyz');
  const host = address === undefined ? undefined : findProvider({ providerApiUrl: address });
  const rates = host === undefined ? makersRates(model, at) : ratesOf(host.id, model, at);
  return rates ?? hostRates(baseUrl, model);
}

/**
 * Returns the maker's price if the name without a leading `owner/` is an id of the maker's table, or such an id
 * followed by a date or `-latest`. `gpt-4o-mini-2024-07-18` is; `gpt-4-of-my-own` is not.
 */
function makersRates(model: string, at: Date): Rates | null {
  const bare = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const undated = bare.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
  for (const maker of makers) {
    const models = findProvider({ providerId: maker })?.models ?? [];
    const isTheirs = models.some(({ id }) => id.toLowerCase() === bare || id.toLowerCase() === undated);
    if (!isTheirs && !(maker === 'deepseek' && deepSeekRates(bare, at))) continue;
    return ratesOf(maker, bare, at);
  }
  return null;
}

/**
 * Returns the id of the maker's model that a name means, or null if no maker's table has it: only then two names are known to be two
 * models. Dates, regions, and a leading `owner/` do not count.
 */
export function makersModel(model: string): string | null {
  const bare = bareName(model);
  for (const maker of makers) {
    const models = findProvider({ providerId: maker })?.models ?? [];
    const found = models.find(({ id }) => bareName(id) === bare);
    if (found !== undefined) return found.id;
  }
  return null;
}

function ratesOf(provider: string, model: string, at: Date): Rates | null {
  const hourly = provider === 'deepseek' ? deepSeekRates(model, at) : null;
  if (hourly !== null) return hourly;
  const found = calcPrice({}, model, { providerId: provider, timestamp: at });
  if (found === null) return null;
  const fees = withToolFees(ratesFromTable(found.model_price), found.provider.id, model);
  const isElsewhere = provider === 'aws' || provider === 'google';
  const rates = isElsewhere && model.includes('claude') ? withHourWrites(fees) : fees;
  // The library bills Groq's whisper this way, outside its table: https://groq.com/pricing
  const groqWhisper = provider === 'groq' && found.model.id.startsWith('whisper-large-v3');
  return groqWhisper ? { ...rates, minimumAudioMilliseconds: 10_000 } : rates;
}

/** Our names of the table's token prices, all in USD per million. */
const tokenPrices = {
  input: 'input_mtok',
  output: 'output_mtok',
  cacheRead: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  cacheWrite1h: 'cache_write_1h_mtok',
  reasoning: 'output_reasoning_mtok',
  citation: 'output_citation_mtok',
  inputAudio: 'input_audio_mtok',
  cachedAudio: 'cache_audio_read_mtok',
  outputAudio: 'output_audio_mtok',
  inputImage: 'input_image_mtok',
  cachedImage: 'cache_image_read_mtok',
  outputImage: 'output_image_mtok',
  inputVideo: 'input_video_mtok',
} as const satisfies Record<keyof TokenRates, string>;

/**
 * Tiers of the table that start one token too early. OpenAI's long rate is for prompts of more than 272K tokens
 * (https://developers.openai.com/api/docs/pricing, 2026-11). Elsewhere tiers are inclusive: xAI's is from 200K
 * on, as in the table.
 */
const correctedStarts: ReadonlyMap<number, number> = new Map([[271_999, 272_000]]);

/**
 * Converts a row of the table to rates. Its tiers apply to the whole request, by its whole input: for every kind
 * of token, the library takes the last tier that starts below the number of input tokens.
 */
function ratesFromTable(price: ModelPrice): Rates {
  const starts = new Set<number>();
  for (const value of Object.values(price))
    if (typeof value === 'object') for (const tier of value.tiers) starts.add(tier.start);
  const ascending = [...starts].sort((left, right) => left - right);
  const usd = (key: string): number => usdAt(price[key], 0) ?? 0;
  return {
    ...freeRates('table'),
    base: tokenRatesAt(price, 0),
    tiers: ascending.map((start) => ({
      aboveInputTokens: correctedStarts.get(start) ?? start,
      rates: tokenRatesAt(price, start + 1),
    })),
    perRequest: picoEach(usd('requests_kcount'), 1_000),
    perWebSearch: picoEach(usd('web_searches_kcount'), 1_000),
    perFileSearch: picoEach(usd('storage_searches_kcount'), 1_000),
    perCharacter: picoEach(usd('input_mchars'), 1_000_000),
    perAudioHour: picoEach(usdAt(price.input_audio_hours, 0) ?? usd('audio_hours'), 1),
  };
}

function tokenRatesAt(price: ModelPrice, inputTokens: number): TokenRates {
  const rates: TokenRates = { input: 0, output: 0 };
  for (const [kind, key] of Object.entries(tokenPrices)) {
    const usd = usdAt(price[key], inputTokens);
    if (usd !== undefined) rates[kind as keyof TokenRates] = picoEach(usd, 1_000_000);
  }
  return rates;
}

function usdAt(value: ModelPrice[string], inputTokens: number): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  const reached = [...value.tiers]
    .sort((left, right) => left.start - right.start)
    .filter((tier) => inputTokens > tier.start);
  return reached.at(-1)?.price ?? value.base;
}

/** Returns whether two names mean the same model, ignoring maker, variant, date, and the order of words. */
export function isSameModel(one: string, other: string): boolean {
  return wordsOf(one) === wordsOf(other);
}

/** Returns a name in lower case without maker, region, variant, and date. */
export function bareName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^((us|eu|apac|global|jp|au)\.)?(anthropic|amazon|meta)\./, '')
    .replace(/[:@].*$/, '')
    .replace(/-v\d+$/, '')
    .replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{4}|\d{2}-\d{2}|\d{4}|latest|\d{3})$/, '');
}

function wordsOf(name: string): string {
  return bareName(name)
    .split(/[-._\s]+/)
    .toSorted()
    .join(' ');
}
