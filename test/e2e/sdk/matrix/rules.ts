// Evaluates a provider's refusals: rules in the order in which they are checked.
import type { Json, Wire } from './wire.ts';

/** Returns the message of a refusal, or null if the request is valid. */
export type Rule = (body: Json, model: string) => string | null;

/** Returns the first refusal. */
export function firstRefusal(rules: readonly Rule[], body: Json, model: string): string | null {
  for (const rule of rules) {
    const message = rule(body, model);
    if (message !== null) return message;
  }
  return null;
}

/** Returns content as a list of blocks. */
export const blocksOf = (content: Wire): Json[] => (Array.isArray(content) ? content : []);

/** Returns the schema and every schema inside it; names in `properties` and definitions are not schemas. */
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

/** Returns the first value that occurs twice. */
export const firstTwice = (values: readonly string[]) =>
  values.find((value, index) => values.indexOf(value) !== index);
