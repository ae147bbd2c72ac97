// What the table lacks of Claude's prices at other clouds. Pure.
import { mapTokenRates, type Rates, type TokenRates } from './rates.ts';

/**
 * Writes into a cache for an hour cost twice the input, at every cloud that has them; the table has them of Anthropic's own
 * only. https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing (2026-11).
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
 * Vertex asks a tenth more where the location is no global one, from Claude 4.5 on. Bedrock does the same, but its
 * models' names say it, and the table knows them.
 * https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai#global-vs-regional-endpoints (2026-11).
 */
export function atLocation(rates: Rates, model: string, location: string): Rates {
  const isPriced = model.includes('claude') && rates.source !== 'override';
  if (!isPriced || location === 'global' || olderClaude.test(model)) return rates;
  return mapTokenRates(rates, (pico) => Math.round((pico * 11) / 10));
}

/** `claude-3-…`, `claude-opus-4@…`, `claude-opus-4-1@…`: those of before 4.5. */
const olderClaude = /claude-(?:[123]\b|[a-z]+-[123]\b|[a-z]+-4(?:-[01])?(?:@|$|-\d{8}))/;
