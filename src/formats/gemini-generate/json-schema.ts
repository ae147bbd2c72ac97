// Google's Schema objects (types in capitals, `nullable`, numbers as strings) as JSON Schema.
// https://ai.google.dev/api/caching#Schema
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import { normalSchema } from '../json-schema.ts';
import { rewriteSchema, type SchemaSubset } from '../json-schema-rewrite.ts';
import { objectRoot } from '../json-schema-root.ts';

const countNames = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);
const wordsOfGoogle = new Set(['nullable', 'propertyOrdering', 'example']);

/** Idempotent: JSON Schema comes out as it went in. */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema)
    .filter(([key]) => !wordsOfGoogle.has(key))
    .map(([key, value]): [string, unknown] => [key, read(key, value)]);
  const read1 = Object.fromEntries(entries);
  return schema.nullable === true ? nullable(read1) : read1;
}

function nullable(schema: Record<string, unknown>): JsonObject {
  if (typeof schema.type === 'string') {
    const values =
      Array.isArray(schema.enum) && !schema.enum.includes(null) ? { enum: [...schema.enum, null] } : {};
    return { ...schema, type: [schema.type, 'null'], ...values };
  }
  return { anyOf: [schema, { type: 'null' }] };
}

function read(key: string, value: unknown): unknown {
  if (key === 'type') return typeof value === 'string' ? value.toLowerCase() : value;
  if (countNames.has(key)) return typeof value === 'string' ? Number(value) : value;
  if (key === 'properties' || key === '$defs') return isObject(value) ? eachOf(value) : value;
  if (key === 'items' || key === 'additionalProperties') return isObject(value) ? jsonSchemaOf(value) : value;
  if (key === 'anyOf' || key === 'oneOf' || key === 'prefixItems')
    return Array.isArray(value) ? value.map((one) => (isObject(one) ? jsonSchemaOf(one) : one)) : value;
  return value;
}

function eachOf(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, isObject(one) ? jsonSchemaOf(one) : one]),
  );
}

/** What Gemini's JSON Schema mode supports. Other keywords are refused or ignored. */
const known = new Set(
  (
    '$id $anchor type format title description items prefixItems minItems maxItems minimum maximum ' +
    'anyOf properties additionalProperties propertyOrdering'
  ).split(' '),
);

const subset: SchemaSubset = {
  closesObjects: false,
  constAsEnum: true,
  tuples: true,
  takes: (key) => known.has(key),
  // "enum[0]: cannot be empty" (seen 2026-11)
  takesLiteral: (value) => (typeof value === 'string' && value !== '') || typeof value === 'number',
};

/**
 * Returns a JSON Schema as `parametersJsonSchema` and `responseJsonSchema` take it. Unsupported keywords move into the
 * description. "If `$ref` is set on a sub-schema, no other properties, except for than those starting as a `$`, may be
 * set." https://ai.google.dev/api/generate-content#generationconfig, read 2026-11
 */
export function geminiSchema(schema: JsonObject): JsonObject {
  return rewriteSchema(schema, subset);
}

/** The parameters of a function: an object, with no union at its root. */
export function geminiParameters(parameters: JsonObject): JsonObject {
  return geminiSchema(objectRoot(normalSchema(parameters)));
}
