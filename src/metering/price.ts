// The cost of a request: a usage times rates, in exact integers. price-table.ts and price-override.ts find prices;
// bound.ts bounds them.
import type { Usage } from '../formats/usage.ts';
import { type Rates, ratesAt, type TokenRates } from './rates.ts';

export { overrideRates, type PriceOverride } from './price-override.ts';
export { modelsOf, type PricedProvider, tableRates } from './price-table.ts';
export type { Rates, TokenRates } from './rates.ts';

const millisecondsPerHour = 3_600_000n;
const picoPerNano = 1_000;
const millionths = 1_000_000n;

/** Everything that is charged for, by its name in a charge (see charge.ts). */
type ChargeKind =
  | keyof TokenRates
  | 'request'
  | 'webSearch'
  | 'previewWebSearch'
  | 'searchedRequest'
  | 'mapSearch'
  | 'mappedRequest'
  | 'fileSearch'
  | 'codeSession'
  | 'searchUnit'
  | 'image'
  | 'character'
  | 'audio';

/** A quantity at a rate: one term of a cost. `audio` counts milliseconds; its rate is per hour. */
export type Term = readonly [kind: ChargeKind, count: number, picoEach: number];

/**
 * Returns the cost of a usage in whole nano-USD: exact in between, rounded up once at the end, so that small
 * amounts are never free. `multiplier` is a decimal (1.2), exact to the millionth.
 */
export function costNanoUsd(usage: Usage, rates: Rates, multiplier = 1): number {
  return costOfTerms(termsOf(usage, rates), multiplier);
}

/** Returns the cost of terms, of one usage or of several that are charged together. */
export function costOfTerms(terms: readonly Term[], multiplier = 1): number {
  const isPlain = multiplier === 1 && !terms.some(([kind]) => kind === 'audio');
  const pico = isPlain ? terms.reduce((sum, [, count, picoEach]) => sum + count * picoEach, 0) : 0;
  // Sums of safe integers that end safe were exact all along: ordinary requests need no BigInt.
  if (isPlain && Number.isSafeInteger(pico)) return roundedUp(pico);
  const hourly = terms.reduce((sum, term) => sum + picoHoursOf(term), 0n);
  const scaled = hourly * BigInt(Math.round(multiplier * 1e6));
  const divisor = millisecondsPerHour * millionths * BigInt(picoPerNano);
  const nano = (scaled + divisor - 1n) / divisor;
  return nano > mostNanoUsd ? Number(mostNanoUsd) : Number(nano);
}

/** No request costs more: a million USD. Above it the ledger's sums (exact to nine million) would not be exact. */
const mostNanoUsd = 1_000_000_000_000_000n;

function picoHoursOf([kind, count, picoEach]: Term): bigint {
  const product = BigInt(count) * BigInt(picoEach);
  return kind === 'audio' ? product : product * millisecondsPerHour;
}

function roundedUp(pico: number): number {
  const over = pico % picoPerNano;
  return (pico - over) / picoPerNano + (over > 0 ? 1 : 0);
}

/** Returns what is charged for in a usage, every token once, without free items. */
export function termsOf(usage: Usage, rates: Rates): Term[] {
  const tokenRates = ratesAt(rates, usage.inputTokens);
  const terms = [
    ...inputTerms(usage, tokenRates),
    ...outputTerms(usage, tokenRates),
    ...otherTerms(usage, rates),
  ];
  return terms.filter(([, count, picoEach]) => count > 0 && picoEach > 0);
}

function otherTerms(usage: Usage, rates: Rates): Term[] {
  const milliseconds =
    usage.audioMilliseconds === 0 ? 0 : Math.max(usage.audioMilliseconds, rates.minimumAudioMilliseconds);
  return [
    ['request', 1, rates.perRequest],
    ['webSearch', usage.webSearches, rates.perWebSearch],
    ['previewWebSearch', usage.previewWebSearches, rates.perPreviewWebSearch],
    ['searchedRequest', usage.webSearches > 0 ? 1 : 0, rates.perSearchedRequest],
    ['mapSearch', usage.mapSearches, rates.perMapSearch],
    ['mappedRequest', usage.mapSearches > 0 ? 1 : 0, rates.perMappedRequest],
    ['fileSearch', usage.fileSearches, rates.perFileSearch],
    ['codeSession', usage.codeSessions, rates.perCodeSession],
    ['searchUnit', usage.searchUnits, rates.perSearchUnit],
    ['image', usage.images, rates.perImage],
    ['character', usage.characters, rates.perCharacter],
    ['audio', milliseconds, rates.perAudioHour],
  ];
}

/**
 * Counts every token once, at the rate of the narrowest kind that has one (as genai-prices does). If two kinds
 * are priced and their overlap was not reported (cached audio), the overlap is deducted from the media.
 */
function inputTerms(usage: Usage, rates: TokenRates): Term[] {
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
    ['input', room, rates.input ?? 0],
    ['cachedAudio', cachedAudio, rates.cachedAudio ?? 0],
    ['cachedImage', cachedImage, rates.cachedImage ?? 0],
    ['cacheRead', cached, rates.cacheRead ?? 0],
    ['cacheWrite1h', write1h, rates.cacheWrite1h ?? 0],
    ['cacheWrite', write, rates.cacheWrite ?? 0],
    ['inputAudio', audio, rates.inputAudio ?? 0],
    ['inputImage', image, rates.inputImage ?? 0],
    ['inputVideo', video, rates.inputVideo ?? 0],
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
    ['output', rest, rates.output ?? 0],
    ['reasoning', reasoning, rates.reasoning ?? 0],
    ['citation', citation, rates.citation ?? 0],
    ['outputAudio', audio, rates.outputAudio ?? 0],
    ['outputImage', image, rates.outputImage ?? 0],
  ];
}
