// Checks that text from elsewhere is a price table to charge by: the shape that genai-prices works with, nothing
// that could throw or hang in a lookup, and the providers that a relay needs.
import type { MatchLogic, Provider } from '@pydantic/genai-prices';
import { isObject } from '../formats/json-reader.ts';

/** What is kept of a table: no descriptions, page addresses, or readers of answers. */
export type ProvidersOfTable = Provider[];

/** What is wrong with a table, or with how it arrived. */
export class TableFault extends Error {
  override name = 'TableFault';
}

/** Limits of a plausible table. */
const tableBounds = {
  providers: 1_000,
  modelsOfProvider: 10_000,
  patternCharacters: 2_000,
  matchDepth: 12,
  /** USD per million, per thousand, per hour: the most expensive model costs some hundreds. */
  price: 1_000_000,
  /** If one of these has fewer models, the table is not complete. */
  required: { openai: 20, anthropic: 8, google: 8 },
} as const;

/** Returns the table in that text. Throws TableFault, which names the fault and its place. */
export function readTable(text: string): ProvidersOfTable {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new TableFault('the table is no JSON');
  }
  const providers = listOf(parsed, 'the table', tableBounds.providers).map(providerOf);
  for (const [id, fewest] of Object.entries(tableBounds.required)) {
    const models = providers.find((provider) => provider.id === id)?.models.length ?? 0;
    if (models < fewest) throw new TableFault(`the table has ${models} models of ${id}`);
  }
  return providers;
}

function providerOf(value: unknown, index: number): Provider {
  if (!isObject(value)) throw new TableFault(`provider ${index} is no object`);
  const { fallback_model_providers, model_match, provider_match } = value;
  const id = textOf(value.id, `the id of provider ${index}`);
  const models = listOf(value.models, `the models of ${id}`, tableBounds.modelsOfProvider);
  const fallbacks =
    fallback_model_providers == null ? [] : listOf(fallback_model_providers, `fallbacks of ${id}`, 100);
  return {
    id,
    name: textOf(value.name, `the name of ${id}`),
    api_pattern: patternOf(value.api_pattern, `the address of ${id}`),
    ...(model_match != null && { model_match: matchOf(model_match, id) }),
    ...(provider_match != null && { provider_match: matchOf(provider_match, id) }),
    ...(fallbacks.length > 0 && { fallback_model_providers: fallbacks.map((name) => textOf(name, id)) }),
    models: models.map((model) => modelOf(model, id)),
  };
}

function modelOf(value: unknown, provider: string): Provider['models'][number] {
  if (!isObject(value)) throw new TableFault(`a model of ${provider} is no object`);
  const id = textOf(value.id, `the id of a model of ${provider}`);
  const where = `${provider} ${id}`;
  const prices = Array.isArray(value.prices)
    ? value.prices.map((entry: unknown) => {
        if (!isObject(entry)) throw new TableFault(`a price of ${where} is no object`);
        return { ...entry, prices: pricesOf(entry.prices, where) };
      })
    : pricesOf(value.prices, where);
  if (Array.isArray(prices) && prices.length === 0)
    throw new TableFault(`${where} has an empty list of prices`);
  return { id, match: matchOf(value.match, where), prices } as Provider['models'][number];
}

function pricesOf(value: unknown, where: string): Record<string, unknown> {
  if (!isObject(value)) throw new TableFault(`the prices of ${where} are no object`);
  for (const price of Object.values(value)) {
    if (!isObject(price)) checkPrice(price, where);
    else {
      checkPrice(price.base, where);
      for (const tier of listOf(price.tiers, `the tiers of ${where}`, 20)) {
        if (!isObject(tier) || typeof tier.start !== 'number')
          throw new TableFault(`a tier of ${where} is invalid`);
        checkPrice(tier.price, where);
      }
    }
  }
  return value;
}

function checkPrice(value: unknown, where: string): void {
  const isPrice = typeof value === 'number' && value >= 0 && value <= tableBounds.price;
  if (!isPrice) throw new TableFault(`${where} has an invalid price: ${JSON.stringify(value)}`);
}

function matchOf(value: unknown, where: string, depth = 0): MatchLogic {
  if (!isObject(value) || depth > tableBounds.matchDepth)
    throw new TableFault(`${where} is matched by nothing known`);
  const [[kind, operand] = [], ...others] = Object.entries(value);
  if (others.length > 0) throw new TableFault(`${where} is matched in two ways at once`);
  switch (kind) {
    case 'and':
    case 'or':
      for (const inner of listOf(operand, `a match of ${where}`, 1_000)) matchOf(inner, where, depth + 1);
      break;
    case 'regex':
      patternOf(operand, `a match of ${where}`);
      break;
    case 'equals':
    case 'starts_with':
    case 'ends_with':
    case 'contains':
      textOf(operand, `a match of ${where}`);
      break;
    default:
      throw new TableFault(`${where} is matched by nothing known`);
  }
  return value as MatchLogic;
}

function patternOf(value: unknown, what: string): string {
  const pattern = textOf(value, what);
  // Nested repetition makes patterns hang, and no pattern of the table needs it.
  if (/[+*}]\)[+*{]/.test(pattern)) throw new TableFault(`${what} repeats a repetition`);
  try {
    new RegExp(pattern);
  } catch {
    throw new TableFault(`${what} is no pattern`);
  }
  return pattern;
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '' || value.length > tableBounds.patternCharacters) {
    throw new TableFault(`${what} is no text`);
  }
  return value;
}

function listOf(value: unknown, what: string, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most)
    throw new TableFault(`${what} is no list, or too long a one`);
  return value;
}
