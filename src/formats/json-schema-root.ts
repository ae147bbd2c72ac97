// Roots of JSON Schemas. Every provider requires tool arguments to be an object without a union at its root, and some
// require it of structured answers. "input_schema does not support oneOf, allOf, or anyOf at the top level" (Anthropic,
// seen 2026-11); "Root objects must not be anyOf and must be an object"
// (https://developers.openai.com/api/docs/guides/structured-outputs, read 2026-11)
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { mapInside, typesOf, withDescribed } from './json-schema.ts';
import { mergeAllOf, SchemaScope } from './json-schema-merge.ts';

const rootWords = ['anyOf', 'oneOf', 'allOf', '$ref', 'enum', 'const', 'not'] as const;

/** The schema of a tool's arguments as one object. A union becomes the members of all its variants. */
export function objectRoot(schema: JsonObject): JsonObject {
  if (schema.type === 'object' && rootWords.every((word) => schema[word] === undefined)) return schema;
  const scope = new SchemaScope(schema);
  const { $defs, definitions } = schema;
  const root = mergeAllOf(scope.expand(schema), scope);
  const { anyOf, oneOf, enum: values, const: constant, not, $ref: ref, ...rest } = root;
  const described = Object.entries({ enum: values, const: constant, not, $ref: ref });
  const variants = variantsOf([anyOf, oneOf], scope);
  const merged = variants.length === 0 ? rest : mergeVariants(rest, variants);
  const object = {
    ...merged,
    type: 'object',
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  };
  return withDescribed(
    object,
    described.filter(([, value]) => value !== undefined),
  );
}

/** Unions inside unions are followed this far: a variant may lead back to its own union. */
const maximumUnionDepth = 8;

/** The objects among the variants, those of unions inside unions too. */
function variantsOf(unions: readonly unknown[], scope: SchemaScope, depth = 1): JsonObject[] {
  if (depth > maximumUnionDepth) return [];
  const listed = unions.flatMap((union) => (Array.isArray(union) ? union.filter(isObject) : []));
  return listed.flatMap((variant) => {
    const { anyOf, oneOf, ...rest } = mergeAllOf(scope.expand(variant), scope);
    const inner = variantsOf([anyOf, oneOf], scope, depth + 1);
    if (inner.length > 0) return inner;
    const types = typesOf(rest);
    return types.length === 0 || types.includes('object') ? [rest] : [];
  });
}

function mergeVariants(root: JsonObject, variants: readonly JsonObject[]): JsonObject {
  const names = [...new Set(variants.flatMap((variant) => Object.keys(propertiesOf(variant))))];
  const properties = Object.fromEntries(
    names.map((name) => [name, unionOf(variants.flatMap((variant) => propertiesOf(variant)[name] ?? []))]),
  );
  const required = requiredOf(root);
  const inAll = names.filter((name) => variants.every((variant) => requiredOf(variant).includes(name)));
  const isClosed = variants.every(({ additionalProperties }) => additionalProperties === false);
  const merged = {
    ...root,
    properties: { ...properties, ...propertiesOf(root) },
    ...(required.length + inAll.length > 0 && { required: [...new Set([...required, ...inAll])] }),
    ...(isClosed && { additionalProperties: false }),
  };
  return variants.length < 2 ? merged : withVariants(merged, variants);
}

/** Which members go together. */
function withVariants(schema: JsonObject, variants: readonly JsonObject[]): JsonObject {
  const sets = variants.map((variant) => {
    const required = requiredOf(variant);
    return (required.length > 0 ? required : Object.keys(propertiesOf(variant))).join(', ');
  });
  const note = `Give one of these sets of members: ${[...new Set(sets)].map((set) => `{${set}}`).join(' or ')}.`;
  const { description } = schema;
  return { ...schema, description: typeof description === 'string' ? `${description}\n${note}` : note };
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isObject(properties) ? properties : {};
}

function requiredOf({ required }: JsonObject): string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

/** One schema for a member that several variants have: discriminators become an enum of their values. */
function unionOf(schemas: readonly unknown[]): unknown {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  if (distinct.length === 1) return distinct[0];
  const literals = distinct.map((schema) => (isObject(schema) ? literalsOf(schema) : null));
  if (literals.some((values) => values === null)) return { anyOf: distinct };
  const [type, ...others] = new Set(distinct.map((schema) => (isObject(schema) ? schema.type : undefined)));
  return {
    ...(type !== undefined && others.length === 0 && { type }),
    enum: [...new Set(literals.flatMap((values) => values ?? []))],
  };
}

function literalsOf({ const: constant, enum: values }: JsonObject): unknown[] | null {
  if (constant !== undefined) return [constant];
  return Array.isArray(values) ? values : null;
}

/** What an answer's schema is at its root, its reference followed. */
export function rootKind(schema: JsonObject): 'object' | 'union' | 'array' | 'other' {
  const scope = new SchemaScope(schema);
  const { anyOf, oneOf, ...root } = mergeAllOf(scope.expand(schema), scope);
  if (anyOf !== undefined || oneOf !== undefined) return 'union';
  const types = typesOf(root);
  if (types.includes('array')) return 'array';
  return types.length === 0
    ? Object.keys(root).length === 0
      ? 'object'
      : 'other'
    : types.includes('object')
      ? 'object'
      : 'other';
}

/** A structured answer inside an object, where the target takes only objects. */
export interface WrappedSchema {
  schema: JsonObject;
  /** The member that holds the answer. */
  member: string;
  /** Whether any object of one member is a wrapper: the answer itself is never an object. */
  anyMember: boolean;
}

/** The schema as the only member of an object. References to the root follow it there. */
export function wrapRoot(schema: JsonObject): WrappedSchema {
  const kind = rootKind(schema);
  const member = kind === 'array' ? 'items' : 'value';
  const { $defs, definitions, $schema: _, ...rest } = schema;
  const moved = (inner: JsonObject) => moveRefs(inner, `#/properties/${member}`);
  return {
    schema: {
      type: 'object',
      properties: { [member]: moved(rest) },
      required: [member],
      additionalProperties: false,
      ...($defs !== undefined && { $defs: mapInside('$defs', $defs, moved) }),
      ...(definitions !== undefined && { definitions: mapInside('definitions', definitions, moved) }),
    },
    member,
    anyMember: kind === 'array' || kind === 'other',
  };
}

function moveRefs(schema: JsonObject, root: string): JsonObject {
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    const isRoot =
      key === '$ref' && typeof value === 'string' && /^#(?!\/(\$defs|definitions)\/)/.test(value);
    return [key, isRoot ? root + value.slice(1) : mapInside(key, value, (inner) => moveRefs(inner, root))];
  });
  return Object.fromEntries(entries);
}
