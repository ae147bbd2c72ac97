// JSON Schema as Claude's structured outputs and strict tools take it. Every object is closed, and constraints that are
// not enforced move into the description, as in the official SDKs (transformJSONSchema of @anthropic-ai/sdk 1.12.0).
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations, read 2026-11
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import { normalSchema, schemasInside, typesOf } from '../json-schema.ts';
import { isUnbounded } from '../json-schema-merge.ts';
import { isPlainPattern, isPrimitive, rewriteSchema, type SchemaSubset } from '../json-schema-rewrite.ts';
import { objectRoot } from '../json-schema-root.ts';

const taken = new Set(
  'type title description default properties required additionalProperties items anyOf'.split(' '),
);
const formats = new Set('date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '));

const subset: SchemaSubset = {
  closesObjects: true,
  constAsEnum: false,
  tuples: false,
  takesLiteral: isPrimitive,
  takes(key, value) {
    switch (key) {
      case 'const':
        return isPrimitive(value);
      case 'format':
        return typeof value === 'string' && formats.has(value);
      case 'pattern':
        return isPlainPattern(value);
      case 'minItems':
        return value === 0 || value === 1;
      default:
        return taken.has(key);
    }
  },
};

/** The schema, rewritten. */
export function claudeSchema(schema: JsonObject): JsonObject {
  return rewriteSchema(schema, subset);
}

/** Whether a grammar can be made of an answer's schema: recursive ones and references elsewhere are refused. */
export function canConstrain(schema: JsonObject): boolean {
  return !isUnbounded(schema);
}

/** The schema of a tool's input as Claude takes it where it is not strict: an object, with no union at its root. */
export function toolSchema(parameters: JsonObject | null): JsonObject {
  return parameters === null ? { type: 'object', properties: {} } : objectRoot(normalSchema(parameters));
}

/**
 * The schema of a strict tool; null where closing its objects would forbid what it means to allow (members of any name,
 * any value at all), or no grammar can be made of it: such a tool cannot be strict.
 */
export function strictToolSchema(schema: JsonObject): JsonObject | null {
  if (isUnbounded(schema) || isOpen(schema)) return null;
  return claudeSchema(schema);
}

function isOpen(schema: JsonObject): boolean {
  const {
    additionalProperties,
    properties,
    patternProperties,
    $ref,
    anyOf,
    oneOf,
    allOf,
    enum: values,
  } = schema;
  const types = typesOf(schema);
  const isAny = [$ref, anyOf, oneOf, allOf, values, schema.const].every((word) => word === undefined);
  if (types.length === 0 && isAny) return true;
  if (types.includes('object')) {
    if (isObject(additionalProperties) || additionalProperties === true || isObject(patternProperties))
      return true;
    const isEmpty = !isObject(properties) || Object.keys(properties).length === 0;
    if (isEmpty && isAny && additionalProperties !== false) return true;
  }
  return valueSchemas(schema).some(isOpen);
}

/** Schemas of values. Members of `allOf` only add to their siblings. */
function valueSchemas({
  allOf,
  not: _,
  if: __,
  then: ___,
  else: ____,
  propertyNames: _____,
  ...schema
}: JsonObject): JsonObject[] {
  return [
    ...schemasInside(schema),
    ...(Array.isArray(allOf) ? allOf.filter(isObject).flatMap(valueSchemas) : []),
  ];
}

/** How much of Claude's budget for strict schemas a request uses. */
export interface StrictLoad {
  tools: number;
  optionalMembers: number;
  unions: number;
}

/** Across all strict schemas of a request; more is a 400 ("Schema complexity limits" of the same page). */
export const maximumStrictLoad: StrictLoad = { tools: 20, optionalMembers: 24, unions: 16 };

/** What one strict tool adds. */
export function strictLoadOf(schema: JsonObject): StrictLoad {
  const own = { tools: 1, optionalMembers: optionalMembersOf(schema), unions: isUnion(schema) ? 1 : 0 };
  const inside = schemasInside(schema).map((inner) => ({ ...strictLoadOf(inner), tools: 0 }));
  return inside.reduce(addLoads, own);
}

export function addLoads(one: StrictLoad, other: StrictLoad): StrictLoad {
  return {
    tools: one.tools + other.tools,
    optionalMembers: one.optionalMembers + other.optionalMembers,
    unions: one.unions + other.unions,
  };
}

function optionalMembersOf({ properties, required }: JsonObject): number {
  const needed = Array.isArray(required) ? required : [];
  return isObject(properties) ? Object.keys(properties).filter((name) => !needed.includes(name)).length : 0;
}

function isUnion({ type, anyOf }: JsonObject): boolean {
  return Array.isArray(anyOf) || (Array.isArray(type) && type.length > 1);
}
