// The prices of served models, for the page of models. Uses metering/, which also charges requests.
import { matches } from '../../lib/wildcard.ts';
import type { Rates } from '../../metering/price.ts';
import { type LiveChannel, upstreamNameOf } from '../../routing/catalog.ts';
import { listRates } from '../../routing/route-rates.ts';
import type { Price } from './price-form.tsx';

export interface Served {
  model: string;
  channels: string[];
  /** USD per million tokens. Null: tokens are not charged. */
  input: number | null;
  output: number | null;
  /** Charges besides tokens in every request: USD, by the name of the price. */
  others: (readonly [OtherPrice, number])[];
  source: 'own' | 'table' | 'none';
}

const otherRates = {
  request: ({ perRequest }) => perRequest / 1e12,
  search_unit: ({ perSearchUnit }) => perSearchUnit / 1e12,
  image: ({ perImage }) => perImage / 1e12,
  audio_hour: ({ perAudioHour }) => perAudioHour / 1e12,
  characters: ({ perCharacter }) => perCharacter / 1e6,
} as const satisfies Record<string, (rates: Rates) => number>;
type OtherPrice = keyof typeof otherRates;
const otherPrices = Object.keys(otherRates) as OtherPrice[];

/** Returns the models that channels name, each at the highest price of its channels, as requests are reserved. */
export function servedOf(live: readonly LiveChannel[], own: readonly Price[], at: Date): Served[] {
  const names = live.flatMap(({ models, modelMap }) => [...models, ...Object.keys(modelMap)]);
  return [...new Set(names)].sort().map((model) => {
    const serving = live.filter(
      ({ models, modelMap }) => models.includes(model) || Object.hasOwn(modelMap, model),
    );
    const channels = serving.map(({ name }) => name);
    const override = own.find((price) => price.model === model) ?? longestFitting(own, model);
    if (override !== undefined) return { model, channels, ...ofOverride(override), source: 'own' as const };
    const rates = serving.flatMap((channel) => {
      const upstream = upstreamNameOf(channel, model);
      return listRates(channel, upstream, at.getTime()) ?? [];
    });
    if (rates.length > 0) return { model, channels, ...ofRates(rates), source: 'table' as const };
    return { model, channels, input: null, output: null, others: [], source: 'none' as const };
  });
}

type Figures = Pick<Served, 'input' | 'output' | 'others'>;

function ofOverride(price: Price): Figures {
  return figuresOf(price.input, price.output, (name) => price[name] ?? 0);
}

function ofRates(rates: readonly Rates[]): Figures {
  const highest = (of: (rates: Rates) => number) => Math.max(...rates.map(of));
  return figuresOf(
    highest(({ base }) => base.input) / 1e6,
    highest(({ base }) => base.output) / 1e6,
    (name) => highest(otherRates[name]),
  );
}

function figuresOf(input: number, output: number, other: (name: OtherPrice) => number): Figures {
  const others = otherPrices.map((name) => [name, other(name)] as const).filter(([, usd]) => usd > 0);
  const hasTokens = input > 0 || output > 0 || others.length === 0;
  return hasTokens ? { input, output, others } : { input: null, output: null, others };
}

function longestFitting(own: readonly Price[], model: string): Price | undefined {
  return own
    .filter((price) => matches(price.model, model))
    .sort((one, other) => other.model.length - one.model.length)[0];
}
