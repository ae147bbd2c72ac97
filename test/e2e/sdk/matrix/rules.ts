// How a provider's refusals are written down: rules in the order in which they are checked.
import type { Json, Wire } from './wire.ts';

/** What is refused: the message, or null where the request is in order. */
export type Rule = (body: Json, model: string) => string | null;

/** The first refusal. */
export function firstRefusal(rules: readonly Rule[], body: Json, model: string): string | null {
  for (const rule of rules) {
    const message = rule(body, model);
    if (message !== null) return message;
  }
  return null;
}

/** Content as a list of blocks. */
export const blocksOf = (content: Wire): Json[] => (Array.isArray(content) ? content : []);

/** The schema and every schema inside it, `properties` and definitions apart from their names. */
export function everySchema(schema: Wire): Json[] {
  if (schema === null || typeof schema !== 'object') return [];
  const { properties = {}, $defs = {}, items, anyOf = [], allOf = [], oneOf = [], prefixItems = [] } = schema;
  const inner = [
    ...Object.values(properties),
    ...Object.values($defs),
    items,
    ...anyOf,
    ...allOf,
    ...oneOf,
    ...prefixItems,
  ];
  return [schema, ...inner.flatMap(everySchema)];
}

/** The first value that comes twice. */
export const firstTwice = (values: readonly string[]) =>
  values.find((value, index) => values.indexOf(value) !== index);
