// Claude's prices on other clouds that the table lacks. Pure.
import { mapTokenRates, type Rates, type TokenRates } from './rates.ts';

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
