// A price that an administrator sets, and its rates. The catalog finds a model's override (routing/catalog.ts):
// its exact name first, else the longest matching wildcard.
import { freeRates, picoEach, type Rates, type TokenRates } from './rates.ts';

/**
 * A price that an administrator sets for a model. Tokens in USD per million; an absent kind costs what contains
 * it (cache_write_1h: cache_write; other input: input; other output: output). Everything else is free unless
 * set. 0 is free.
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
  /** USD per request. */
  request?: number | undefined;
  /** USD per web search that the provider ran, with any tool. */
  web_search?: number | undefined;
  /** USD per search on a map or in stored files; USD per container or run of code. */
  map_search?: number | undefined;
  file_search?: number | undefined;
  code_session?: number | undefined;
  /** USD per rerank search. */
  search_unit?: number | undefined;
  /** USD per image, where the provider counts images. */
  image?: number | undefined;
  /** USD per hour of audio, where the provider counts time. */
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

/** Returns the rates of a price override. Fractions of a pico-USD are rounded to the nearest. */
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
    perPreviewWebSearch: picoEach(override.web_search ?? 0, 1),
    perMapSearch: picoEach(override.map_search ?? 0, 1),
    perFileSearch: picoEach(override.file_search ?? 0, 1),
    perCodeSession: picoEach(override.code_session ?? 0, 1),
    perSearchUnit: picoEach(override.search_unit ?? 0, 1),
    perImage: picoEach(override.image ?? 0, 1),
    perAudioHour: picoEach(override.audio_hour ?? 0, 1),
    perCharacter: picoEach(override.characters ?? 0, 1_000_000),
  };
}
