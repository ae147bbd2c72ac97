// The one rewriter of JSON Schemas for targets that support a subset. Unsupported keywords become equivalent ones if
// possible (a union for oneOf, an enum for const, items for a tuple), and otherwise move into the description.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { distinctSchemas, mapInside, normalSchema, typesOf, withDefs, withDescribed } from './json-schema.ts';
import { mergeAllOf, mergeTwo, SchemaScope } from './json-schema-merge.ts';

/** A target's subset. */
export interface SchemaSubset {
  /** Whether the target takes the keyword with this value. */
  takes(key: string, value: unknown): boolean;
  /** Whether an enum may have this value. */
  takesLiteral(value: unknown): boolean;
  /** Every object must forbid further members. */
  closesObjects: boolean;
  /** A constant is an enum of one value. */
  constAsEnum: boolean;
  /** Tuples stay `prefixItems`. */
  tuples: boolean;
}

/** Keywords that restrict nothing and that no model needs. They are left out if a target does not support them. */
const silent = new Set([
  ...['$schema', '$id', '$anchor', '$comment', '$vocabulary', '$dynamicAnchor', 'title', 'deprecated'],
  ...['readOnly', 'writeOnly', 'propertyOrdering', 'additionalItems'],
]);

/** The schema as the target takes it. */
export function rewriteSchema(schema: JsonObject, subset: SchemaSubset): JsonObject {
  const root = withDefs(normalSchema(schema));
  const scope = new SchemaScope(root);
  const rewrite = (inner: JsonObject): JsonObject => rewriteNode(inner, subset, scope, rewrite);
  return rewrite(root);
}

function rewriteNode(
  schema: JsonObject,
  subset: SchemaSubset,
  scope: SchemaScope,
  rewrite: (schema: JsonObject) => JsonObject,
): JsonObject {
  const node = withItems(withUnion(mergeAllOf(schema, scope), scope), subset);
  const definitions = node.$defs === undefined ? {} : { $defs: mapInside('$defs', node.$defs, rewrite) };
  // No target takes siblings of a reference.
  if (typeof node.$ref === 'string') return { $ref: node.$ref, ...definitions };
  const described: [string, unknown][] = [];
  const supported: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(subset.constAsEnum ? withEnum(node) : node)) {
    if (key === '$defs') continue;
    if (key === 'enum') Object.assign(supported, enumOf(value, node, subset, described));
    else if (key === 'required') Object.assign(supported, requiredOf(node));
    else if (subset.takes(key, value)) supported[key] = mapInside(key, value, rewrite);
    else if (!silent.has(key) && !key.startsWith('x-')) described.push([key, value]);
  }
  return withDescribed({ ...supported, ...closing(node, subset), ...definitions }, described);
}

/** Returns the values that the target supports. null may be left out if the type includes it. */
function enumOf(
  values: unknown,
  node: JsonObject,
  subset: SchemaSubset,
  described: [string, unknown][],
): JsonObject {
  if (!Array.isArray(values)) return {};
  const taken = values.filter((value) => subset.takesLiteral(value));
  const isLoss = values.some((value) => !subset.takesLiteral(value) && value !== null);
  if (isLoss) described.push(['enum', values]);
  if (taken.length > 0) return { enum: taken };
  const type = node.type ?? typeOfLiteral(values[0]);
  return type === undefined ? {} : { type };
}

function typeOfLiteral(value: unknown): string | undefined {
  if (value === null) return 'null';
  return ['string', 'number', 'boolean'].find((type) => typeof value === type);
}

/** A name that no member has cannot be required: Gemini refuses it, a closed object could never have it. */
function requiredOf({ required, properties }: JsonObject): JsonObject {
  const names = isObject(properties) ? properties : {};
  const known = Array.isArray(required)
    ? required.filter((name) => typeof name === 'string' && Object.hasOwn(names, name))
    : [];
  return known.length > 0 || isObject(properties) ? { required: known } : {};
}

function closing(node: JsonObject, { closesObjects }: SchemaSubset): JsonObject {
  if (!closesObjects || !typesOf(node).includes('object')) return {};
  return { type: node.type ?? 'object', additionalProperties: false };
}

/** Writes `oneOf` as `anyOf`. Siblings of a union apply to each of its variants. */
function withUnion({ oneOf, ...node }: JsonObject, scope: SchemaScope): JsonObject {
  const anyOf = node.anyOf ?? oneOf;
  if (!Array.isArray(anyOf)) return node;
  const { anyOf: _, properties, required, additionalProperties, items, ...rest } = node;
  const beside = Object.fromEntries(
    Object.entries({ properties, required, additionalProperties, items }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const { type, ...words } = rest;
  const shared = { ...(type !== undefined && { type }), ...beside };
  const isShared = (variant: JsonObject) =>
    Object.keys(beside).length > 0 ||
    (type !== undefined && typesOf(variant).length === 0 && !isAlias(variant));
  return {
    ...words,
    ...(node.anyOf !== undefined && oneOf !== undefined && { oneOf }),
    anyOf: anyOf
      .filter(isObject)
      .map((variant) => (isShared(variant) ? mergeTwo(shared, variant, scope) : variant)),
  };
}

/** Whether the types of a schema are defined elsewhere. */
function isAlias({ $ref, anyOf, oneOf, allOf }: JsonObject): boolean {
  return [$ref, anyOf, oneOf, allOf].some((word) => word !== undefined);
}

/** A tuple as a list of anything that may be in it. */
function withItems(node: JsonObject, { tuples }: SchemaSubset): JsonObject {
  const { prefixItems, items } = node;
  if (tuples || !Array.isArray(prefixItems)) return node;
  const members = [...prefixItems, items].filter(isObject);
  const [only, ...others] = distinctSchemas(members);
  if (only === undefined) return node;
  return { ...node, items: others.length === 0 ? only : { anyOf: [only, ...others] } };
}

function withEnum(node: JsonObject): JsonObject {
  const { const: constant, ...rest } = node;
  return constant === undefined ? node : { ...rest, enum: [constant] };
}

export function isPrimitive(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}

/** Whether both grammars support the pattern: no lookaround, backreference, word boundary or Unicode class. */
export function isPlainPattern(pattern: unknown): boolean {
  return typeof pattern === 'string' && !/\(\?[^:]|\\[1-9bBkpPuAZ]/.test(pattern);
}
