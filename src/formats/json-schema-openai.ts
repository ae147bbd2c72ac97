// JSON Schema as OpenAI takes it: parameters of functions, structured answers, and strict mode's subset.
// https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas, read 2026-11
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { distinctSchemas, mapInside, normalSchema, schemasInside, typesOf } from './json-schema.ts';
import { isPlainPattern, rewriteSchema, type SchemaSubset } from './json-schema-rewrite.ts';
import { objectRoot, rootKind, type WrappedSchema, wrapRoot } from './json-schema-root.ts';
import type { ResponseFormat } from './neutral.ts';

/**
 * Returns the parameters of a function. The root must be an object, and every array must have items ("array schema
 * missing items", https://github.com/PrefectHQ/fastmcp/issues/2464, 2025-11). No arguments (null, or a schema without a
 * type) are `{}`.
 */
export function openaiParameters(parameters: JsonObject | null): JsonObject {
  if (parameters === null) return { type: 'object', properties: {} };
  const root = withItems(objectRoot(normalSchema(parameters)));
  return isObject(root.properties) ? root : { ...root, properties: {} };
}

/** Items of a tuple may be any of its members, those of an array without items anything. */
function withItems(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).map(([key, value]) => [key, mapInside(key, value, withItems)]);
  const rewritten: JsonObject = Object.fromEntries(entries);
  if (!typesOf(rewritten).includes('array') || isObject(rewritten.items)) return rewritten;
  const { prefixItems } = rewritten;
  const members = Array.isArray(prefixItems) ? prefixItems.filter(isObject) : [];
  const [only = {}, ...others] = distinctSchemas(members);
  return { ...rewritten, items: others.length === 0 ? only : { anyOf: [only, ...others] } };
}

const taken = new Set(
  (
    'type title description properties required additionalProperties items anyOf enum const minItems maxItems minimum ' +
    'maximum exclusiveMinimum exclusiveMaximum multipleOf'
  ).split(' '),
);
const formats = new Set('date-time time date duration email hostname ipv4 ipv6 uuid'.split(' '));

const strictSubset: SchemaSubset = {
  // Who did not close an object may mean it to be open: such a schema is not strict.
  closesObjects: false,
  constAsEnum: false,
  tuples: false,
  takesLiteral: () => true,
  takes(key, value) {
    if (key === 'format') return typeof value === 'string' && formats.has(value);
    return key === 'pattern' ? isPlainPattern(value) : taken.has(key);
  },
};

/** The schema for strict mode; null for one that strict mode would refuse. */
export function strictSchema(schema: JsonObject): JsonObject | null {
  const rewritten = rewriteSchema(schema, strictSubset);
  return isStrictSchema(rewritten) ? rewritten : null;
}

/** Whether every object forbids further members and requires all that it has. */
function isStrictSchema(schema: JsonObject): boolean {
  const { properties, required, additionalProperties } = schema;
  if (isObject(properties) || schema.type === 'object') {
    const names = Object.keys(isObject(properties) ? properties : {});
    const needed = Array.isArray(required) ? required : [];
    if (additionalProperties !== false || names.some((name) => !needed.includes(name))) return false;
  }
  return schemasInside(schema).every(isStrictSchema);
}

/** A structured answer's schema as it is sent. */
export interface OpenaiAnswerSchema {
  schema: JsonObject;
  strict: boolean;
  /** Set if the answer comes inside an object, which OpenAI requires at the root. */
  wrapped: WrappedSchema | null;
}

export function openaiAnswerSchema(
  format: Extract<ResponseFormat, { type: 'json-schema' }>,
): OpenaiAnswerSchema {
  const wrapped = rootKind(format.schema) === 'object' ? null : wrapRoot(format.schema);
  const schema = normalSchema(wrapped?.schema ?? format.schema);
  const strict = format.strict ? strictSchema(schema) : null;
  return { schema: strict ?? schema, strict: strict !== null, wrapped };
}
