// Several JSON Schemas as one: what `allOf` demands together, and what references stand for.
import { isObject } from './json-reader.ts';
import { schemasInside, typesOf } from './json-schema.ts';
import type { JsonObject } from './observation.ts';

/** Definitions that are copied in place of references to them: so many characters for one schema at the most. */
export const maximumInlinedCharacters = 262_144;

/** A schema with its definitions, for references inside it. State: how much has been copied. */
export class SchemaScope {
  readonly #root: JsonObject;
  readonly #active = new Set<string>();
  #room = maximumInlinedCharacters;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** What a local reference points to; null for another document's, or where there is nothing. */
  find(ref: string): JsonObject | null {
    if (!ref.startsWith('#')) return null;
    const steps = ref.slice(1).split('/').slice(1).map(unescaped);
    let found: unknown = this.#root;
    for (const step of steps) {
      if (Array.isArray(found)) found = found[Number(step)];
      else found = isObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
    }
    return isObject(found) ? found : null;
  }

  /** A reference with what it stands for in its place; itself where it leads back to itself, or that would be too much. */
  inline(schema: JsonObject): JsonObject {
    const { $ref: ref, ...beside } = schema;
    if (typeof ref !== 'string' || this.#active.has(ref)) return schema;
    const found = this.find(ref);
    const size = found === null ? 0 : JSON.stringify(found).length;
    if (found === null || size > this.#room) return schema;
    this.#room -= size;
    this.#active.add(ref);
    const { $defs: _, definitions: __, ...own } = mergeAllOf(this.inline(found), this);
    this.#active.delete(ref);
    return mergeTwo(own, beside, this);
  }
}

function unescaped(step: string): string {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** Whether a definition holds itself, or a reference leads out of the schema: no grammar can be made of either. */
export function isUnbounded(root: JsonObject): boolean {
  const scope = new SchemaScope(root);
  const active = new Set<string>();
  const done = new Set<string>();
  const visit = (schema: JsonObject): boolean => {
    const { $ref: ref } = schema;
    if (typeof ref === 'string' && visitRef(ref)) return true;
    return schemasInside(schema).some(visit);
  };
  const visitRef = (ref: string): boolean => {
    if (active.has(ref) || ref === '#') return true;
    if (done.has(ref)) return false;
    const found = scope.find(ref);
    if (found === null) return true;
    active.add(ref);
    const isFound = visit(found);
    active.delete(ref);
    done.add(ref);
    return isFound;
  };
  return visit(root);
}

/** Keywords that say something to people and bind nothing. */
const annotations = new Set(['title', 'description', 'default', 'examples', 'deprecated', '$comment']);

const isAnnotation = (schema: JsonObject) => Object.keys(schema).every((key) => annotations.has(key));

/** The schema with the members of its `allOf` laid into it. A reference stays one where only words stand beside it. */
export function mergeAllOf(schema: JsonObject, scope: SchemaScope): JsonObject {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  return allOf
    .filter(isObject)
    .map((one) => mergeAllOf(one, scope))
    .reduce((merged, one) => mergeTwo(merged, one, scope), rest);
}

/** What both demand, as near as one schema comes to it. */
export function mergeTwo(one: JsonObject, other: JsonObject, scope: SchemaScope): JsonObject {
  const { $defs, ...plain } = one;
  if (isAnnotation(plain) || isAnnotation(other)) return { ...one, ...other, ...descriptionOf(one, other) };
  const left = scope.inline(one);
  const right = scope.inline(other);
  return {
    ...left,
    ...right,
    ...descriptionOf(left, right),
    ...typeOf(left, right),
    ...propertiesOf(left, right, scope),
    ...listOf('required', left, right, (a, b) => [...new Set([...a, ...b])]),
    ...listOf('enum', left, right, (a, b) => a.filter((value) => b.includes(value))),
    ...((left.additionalProperties === false || right.additionalProperties === false) && {
      additionalProperties: false,
    }),
    ...(isObject($defs) && { $defs }),
  };
}

function descriptionOf({ description: one }: JsonObject, { description: other }: JsonObject): JsonObject {
  const both = [one, other].filter((text) => typeof text === 'string' && text !== '');
  return both.length === 0 ? {} : { description: [...new Set(both)].join('\n') };
}

function typeOf(one: JsonObject, other: JsonObject): JsonObject {
  if (one.type === undefined || other.type === undefined) return {};
  const types = typesOf(one).filter((type) => typesOf(other).includes(type));
  return types.length === 0 ? {} : { type: types.length === 1 ? types[0] : types };
}

function propertiesOf(one: JsonObject, other: JsonObject, scope: SchemaScope): JsonObject {
  if (!isObject(one.properties) || !isObject(other.properties)) return {};
  const merged: Record<string, unknown> = { ...one.properties };
  for (const [name, schema] of Object.entries(other.properties)) {
    const before = Object.hasOwn(merged, name) ? merged[name] : undefined;
    merged[name] = isObject(before) && isObject(schema) ? mergeTwo(before, schema, scope) : schema;
  }
  return { properties: merged };
}

function listOf(
  key: 'required' | 'enum',
  one: JsonObject,
  other: JsonObject,
  join: (a: unknown[], b: unknown[]) => unknown[],
): JsonObject {
  const { [key]: a } = one;
  const { [key]: b } = other;
  return Array.isArray(a) && Array.isArray(b) ? { [key]: join(a, b) } : {};
}
