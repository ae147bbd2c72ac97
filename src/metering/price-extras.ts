// Published prices that genai-prices 0.1.8 does not have, for endpoints of the relay. Only flat ones, that
// do not depend on sizes or qualities (so no dall-e); each group with its page and the day it was last known
// to be right. A model that is neither there nor here is unpriced until an administrator sets a price.
import { freeRates, picoEach, type Rates } from './rates.ts';

/** Which of our providers the price belongs to. */
type ExtraProvider = 'openai' | 'cohere' | 'voyage';

interface Extra {
  usdPerMillionTokens?: number;
  usdPerThousandSearches?: number;
  usdPerMillionCharacters?: number;
}

const extras: Record<ExtraProvider, Record<string, Extra>> = {
  // https://platform.openai.com/docs/pricing, 2025-10
  openai: {
    'tts-1': { usdPerMillionCharacters: 15 },
    'tts-1-1106': { usdPerMillionCharacters: 15 },
    'tts-1-hd': { usdPerMillionCharacters: 30 },
    'tts-1-hd-1106': { usdPerMillionCharacters: 30 },
  },
  // https://cohere.com/pricing, 2025-10
  cohere: {
    'rerank-v3.5': { usdPerThousandSearches: 2 },
    'rerank-english-v3.0': { usdPerThousandSearches: 2 },
    'rerank-multilingual-v3.0': { usdPerThousandSearches: 2 },
    'embed-english-v3.0': { usdPerMillionTokens: 0.1 },
    'embed-multilingual-v3.0': { usdPerMillionTokens: 0.1 },
  },
  // https://docs.voyageai.com/docs/pricing, 2025-10
  voyage: {
    'rerank-2.5': { usdPerMillionTokens: 0.05 },
    'rerank-2.5-lite': { usdPerMillionTokens: 0.02 },
    'rerank-2': { usdPerMillionTokens: 0.05 },
    'rerank-2-lite': { usdPerMillionTokens: 0.02 },
  },
};

/** The published price of exactly that model; null when there is none here. */
export function extraRates(provider: string, model: string): Rates | null {
  const known = Object.hasOwn(extras, provider) ? extras[provider as ExtraProvider] : {};
  const extra = Object.hasOwn(known, model) ? known[model] : undefined;
  if (extra === undefined) return null;
  return {
    ...freeRates('published'),
    base: { input: picoEach(extra.usdPerMillionTokens ?? 0, 1_000_000), output: 0 },
    perSearchUnit: picoEach(extra.usdPerThousandSearches ?? 0, 1_000),
    perCharacter: picoEach(extra.usdPerMillionCharacters ?? 0, 1_000_000),
  };
}

/** The models of a provider that have a price here. */
export function extraModels(provider: string): string[] {
  return Object.hasOwn(extras, provider) ? Object.keys(extras[provider as ExtraProvider]) : [];
}
