// What a request costs: a usage times rates, in exact integers. Prices an administrator sets become rates
// here too. Does not look prices up (price-table.ts) and does not bound them (bound.ts).
import type { Usage } from '../formats/usage.ts';
import { freeRates, picoEach, type Rates, ratesAt, type TokenRates } from './rates.ts';

export { modelsOf, type PricedProvider, tableRates } from './price-table.ts';
export type { Rates, RateTier, TokenRates } from './rates.ts';

/**
 * A price that an administrator set for a model. Per kind of token in USD per million tokens; a kind that
 * is absent costs what contains it (cache_write_1h: cache_write; all other input: input; all other output:
 * output). The rest is free unless set. 0 is free.
 */
export interface PriceOverride {
  input: number;
  output: number;
  cache_read?: number | undefined;
  cache_write?: number | undefined;
  cache_write_1h?: number | undefined;
  reasoning?: number | undefined;
  input_audio?: number | undefined;
  cached_audio?: number | undefined;
  output_audio?: number | undefined;
  input_image?: number | undefined;
  cached_image?: number | undefined;
  output_image?: number | undefined;
  input_video?: number | undefined;
  /** USD a request. */
  request?: number | undefined;
  /** USD a web search that the provider ran. */
  web_search?: number | undefined;
  /** USD a rerank search. */
  search_unit?: number | undefined;
  /** USD an image, where the provider counts images. */
  image?: number | undefined;
  /** USD an hour of audio, where the provider counts time. */
  audio_hour?: number | undefined;
  /** USD per million characters of text to speak. */
  characters?: number | undefined;
}

const overriddenTokens = {
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  cacheWrite1h: 'cache_write_1h',
  reasoning: 'reasoning',
  inputAudio: 'input_audio',
  cachedAudio: 'cached_audio',
  outputAudio: 'output_audio',
  inputImage: 'input_image',
  cachedImage: 'cached_image',
  outputImage: 'output_image',
  inputVideo: 'input_video',
} as const satisfies Partial<Record<keyof TokenRates, keyof PriceOverride>>;

/** The rates of a price override. Finer than a pico-USD is rounded to the nearest. */
export function overrideRates(override: PriceOverride): Rates {
  const base: TokenRates = {
    input: picoEach(override.input, 1_000_000),
    output: picoEach(override.output, 1_000_000),
  };
  for (const [kind, field] of Object.entries(overriddenTokens)) {
    const usd = override[field];
    if (usd !== undefined) base[kind as keyof typeof overriddenTokens] = picoEach(usd, 1_000_000);
  }
  return {
    ...freeRates('override'),
    base,
    perRequest: picoEach(override.request ?? 0, 1),
    perWebSearch: picoEach(override.web_search ?? 0, 1),
    perSearchUnit: picoEach(override.search_unit ?? 0, 1),
    perImage: picoEach(override.image ?? 0, 1),
    perAudioHour: picoEach(override.audio_hour ?? 0, 1),
    perCharacter: picoEach(override.characters ?? 0, 1_000_000),
  };
}

const millisecondsPerHour = 3_600_000n;
const picoPerNano = 1_000;
const millionths = 1_000_000n;

/** So many of something at that rate: one term of a cost. */
type Term = readonly [count: number, picoEach: number];

/**
 * The cost of a usage in whole nano-USD: exact in between, rounded up once at the end, so that nothing that
 * has a price is free by being small. `multiplier` is a decimal (1.2), taken to the millionth.
 */
export function costNanoUsd(usage: Usage, rates: Rates, multiplier = 1): number {
  const terms = [...tokenTerms(usage, ratesAt(rates, usage.inputTokens)), ...otherTerms(usage, rates)];
  const milliseconds = billedMilliseconds(usage, rates);
  const pico = terms.reduce((sum, [count, picoEach]) => sum + count * picoEach, 0);
  // Sums of safe integers that end safe were exact all along: the ordinary case needs no BigInt.
  if (multiplier === 1 && milliseconds === 0 && Number.isSafeInteger(pico)) return roundedUp(pico);
  const exact = terms.reduce((sum, [count, picoEach]) => sum + BigInt(count) * BigInt(picoEach), 0n);
  const hourly = BigInt(milliseconds) * BigInt(rates.perAudioHour);
  const scaled = (exact * millisecondsPerHour + hourly) * BigInt(Math.round(multiplier * 1e6));
  const divisor = millisecondsPerHour * millionths * BigInt(picoPerNano);
  return Number((scaled + divisor - 1n) / divisor);
}

