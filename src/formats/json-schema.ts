// JSON Schema as callers write it, in any dialect, brought into one form (draft 2020-12), and the parts that the rewriters
// for single targets have in common. https://json-schema.org/draft/2020-12
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';

const mapKeywords = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const listKeywords = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const singleKeywords = new Set([
  ...['items', 'additionalProperties', 'additionalItems', 'unevaluatedItems', 'unevaluatedProperties'],
  ...['not', 'if', 'then', 'else', 'contains', 'propertyNames'],
]);

/** The value of a keyword with each schema directly inside it rewritten; `true`, any value, is an empty schema. */
export function mapInside(key: string, value: unknown, rewrite: (schema: JsonObject) => JsonObject): unknown {
  const one = (inner: unknown) => (isObject(inner) ? rewrite(inner) : inner);
  const inMap = (inner: unknown) => one(inner === true ? {} : inner);
  if (mapKeywords.has(key) && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inMap(inner)]));
  if (listKeywords.has(key) && Array.isArray(value)) return value.map(inMap);
  return singleKeywords.has(key) ? one(value) : value;
}

/** Schemas directly inside. */
export function schemasInside(schema: JsonObject): JsonObject[] {
  return Object.entries(schema).flatMap(([key, value]) => {
    if (mapKeywords.has(key) && isObject(value)) return Object.values(value).filter(isObject);
    if (listKeywords.has(key) && Array.isArray(value)) return value.filter(isObject);
    return singleKeywords.has(key) && isObject(value) ? [value] : [];
  });
}

/** Returns the schemas without duplicates. */
export function distinctSchemas(schemas: readonly JsonObject[]): JsonObject[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

/** Keywords whose value may be null. */
const nullKeywords = new Set(['const', 'default', 'example']);

/**
 * The schema in the form of draft 2020-12: no members that are null (Messages allows `properties: null`), no
 * `type_unspecified` (Google), tuples as `prefixItems`, exclusive bounds as numbers. A normal schema comes out equal.
 */
export function normalSchema(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (value === null && !nullKeywords.has(key)) return [];
    if (key === 'type') return normalType(value);
    if (key === 'items' && Array.isArray(value))
      return [['prefixItems', mapInside('prefixItems', value, normalSchema)]];
    if (key === 'exclusiveMinimum' || key === 'exclusiveMaximum') return normalBound(schema, key, value);
    if ((key === 'minimum' || key === 'maximum') && schema[exclusiveOf[key]] === true) return [];
    return [[key, mapInside(key, value, normalSchema)]];
  });
  return Object.fromEntries(entries);
}

const exclusiveOf = { minimum: 'exclusiveMinimum', maximum: 'exclusiveMaximum' } as const;

/** Draft 4 had a switch beside the bound. */
function normalBound(
  schema: JsonObject,
  key: 'exclusiveMinimum' | 'exclusiveMaximum',
  value: unknown,
): [string, unknown][] {
  if (typeof value !== 'boolean') return [[key, value]];
  const bound = schema[key === 'exclusiveMinimum' ? 'minimum' : 'maximum'];
  return value && typeof bound === 'number' ? [[key, bound]] : [];
}

function normalType(value: unknown): [string, unknown][] {
  const isUnspecified = (one: unknown) => typeof one === 'string' && /^type_unspecified$/i.test(one);
  if (!Array.isArray(value)) return isUnspecified(value) ? [] : [['type', value]];
  const types = value.filter((one) => !isUnspecified(one));
  return types.length === 0 ? [] : [['type', types]];
}

/** Renames `definitions`, the older name, to `$defs`, with the references to them. */
export function withDefs(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === '$ref' && typeof value === 'string')
      return [key, value.replace(/^#\/definitions\//, '#/$defs/')];
    if (key === '$defs' || key === 'definitions') {
      const both = { ...asObject(schema.definitions), ...asObject(schema.$defs) };
      return ['$defs', mapInside('$defs', both, withDefs)];
    }
    return [key, mapInside(key, value, withDefs)];
  });
  return Object.fromEntries(entries);
}

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The types that a schema names or that its keywords are about; empty where any value is meant. */
export function typesOf(schema: JsonObject): string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((one) => typeof one === 'string');
  const has = (...keys: string[]) => keys.some((key) => schema[key] !== undefined);
  if (has('properties', 'required', 'additionalProperties', 'patternProperties')) return ['object'];
  if (has('items', 'prefixItems', 'minItems', 'maxItems')) return ['array'];
  if (has('pattern', 'minLength', 'maxLength')) return ['string'];
  return has('minimum', 'maximum', 'multipleOf') ? ['number'] : [];
}

/** Adds unsupported keywords to the description, as Anthropic's SDK does: `{minimum: 1}`. */
export function withDescribed(schema: JsonObject, described: readonly [string, unknown][]): JsonObject {
  if (described.length === 0) return schema;
  const words = described.map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const description = typeof schema.description === 'string' ? [schema.description] : [];
  return { ...schema, description: [...description, `{${words.join(', ')}}`].join(' ') };
}
