// Published prices that genai-prices 0.1.8 lacks, for endpoints of the relay. Only flat prices that do not depend
// on sizes or qualities (so no dall-e). Each group names its page, and where and when it was last read. A model
// that is neither there nor here has no price until an administrator sets one.
import { freeRates, mapTokenRates, picoEach, type Rates, type TokenRates } from './rates.ts';

/** The provider that the price belongs to. */
type ExtraProvider = 'openai' | 'cohere' | 'voyage';

interface Extra {
  usdPerMillionTokens?: number;
  usdPerMillionOutputTokens?: number;
  usdPerThousandSearches?: number;
  usdPerMillionCharacters?: number;
}

const extras: Record<ExtraProvider, Record<string, Extra>> = {
  // https://developers.openai.com/api/docs/pricing. Speech: $15 and $30 per million characters (2025-05, and of
  // tts-1 again 2026-06-07, through tds.s-anand.net and llmreference.com). Base models: $2 and $0.40
  // (2025-10, not read again).
  openai: {
    'tts-1': { usdPerMillionCharacters: 15 },
    'tts-1-1106': { usdPerMillionCharacters: 15 },
    'tts-1-hd': { usdPerMillionCharacters: 30 },
    'tts-1-hd-1106': { usdPerMillionCharacters: 30 },
    'davinci-002': { usdPerMillionTokens: 2, usdPerMillionOutputTokens: 2 },
    'babbage-002': { usdPerMillionTokens: 0.4, usdPerMillionOutputTokens: 0.4 },
  },
  // https://cohere.com/pricing, which on 2026-10-18 named no price by use for rerankers or embed v3 any more
  // (developersdigest.tech); these are the last that were published: $2 per 1,000 searches, Rerank 4 Pro $2.50
  // (2026-06, developer.puter.com), embed v3 $0.10 (getmaxim.ai, 2026).
  cohere: {
    'rerank-v4.0-pro': { usdPerThousandSearches: 2.5 },
    'rerank-v4.0-fast': { usdPerThousandSearches: 2 },
    'rerank-v3.5': { usdPerThousandSearches: 2 },
    'rerank-english-v3.0': { usdPerThousandSearches: 2 },
    'rerank-multilingual-v3.0': { usdPerThousandSearches: 2 },
    'embed-english-v3.0': { usdPerMillionTokens: 0.1 },
    'embed-english-light-v3.0': { usdPerMillionTokens: 0.1 },
    'embed-multilingual-v3.0': { usdPerMillionTokens: 0.1 },
  },
  // https://docs.voyageai.com/docs/pricing: $0.05 and, lite, $0.02 per million tokens (2026-07, through
  // openrouter.ai/voyageai, vercel.com/ai-gateway and getmaxim.ai, which agree).
  voyage: {
    'rerank-3': { usdPerMillionTokens: 0.05 },
    'rerank-3-lite': { usdPerMillionTokens: 0.02 },
    'rerank-2.5': { usdPerMillionTokens: 0.05 },
    'rerank-2.5-lite': { usdPerMillionTokens: 0.02 },
    'rerank-2': { usdPerMillionTokens: 0.05 },
    'rerank-2-lite': { usdPerMillionTokens: 0.02 },
  },
};

/** Returns the published price of exactly that model, or null. */
export function extraRates(provider: string, model: string): Rates | null {
  const known = Object.hasOwn(extras, provider) ? extras[provider as ExtraProvider] : {};
  const extra = Object.hasOwn(known, model) ? known[model] : undefined;
  if (extra === undefined) return null;
  return {
    ...freeRates('published'),
    base: {
      input: picoEach(extra.usdPerMillionTokens ?? 0, 1_000_000),
      output: picoEach(extra.usdPerMillionOutputTokens ?? 0, 1_000_000),
    },
    perSearchUnit: picoEach(extra.usdPerThousandSearches ?? 0, 1_000),
    perCharacter: picoEach(extra.usdPerMillionCharacters ?? 0, 1_000_000),
  };
}

/** Returns the models of a provider that have a price here. */
export function extraModels(provider: string): string[] {
  return Object.hasOwn(extras, provider) ? Object.keys(extras[provider as ExtraProvider]) : [];
}

/**
 * One-hour cache writes cost twice the input on every cloud that offers them, but the table has them only for
 * Anthropic itself. https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing (2026-11).
 */
export function withHourWrites(rates: Rates): Rates {
  const added = (of: TokenRates): TokenRates =>
    of.cacheWrite === undefined || of.cacheWrite1h !== undefined ? of : { ...of, cacheWrite1h: of.input * 2 };
  return {
    ...rates,
    base: added(rates.base),
    tiers: rates.tiers.map((tier) => ({ ...tier, rates: added(tier.rates) })),
  };
}

/**
 * Vertex charges 10 % more in locations that are not global, from Claude 4.5 on. Bedrock does the same, but its
 * models' names say so, and the table has them.
 * https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai#global-vs-regional-endpoints
 * (2026-11).
 */
export function atLocation(rates: Rates, model: string, location: string): Rates {
  const isPriced = model.includes('claude') && rates.source !== 'override';
  if (!isPriced || location === 'global' || olderClaude.test(model)) return rates;
  return mapTokenRates(rates, (pico) => Math.round((pico * 11) / 10));
}

/** Matches models before 4.5: `claude-3-…`, `claude-opus-4@…`, `claude-opus-4-1@…`. */
const olderClaude = /claude-(?:[123]\b|[a-z]+-[123]\b|[a-z]+-4(?:-[01])?(?:@|$|-\d{8}))/;