function roundedUp(pico: number): number {
  const over = pico % picoPerNano;
  return (pico - over) / picoPerNano + (over > 0 ? 1 : 0);
}

function billedMilliseconds(usage: Usage, rates: Rates): number {
  return usage.audioMilliseconds === 0
    ? 0
    : Math.max(usage.audioMilliseconds, rates.minimumAudioMilliseconds);
}

function otherTerms(usage: Usage, rates: Rates): Term[] {
  return [
    [1, rates.perRequest],
    [usage.webSearches, rates.perWebSearch],
    [usage.fileSearches, rates.perFileSearch],
    [usage.searchUnits, rates.perSearchUnit],
    [usage.images, rates.perImage],
    [usage.characters, rates.perCharacter],
  ];
}

/**
 * Every token once, at the rate of the narrowest kind that has one (as genai-prices does). Where two kinds
 * are priced and their overlap was not reported (cached audio), the overlap is taken off the media.
 */
function tokenTerms(usage: Usage, rates: TokenRates): Term[] {
  const priced = (rate: number | undefined, tokens: number): number => (rate === undefined ? 0 : tokens);
  const cachedAudio = priced(rates.cachedAudio, usage.cachedAudioTokens);
  const cachedImage = priced(rates.cachedImage, usage.cachedImageTokens);
  const cached = Math.max(0, priced(rates.cacheRead, usage.cachedTokens) - cachedAudio - cachedImage);
  const write1h = priced(rates.cacheWrite1h, usage.cacheWrite1hTokens);
  const write = Math.max(0, priced(rates.cacheWrite, usage.cacheWriteTokens) - write1h);
  let room = Math.max(0, usage.inputTokens - cachedAudio - cachedImage - cached - write1h - write);
  const take = (tokens: number): number => {
    const taken = Math.min(Math.max(0, tokens), room);
    room -= taken;
    return taken;
  };
  const audio = take(priced(rates.inputAudio, usage.inputAudioTokens) - cachedAudio);
  const image = take(priced(rates.inputImage, usage.inputImageTokens) - cachedImage);
  const video = take(priced(rates.inputVideo, usage.inputVideoTokens));
  return [
    [room, rates.input ?? 0],
    [cachedAudio, rates.cachedAudio ?? 0],
    [cachedImage, rates.cachedImage ?? 0],
    [cached, rates.cacheRead ?? 0],
    [write1h, rates.cacheWrite1h ?? 0],
    [write, rates.cacheWrite ?? 0],
    [audio, rates.inputAudio ?? 0],
    [image, rates.inputImage ?? 0],
    [video, rates.inputVideo ?? 0],
    ...outputTerms(usage, rates),
  ];
}

function outputTerms(usage: Usage, rates: TokenRates): Term[] {
  const priced = (rate: number | undefined, tokens: number): number => (rate === undefined ? 0 : tokens);
  const reasoning = priced(rates.reasoning, usage.reasoningTokens);
  const citation = priced(rates.citation, usage.citationTokens);
  const audio = priced(rates.outputAudio, usage.outputAudioTokens);
  const image = priced(rates.outputImage, usage.outputImageTokens);
  const rest = Math.max(0, usage.outputTokens - reasoning - citation - audio - image);
  return [
    [rest, rates.output ?? 0],
    [reasoning, rates.reasoning ?? 0],
    [citation, rates.citation ?? 0],
    [audio, rates.outputAudio ?? 0],
    [image, rates.outputImage ?? 0],
  ];
}
