// What a row was charged: every price in its cost, with its quantity. Stored with the row, so that a later price
// changes nothing, and anyone can add it up again.
import type { OtherModelUsage } from '../formats/observation.ts';
import type { Usage } from '../formats/usage.ts';
import { costOfTerms, type PricedProvider, type Rates, type Term, termsOf } from './price.ts';
import { atTerms, type ServiceTerms } from './service-tier.ts';

/** One price of a charge: pico-USD each (`audio`: milliseconds, at pico-USD per hour). `model`: not the row's own. */
export type ChargeItem = readonly [...Term, model?: string];

/** The stored form. Members without information are absent. */
export interface Charge {
  source: Rates['source'];
  /** The service tier that the upstream named, if any. */
  tier?: string;
  /** The group's multiplier, if it is not 1. */
  multiplier?: number;
  items: ChargeItem[];
}

/** What is charged: the answer's usage, and what other models used on its behalf. */
export interface Charged {
  provider: PricedProvider;
  /** The upstream's name of the model. */
  model: string;
  /** Not the row's own model: its items name it. */
  isServedByOther?: boolean;
  usage: Usage;
  others: readonly OtherModelUsage[];
  terms: ServiceTerms;
  multiplier: number;
}

/**
 * Returns the charge at those rates. A model that worked for the answer and has no price of its own
 * (`ratesOfOther` is null) costs the answer's rates.
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

/** Returns the cost of a charge in whole nano-USD, rounded up once. */
export function costOfCharge({ items, multiplier = 1 }: Charge): number {
  return costOfTerms(
    items.map(([kind, count, picoEach]) => [kind, count, picoEach]),
    multiplier,
  );
}
