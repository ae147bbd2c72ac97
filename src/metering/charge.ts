// What a row was charged at: every price that made its cost, with how often it was charged. It is stored with
// the row, so that a later price changes nothing of what was, and anyone can add it up again.
import type { OtherModelUsage } from '../formats/observation.ts';
import type { Usage } from '../formats/usage.ts';
import { costOfTerms, type PricedProvider, type Rates, type Term, termsOf } from './price.ts';
import { atTerms, type ServiceTerms } from './service-tier.ts';

/** One price of a charge: pico-USD each (`audio`: milliseconds, at pico-USD an hour). A model: not the row's own. */
export type ChargeItem = readonly [...Term, model?: string];

/** As it is stored. Members that say nothing are absent. */
export interface Charge {
  source: Rates['source'];
  /** The service tier that the upstream named, when it named one. */
  tier?: string;
  /** The group's, when it is not 1. */
  multiplier?: number;
  items: ChargeItem[];
}

/** What is to be charged: the answer's usage, and of other models what ran up on its behalf. */
export interface Charged {
  provider: PricedProvider;
  /** The upstream's name of it. */
  model: string;
  /** It is not the row's own model: its items say so. */
  isServedByOther?: boolean;
  usage: Usage;
  others: readonly OtherModelUsage[];
  terms: ServiceTerms;
  multiplier: number;
}

/**
 * The charge at those rates. A model that ran on the answer's behalf and has no price of its own
 * (`ratesOfOther` is null) costs what the answer's costs.
 */
export function chargeFor(
  charged: Charged,
  rates: Rates,
  ratesOfOther: (model: string) => Rates | null,
): Charge {
  const { provider, model, terms, multiplier } = charged;
  const ownTerms = termsOf(charged.usage, atTerms(rates, provider, model, terms));
  const own = charged.isServedByOther ? ownTerms.map((term): ChargeItem => [...term, model]) : ownTerms;
  const others = charged.others.flatMap(({ model: other, usage }) => {
    const itsRates = atTerms(ratesOfOther(other) ?? rates, provider, other, terms);
    return termsOf(usage, { ...itsRates, perRequest: 0 }).map((term): ChargeItem => [...term, other]);
  });
  return {
    source: rates.source,
    ...(terms.tier !== null && { tier: terms.tier }),
    ...(multiplier !== 1 && { multiplier }),
    items: [...own, ...others],
  };
}

/** The cost that a charge comes to, in whole nano-USD, rounded up once. */
export function costOfCharge({ items, multiplier = 1 }: Charge): number {
  return costOfTerms(
    items.map(([kind, count, picoEach]) => [kind, count, picoEach]),
    multiplier,
  );
}
