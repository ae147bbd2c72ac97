// Several JSON Schemas as one: `allOf`, and references with their targets.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { schemasInside, typesOf } from './json-schema.ts';

/** The most characters of definitions that are copied in place of references, for one schema. */
export const maximumInlinedCharacters = 262_144;

/** References that lead from one to the next: a longer chain counts as one that has no end. */
export const maximumReferenceChain = 64;

/** A schema with its definitions, for references inside it. State: how much has been copied. */
export class SchemaScope {
  readonly #root: JsonObject;
  readonly #active = new Set<string>();
  #room = maximumInlinedCharacters;
  #recursive: ReadonlySet<string> | null = null;

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

  /** Returns a reference's target in its place, or the reference if it is recursive or too large. */
  inline(schema: JsonObject): JsonObject {
    const { $ref: ref } = schema;
    if (typeof ref !== 'string') return schema;
    this.#recursive ??= recursionOf(this.#root, this).refs;
    return this.#recursive.has(ref) ? schema : this.expand(schema);
  }

  /** As {@link inline}, but one step into what holds itself too: for the root, which must not be a reference. */
  expand(schema: JsonObject): JsonObject {
    const { $ref: ref, ...beside } = schema;
    if (typeof ref !== 'string' || this.#room <= 0 || this.#active.has(ref)) return schema;
    if (this.#active.size >= maximumReferenceChain) return schema;
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
  const { refs, leadsOut } = recursionOf(root, new SchemaScope(root));
  return leadsOut || refs.size > 0;
}

/**
 * Returns the references by which a schema contains itself, at least one of each circle. Each definition is visited
 * once.
 */
function recursionOf(root: JsonObject, scope: SchemaScope): { refs: Set<string>; leadsOut: boolean } {
  const refs = new Set<string>();
  const active = ['#'];
  const done = new Set<string>();
  let leadsOut = false;
  const visit = (schema: JsonObject): void => {
    if (typeof schema.$ref === 'string') visitRef(schema.$ref);
    for (const inner of schemasInside(schema)) visit(inner);
  };
  const visitRef = (ref: string): void => {
    const start = active.indexOf(ref);
    if (start >= 0) for (const one of active.slice(start)) refs.add(one);
    const isTooLong = active.length >= maximumReferenceChain;
    if (isTooLong) refs.add(ref);
    if (start >= 0 || isTooLong || done.has(ref)) return;
    const found = scope.find(ref);
    if (found === null) {
      leadsOut = true;
      return;
    }
    active.push(ref);
    visit(found);
    active.pop();
    done.add(ref);
  };
  visit(root);
  return { refs, leadsOut };
}

/** Keywords that inform people and restrict nothing. */
const annotations = new Set(['title', 'description', 'default', 'examples', 'deprecated', '$comment']);

const isAnnotation = (schema: JsonObject) => Object.keys(schema).every((key) => annotations.has(key));

/**
 * Returns the schema with the members of its `allOf` merged. A reference remains one if its only siblings are
 * annotations.
 */
export function mergeAllOf(schema: JsonObject, scope: SchemaScope): JsonObject {
  const { allOf, ...rest } = schema;
  if (allOf === undefined) return schema;
  if (!Array.isArray(allOf)) return rest;
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
