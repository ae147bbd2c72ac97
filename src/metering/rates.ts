// The prices of a model, as exact integers. price-table.ts (genai-prices, published prices) and price-override.ts
// provide rates; price.ts applies them.

/**
 * Pico-USD (10^-12 USD) per token, by kind of token. One USD per million tokens is 1,000,000. An absent kind has
 * no price of its own: its tokens cost what the kind that contains it costs (in the end `input`, `output`).
 */
export interface TokenRates {
  input: number;
  output: number;
  cacheRead?: number;
  cacheWrite?: number;
  cacheWrite1h?: number;
  reasoning?: number;
  citation?: number;
  inputAudio?: number;
  cachedAudio?: number;
  outputAudio?: number;
  inputImage?: number;
  cachedImage?: number;
  outputImage?: number;
  inputVideo?: number;
}

/** Other token rates for the whole request, once its input is longer than this. */
interface RateTier {
  aboveInputTokens: number;
  rates: TokenRates;
}

/** All rates of a model. Besides tokens, in pico-USD each; 0 is free. */
export interface Rates {
  /** Where they come from, for the log and for people. */
  source: 'override' | 'table' | 'published';
  base: TokenRates;
  /** Ascending by aboveInputTokens. */
  tiers: readonly RateTier[];
  perRequest: number;
  perWebSearch: number;
  perPreviewWebSearch: number;
  /** For a request with at least one web search (Gemini before 3 bills those, not searches). */
  perSearchedRequest: number;
  perMapSearch: number;
  /** The same for maps. */
  perMappedRequest: number;
  perFileSearch: number;
  perCodeSession: number;
  perSearchUnit: number;
  perImage: number;
  /** For text to speak. */
  perCharacter: number;
  perAudioHour: number;
  /** Audio is billed for at least this long (Groq: ten seconds). */
  minimumAudioMilliseconds: number;
}

/** Pico-USD in one USD. */
const picoPerUsd = 1_000_000_000_000;

/** Free in every way, from that source: a base to spread and fill in. */
export function freeRates(source: Rates['source']): Rates {
  return {
    source,
    base: { input: 0, output: 0 },
    tiers: [],
    perRequest: 0,
    perWebSearch: 0,
    perPreviewWebSearch: 0,
    perSearchedRequest: 0,
    perMapSearch: 0,
    perMappedRequest: 0,
    perFileSearch: 0,
    perCodeSession: 0,
    perSearchUnit: 0,
    perImage: 0,
    perCharacter: 0,
    perAudioHour: 0,
    minimumAudioMilliseconds: 0,
  };
}

/** Applies a function to the token rates in every tier. All other rates stay. */
export function mapTokenRates(rates: Rates, change: (picoEach: number) => number): Rates {
  const changed = (tokens: TokenRates): TokenRates => {
    const result = { ...tokens };
    for (const kind of Object.keys(tokens) as (keyof TokenRates)[]) result[kind] = change(tokens[kind] ?? 0);
    return result;
  };
  const tiers = rates.tiers.map((tier) => ({ ...tier, rates: changed(tier.rates) }));
  return { ...rates, base: changed(rates.base), tiers };
}

/** Returns the token rates for a request with that much input. */
export function ratesAt(rates: Rates, inputTokens: number): TokenRates {
  let found = rates.base;
  for (const tier of rates.tiers) if (inputTokens > tier.aboveInputTokens) found = tier.rates;
  return found;
}

/**
 * Converts USD for `units` of something to integer pico-USD for one. Prices are decimal fractions that a double
 * holds inexactly (0.18 + noise in the table): rounding to the pico removes the noise.
 */
export function picoEach(usd: number, units: number): number {
  return Math.round((usd * picoPerUsd) / units);
}
