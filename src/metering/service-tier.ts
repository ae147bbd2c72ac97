// How a service tier changes a price. Providers bill by the tier that an answer names, not the requested one. An
// administrator's own price applies to every tier. Contract tiers (Anthropic's priority, OpenAI's scale, Vertex's
// provisioned throughput) and unknown ones cost the standard price.
import type { PricedProvider } from './price-table.ts';
import { mapTokenRates, type Rates } from './rates.ts';

/** The terms that an answer was served on, in the provider's spelling. Null: not reported. */
export interface ServiceTerms {
  tier: string | null;
  /** Anthropic's inference_geo. */
  region: string | null;
}

/** The terms of an answer that reports none. */
export const standardTerms: ServiceTerms = { tier: null, region: null };

/** A factor as an exact fraction: [20, 11] is 20 / 11. */
type Factor = readonly [number, number];

/** By model name; the first match counts. */
type FactorRule = readonly [RegExp, Factor];

// https://openai.com/api-priority-processing/, read 2026-11 (a page of 2026-05 or later): each price on it is this
// multiple of the model's standard price, for input, cached input and output alike.
const openaiPriority: readonly FactorRule[] = [
  [/^gpt-5\.5/, [5, 2]],
  [/^gpt-5-mini/, [9, 5]],
  [/^gpt-4\.1-nano/, [2, 1]],
  [/^gpt-4\.1|^o3/, [7, 4]],
  [/^gpt-4o-mini/, [5, 3]],
  [/^gpt-4o-2024-05-13/, [7, 4]],
  [/^gpt-4o/, [17, 10]],
  [/^o4-mini/, [20, 11]],
  // Those of 5, 5.1, 5.2, 5.4 (mini and codex too). Newer ones are not on the page and assumed to be the same.
  [/./, [2, 1]],
];

// https://platform.claude.com/docs/en/build-with-claude/fast-mode, 2026-11, and openrouter.ai's pages of the
// -fast models (2026-04 to 2026-07): 6 times up to Opus 4.7, 2 times from Opus 4.8 on.
const anthropicFast: readonly FactorRule[] = [
  [/opus-4-[67]/, [6, 1]],
  [/./, [2, 1]],
];

/** Half of the standard price: https://developers.openai.com/api/docs/guides/flex-processing (batch rates). */
const half: Factor = [1, 2];

/** Returns the factor of token prices under the terms; 1/1 if they change nothing. */
export function tierFactor(provider: PricedProvider, model: string, terms: ServiceTerms): Factor {
  const tier = terms.tier?.toLowerCase() ?? '';
  const name = model.toLowerCase();
  switch (provider) {
    case 'openai':
    case 'azure':
      if (tier === 'flex' || tier === 'batch') return half;
      return tier === 'priority' ? ruled(openaiPriority, name) : [1, 1];
    case 'gemini':
      // https://ai.google.dev/gemini-api/docs/priority-inference: flex and batch half, priority 75 to 100 % more by
      // model, 1.8 times for most (docs.llmgateway.io/features/service-tiers, 2026).
      if (tier === 'flex' || tier === 'batch') return half;
      return tier === 'priority' ? [9, 5] : [1, 1];
    case 'anthropic':
      return anthropicFactor(tier, name, terms.region);
    default:
      return [1, 1];
  }
}

/** Returns token prices under those terms, to the nearest pico-USD. Tool fees are the same in every tier. */
export function atTerms(rates: Rates, provider: PricedProvider, model: string, terms: ServiceTerms): Rates {
  if (rates.source === 'override') return rates;
  const [times, over] = tierFactor(provider, model, terms);
  return times === over ? rates : mapTokenRates(rates, (pico) => Math.round((pico * times) / over));
}

/**
 * Returns the highest factor that a request can lead to: a tier may be refused, and the answer then comes in the
 * standard one. A default tier of the provider's project is not visible here.
 */
export function highestRequestedFactor(
  rates: Rates,
  provider: PricedProvider,
  model: string,
  request: Readonly<Record<string, unknown>>,
): Rates {
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const tier = request.speed === 'fast' ? 'fast' : text(request.service_tier ?? request.serviceTier);
  const terms = { tier, region: text(request.inference_geo) };
  const [times, over] = tierFactor(provider, model, terms);
  return times > over ? atTerms(rates, provider, model, terms) : rates;
}

/**
 * Batches cost half (https://platform.claude.com/docs/en/build-with-claude/batch-processing). Inference in the
 * US costs 1.1 times, from Opus 4.6 on; earlier models refuse the field
 * (https://platform.claude.com/docs/en/build-with-claude/data-residency, 2026; the factor itself is of 2026-02
 * and was not read again). The two factors multiply.
 */
function anthropicFactor(tier: string, name: string, region: string | null): Factor {
  const [times, over] = tier === 'fast' ? ruled(anthropicFast, name) : tier === 'batch' ? half : [1, 1];
  return region === 'us' ? [times * 11, over * 10] : [times, over];
}

function ruled(rules: readonly FactorRule[], name: string): Factor {
  return rules.find(([models]) => models.test(name))?.[1] ?? [1, 1];
}
