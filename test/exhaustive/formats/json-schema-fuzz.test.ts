// Generated, unusual schemas through the rewriter of each target; seeds make failures repeatable.
import { expect, it } from 'vitest';
import {
  claudeSchema,
  strictToolSchema,
  toolSchema,
} from '../../../src/formats/anthropic-messages/json-schema.ts';
import { geminiParameters, geminiSchema } from '../../../src/formats/gemini-generate/json-schema.ts';
import { isObject } from '../../../src/formats/json-reader.ts';
import {
  isUnbounded,
  maximumInlinedCharacters,
  maximumReferenceChain,
} from '../../../src/formats/json-schema-merge.ts';
import {
  openaiAnswerSchema,
  openaiParameters,
  strictSchema,
} from '../../../src/formats/json-schema-openai.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

const maps = ['properties', '$defs', 'definitions', 'patternProperties'];
const lists = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const singles = ['items', 'not', 'if', 'additionalProperties', 'propertyNames'];
const others = [
  'type',
  'required',
  'enum',
  'const',
  '$ref',
  'minimum',
  'exclusiveMinimum',
  'format',
  'pattern',
  'default',
  'minItems',
];
const keywords = [...maps, ...lists, ...singles, ...others];
const odd = [
  null,
  true,
  0,
  'x',
  '#',
  '#/$defs/A',
  '#/definitions/B',
  '#/anyOf/0',
  [],
  {},
  [null],
  ['a', 1],
  'object',
  ['string', 'null'],
  'TYPE_UNSPECIFIED',
];

/** Returns a generator of schemas from a seed (Park and Miller's). */
function generator(start: number): () => JsonObject {
  let seed = start;
  const next = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const pick = <Value>(values: readonly Value[]): Value => values[next(values.length)] as Value;
  const value = (depth: number): unknown =>
    depth <= 0 || next(10) === 0 ? pick<unknown>(odd) : schema(depth);
  const member = (key: string, depth: number): unknown => {
    if (next(7) === 0) return pick<unknown>(odd);
    if (maps.includes(key)) return { A: value(depth - 1), B: value(depth - 1), toString: value(depth - 2) };
    if (lists.includes(key)) return [value(depth - 1), value(depth - 1)];
    if (singles.includes(key)) return value(depth - 1);
    return key === 'required' ? ['A', 'Z'] : pick<unknown>(odd);
  };
  const schema = (depth: number): JsonObject =>
    Object.fromEntries(
      Array.from({ length: next(5) + 1 }, () => pick(keywords)).map((key) => [key, member(key, depth)]),
    );
  return () => schema(5);
}

const answer = (schema: JsonObject) =>
  openaiAnswerSchema({ type: 'json-schema', name: 'a', description: undefined, schema, strict: true }).schema;

it('rewrites generated schemas for every target, and always gives a tool a plain object as root', () => {
  const make = generator(7);
  for (let round = 0; round < 1_000; round++) {
    const schema = make();
    for (const rewrite of [claudeSchema, strictToolSchema, geminiSchema, strictSchema, answer])
      expect(() => JSON.stringify(rewrite(schema))).not.toThrow();
    for (const rewrite of [toolSchema, openaiParameters]) {
      const { type, anyOf, oneOf, allOf, $ref } = rewrite(schema);
      expect({ type, anyOf, oneOf, allOf, $ref }, JSON.stringify(schema)).toEqual({ type: 'object' });
    }
  }
});

it('stays within the bound when references double at every step', () => {
  const link = (index: number) => ({ $ref: `#/$defs/A${index}` });
  const $defs: Record<string, JsonObject> = { A0: { type: 'object', properties: { x: { type: 'string' } } } };
  for (let index = 1; index < 60; index++)
    $defs[`A${index}`] = { allOf: [link(index - 1), link(index - 1), { properties: { [`p${index}`]: {} } }] };
  const schema = { allOf: [link(59), { properties: { z: {} } }], $defs };
  for (const rewrite of [toolSchema, geminiParameters, claudeSchema]) {
    const written = rewrite(schema);
    expect(isObject(written)).toBe(true);
    expect(JSON.stringify(written).length).toBeLessThan(maximumInlinedCharacters);
  }
  const loop = { $defs: { U: { anyOf: Array(10).fill({ $ref: '#/$defs/U' }) } }, $ref: '#/$defs/U' };
  expect(JSON.stringify(toolSchema(loop)).length).toBeLessThan(1_000);
});

it('treats a reference chain above a length as endless and goes no deeper', () => {
  const chain = (length: number, make: (next: JsonObject) => JsonObject): JsonObject => {
    const links = Array.from(
      { length },
      (_, index) => [`A${index}`, make({ $ref: `#/$defs/A${index + 1}` })] as const,
    );
    return {
      $ref: '#/$defs/A0',
      $defs: { ...Object.fromEntries(links), [`A${length}`]: { type: 'object' } },
    };
  };
  const nested = (next: JsonObject) => ({ type: 'object', properties: { a: {} }, anyOf: [next] });
  expect(isUnbounded(chain(maximumReferenceChain - 2, nested))).toBe(false);
  expect(isUnbounded(chain(maximumReferenceChain, nested))).toBe(true);
  for (const make of [
    nested,
    (next: JsonObject) => next,
    (next: JsonObject) => ({ allOf: [next, { properties: { b: {} } }] }),
  ])
    for (const rewrite of [toolSchema, geminiParameters, claudeSchema, strictSchema])
      expect(() => JSON.stringify(rewrite(chain(10_000, make)))).not.toThrow();
});
