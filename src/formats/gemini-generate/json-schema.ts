// Google's Schema objects (types in capitals, `nullable`, numbers as strings) as JSON Schema.
// https://ai.google.dev/api/caching#Schema
import { isObject } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';

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

/** What Gemini's JSON Schema mode knows; other words are refused or ignored, so they are left out. */
const known = new Set(
  (
    '$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems minimum maximum ' +
    'anyOf oneOf properties additionalProperties required propertyOrdering'
  ).split(' '),
);

/**
 * JSON Schema as `parametersJsonSchema` and `responseJsonSchema` take it: `const` becomes an `enum`, `allOf` of one
 * is unwrapped, `definitions` are `$defs`. https://ai.google.dev/gemini-api/docs/structured-output#json_schema_support
 */
export function geminiSchema(schema: JsonObject): JsonObject {
  const { const: constant, allOf, definitions, ...rest } = schema;
  const [only, ...others] = Array.isArray(allOf) ? allOf : [];
  const base = isObject(only) && others.length === 0 ? { ...rest, ...only } : rest;
  const entries = Object.entries(base)
    .filter(([key]) => known.has(key))
    .map(([key, value]): [string, unknown] => [key, key === '$ref' ? refOf(value) : written(key, value)]);
  return {
    ...Object.fromEntries(entries),
    ...(constant !== undefined && { enum: [constant] }),
    ...(isObject(definitions) && { $defs: eachWritten(definitions) }),
  };
}

function refOf(value: unknown): unknown {
  return typeof value === 'string' ? value.replace('#/definitions/', '#/$defs/') : value;
}

function written(key: string, value: unknown): unknown {
  if (key === 'properties' || key === '$defs') return isObject(value) ? eachWritten(value) : value;
  if (key === 'anyOf' || key === 'oneOf' || key === 'prefixItems')
    return Array.isArray(value) ? value.map((one) => (isObject(one) ? geminiSchema(one) : one)) : value;
  if (key === 'items' || key === 'additionalProperties') return isObject(value) ? geminiSchema(value) : value;
  return value;
}

function eachWritten(schemas: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, one]) => [name, isObject(one) ? geminiSchema(one) : one]),
  );
}
