// Tests JSON Schemas of tools and structured answers for each target, and answers that arrive in a wrapper.
import { describe, expect, it } from 'vitest';
import { fitRequest } from '../../../src/formats/answer-edit.ts';
import { maximumStrictLoad } from '../../../src/formats/anthropic-messages/json-schema.ts';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import { maximumInlinedCharacters } from '../../../src/formats/json-schema-merge.ts';
import type { NeutralEvent, NeutralResponse } from '../../../src/formats/neutral.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';

const all = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate'] as const;
const models = {
  'openai-chat': 'gpt-4.1',
  'openai-responses': 'gpt-5.1',
  'anthropic-messages': 'claude-opus-4-8',
  'gemini-generate': 'gemini-3-pro',
} as const;

function write(to: ConversationId, from: ConversationId, body: JsonObject, model: string = models[to]) {
  const request = requestOf(conversationOf(from).readRequest(body, { model: 'm', stream: false }));
  const fitted = fitRequest(request, conversationOf(to).toolNames, { customTools: false });
  const written = conversationOf(to).writeRequest(fitted.request, { model, provider: 'openai' });
  return { ...written, edit: () => fitted.answerEdit(written.answerTool, written.wrapped) };
}

interface WrittenTool {
  schema: JsonObject;
  strict: unknown;
}

function toolsOf(to: ConversationId, body: JsonObject): WrittenTool[] {
  return (body.tools as JsonObject[]).flatMap((tool): WrittenTool[] => {
    if (to === 'openai-chat') {
      const definition = tool.function as JsonObject;
      return [{ schema: definition.parameters as JsonObject, strict: definition.strict }];
    }
    if (to === 'gemini-generate')
      return (tool.functionDeclarations as JsonObject[]).map((one) => ({
        schema: one.parametersJsonSchema as JsonObject,
        strict: undefined,
      }));
    return [{ schema: (tool.parameters ?? tool.input_schema) as JsonObject, strict: tool.strict }];
  });
}

const question = [{ role: 'user', content: 'hi' }];

function tools(to: ConversationId, schemas: JsonObject[], strict?: boolean) {
  const definitions = schemas.map((parameters, index) => ({
    type: 'function',
    function: { name: `f${index}`, parameters, ...(strict && { strict }) },
  }));
  const { body, dropped } = write(to, 'openai-chat', { messages: question, tools: definitions });
  return { tools: toolsOf(to, body), dropped };
}

const tool = (to: ConversationId, schema: JsonObject, strict?: boolean) => {
  const written = tools(to, [schema], strict);
  return { ...(written.tools[0] as WrittenTool), dropped: written.dropped };
};

function answerSchema(to: ConversationId, schema: JsonObject, strict = true, model?: string) {
  const { body } = write(
    to,
    'openai-chat',
    {
      messages: question,
      response_format: { type: 'json_schema', json_schema: { name: 's', strict, schema } },
    },
    model,
  );
  const find = (...path: string[]) =>
    path.reduce<unknown>((value, key) => (value as JsonObject | undefined)?.[key], body);
  return (find('response_format', 'json_schema', 'schema') ??
    find('text', 'format', 'schema') ??
    find('output_config', 'format', 'schema') ??
    find('generationConfig', 'responseJsonSchema') ??
    (find('tools') as JsonObject[] | undefined)?.[0]?.input_schema) as JsonObject;
}

const closed = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});
const text = { type: 'string' };

/** Returns the keywords anywhere in a schema, without the names of members. */
function keywordsIn(schema: unknown): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown, isMap: boolean) => {
    if (Array.isArray(value)) for (const one of value) visit(one, false);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        if (!isMap) found.add(key);
        if (isMap || !['enum', 'const', 'default', 'required'].includes(key))
          visit(inner, !isMap && ['properties', '$defs'].includes(key));
      }
  };
  visit(schema, false);
  return found;
}

describe('an array in a schema for OpenAI', () => {
  it.each(['openai-chat', 'openai-responses'] as const)('has items at %s', (to) => {
    const pair = { prefixItems: [{ type: 'number' }, { type: 'number' }], type: 'array', maxItems: 2 };
    const mixed = { type: 'array', prefixItems: [{ type: 'number' }, { type: 'string' }] };
    const properties = { any: { type: 'array' }, size: { anyOf: [pair, { type: 'null' }] }, mixed };
    expect(tool(to, { type: 'object', properties }).schema.properties).toEqual({
      any: { type: 'array', items: {} },
      size: { anyOf: [{ ...pair, items: { type: 'number' } }, { type: 'null' }] },
      mixed: { ...mixed, items: { anyOf: [{ type: 'number' }, { type: 'string' }] } },
    });
  });
});

describe('a strict tool for Claude', () => {
  it('describes the constraints that Claude’s strict mode does not enforce', () => {
    const bounds: Record<string, [JsonObject, string]> = {
      number: [{ type: 'integer', minimum: 1, maximum: 9 }, '{minimum: 1, maximum: 9}'],
      length: [
        { type: 'string', description: 'A name.', minLength: 2, maxLength: 5 },
        'A name. {minLength: 2, maxLength: 5}',
      ],
      list: [
        { type: 'array', items: text, minItems: 2, uniqueItems: true },
        '{minItems: 2, uniqueItems: true}',
      ],
      format: [{ type: 'string', format: 'phone' }, '{format: "phone"}'],
      pattern: [{ type: 'string', pattern: '^(?!x)' }, '{pattern: "^(?!x)"}'],
    };
    const properties = Object.fromEntries(Object.entries(bounds).map(([name, [schema]]) => [name, schema]));
    const { schema, strict, dropped } = tool('anthropic-messages', closed(properties), true);
    expect(strict).toBe(true);
    expect(dropped).toEqual([]);
    for (const [name, [given, description]] of Object.entries(bounds)) {
      const written = (schema.properties as JsonObject)[name] as JsonObject;
      expect(written).toEqual({
        type: given.type,
        ...(given.items !== undefined && { items: text }),
        description,
      });
    }
  });

  it('preserves the constraints that Claude’s strict mode enforces', () => {
    const schema = closed({
      a: { type: 'array', items: text, minItems: 1 },
      b: { type: 'string', pattern: '^a+$' },
      c: { type: 'string', format: 'uuid' },
    });
    expect(tool('anthropic-messages', schema, true)).toEqual({ schema, strict: true, dropped: [] });
  });

  it.each<[string, JsonObject]>([
    ['members of any name', closed({ m: { type: 'object', additionalProperties: text } })],
    ['an object of anything', closed({ m: { type: 'object' } })],
    ['any value', closed({ m: {} })],
    [
      'a definition that holds itself',
      closed({ n: { $ref: '#/$defs/N' } }, { $defs: { N: closed({ n: { $ref: '#/$defs/N' } }) } }),
    ],
    ['a reference elsewhere', closed({ n: { $ref: 'https://e.x/schema.json' } })],
  ])('is not strict with %s, which is reported', (_, schema) => {
    expect(tool('anthropic-messages', schema, true)).toEqual({
      schema,
      strict: undefined,
      dropped: ['tools[0].strict'],
    });
  });

  it('is strict up to the limits of one request', () => {
    const many = tools(
      'anthropic-messages',
      Array(maximumStrictLoad.tools + 1).fill(closed({ a: text })),
      true,
    );
    expect(many.tools.map(({ strict }) => strict)).toEqual([
      ...Array(maximumStrictLoad.tools).fill(true),
      undefined,
    ]);
    expect(many.dropped).toEqual([`tools[${maximumStrictLoad.tools}].strict`]);
    const optional = (count: number) => ({
      ...closed(Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, text]))),
      required: [],
    });
    expect(tool('anthropic-messages', optional(maximumStrictLoad.optionalMembers), true).strict).toBe(true);
    expect(
      tool('anthropic-messages', optional(maximumStrictLoad.optionalMembers + 1), true).strict,
    ).toBeUndefined();
    const unions = (count: number) =>
      closed(
        Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`m${index}`, { type: ['string', 'null'] }]),
        ),
      );
    expect(tool('anthropic-messages', unions(maximumStrictLoad.unions), true).strict).toBe(true);
    expect(tool('anthropic-messages', unions(maximumStrictLoad.unions + 1), true).strict).toBeUndefined();
  });

  it('is not strict for a model without structured outputs', () => {
    const body = {
      messages: question,
      tools: [{ type: 'function', function: { name: 'f', strict: true, parameters: closed({ a: text }) } }],
    };
    const { body: written, dropped } = write(
      'anthropic-messages',
      'openai-chat',
      body,
      'claude-3-haiku-20240307',
    );
    expect(toolsOf('anthropic-messages', written)[0]?.strict).toBeUndefined();
    expect(dropped).toEqual(['tools[0].strict']);
  });
});

describe('keywords that a target does not support', () => {
  const schema = closed(
    {
      either: { oneOf: [closed({ kind: { const: 'a' } }), closed({ kind: { const: 'b' } })] },
      tuple: { type: 'array', prefixItems: [text, { type: 'number' }] },
      not: { type: 'string', not: { enum: ['x'] } },
      both: { allOf: [{ $ref: '#/$defs/N' }, closed({ w: text })] },
      named: { allOf: [{ $ref: '#/$defs/N' }, { description: 'more' }] },
    },
    { $defs: { N: closed({ v: text }) } },
  );

  it.each(['anthropic-messages', 'openai-responses', 'openai-chat'] as const)(
    'are expressed otherwise in a structured answer at %s',
    (to) => {
      const written = answerSchema(to, schema);
      const { either, tuple, not, both, named } = written.properties as Record<string, JsonObject>;
      for (const word of ['oneOf', 'allOf', 'not', 'prefixItems'])
        expect(keywordsIn(written)).not.toContain(word);
      expect(either?.anyOf).toHaveLength(2);
      expect(tuple?.items).toEqual({ anyOf: [text, { type: 'number' }] });
      expect(not?.description).toBe('{not: {"enum":["x"]}}');
      expect(Object.keys(both?.properties as JsonObject)).toEqual(['v', 'w']);
      expect(named).toEqual({ $ref: '#/$defs/N' });
      expect(written.$defs).toEqual({ N: closed({ v: text }) });
    },
  );

  it('move into the description for maps and names at Claude', () => {
    const open = closed({
      m: { type: 'object', patternProperties: { '^x': text }, propertyNames: { maxLength: 3 } },
    });
    const written = answerSchema('anthropic-messages', open);
    const { m } = written.properties as Record<string, JsonObject>;
    expect(m).toMatchObject({ type: 'object', additionalProperties: false });
    expect(Object.keys(m ?? {})).not.toContain('patternProperties');
    expect(m?.description).toContain('patternProperties');
    expect(m?.description).toContain('propertyNames');
  });

  it('leave references without siblings at Gemini, and constants become enums', () => {
    const parameters = {
      type: 'object',
      properties: {
        f: { allOf: [{ $ref: '#/definitions/N' }, { description: 'more' }] },
        g: { $ref: '#/definitions/N', description: 'beside' },
        c: { const: 'x' },
        t: { const: true },
        n: { type: ['string', 'null'], enum: ['a', '', null] },
        l: { type: 'string', minLength: 2 },
      },
      required: ['f', 'nobody'],
      definitions: { N: { type: 'object', properties: { v: text } } },
    };
    expect(tool('gemini-generate', parameters).schema).toEqual({
      type: 'object',
      properties: {
        f: { $ref: '#/$defs/N' },
        g: { $ref: '#/$defs/N' },
        c: { enum: ['x'] },
        t: { type: 'boolean', description: '{enum: [true]}' },
        n: { type: ['string', 'null'], enum: ['a'], description: '{enum: ["a","",null]}' },
        l: { type: 'string', description: '{minLength: 2}' },
      },
      required: ['f'],
      $defs: { N: { type: 'object', properties: { v: text } } },
    });
  });

  it('apply to each variant if they are beside a union', () => {
    const given = closed({
      typed: { type: 'string', oneOf: [{ format: 'date' }, { format: 'uuid' }] },
      either: { ...closed({ a: text, b: text }), anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    });
    const { typed, either } = answerSchema('anthropic-messages', given).properties as Record<
      string,
      JsonObject
    >;
    expect(typed).toEqual({
      anyOf: [
        { type: 'string', format: 'date' },
        { type: 'string', format: 'uuid' },
      ],
    });
    expect(either?.anyOf).toMatchObject([
      { type: 'object', properties: { a: text, b: text }, additionalProperties: false },
      { type: 'object', properties: { a: text, b: text }, additionalProperties: false },
    ]);
  });

  it('do not make a strict tool lenient at OpenAI', () => {
    const given = closed({
      a: { type: 'string', minLength: 1, default: 'x' },
      b: { oneOf: [text, { type: 'null' }] },
      n: { type: 'number', minimum: 1 },
    });
    expect(tool('openai-responses', given, true)).toEqual({
      schema: closed({
        a: { type: 'string', description: '{minLength: 1, default: "x"}' },
        b: { anyOf: [text, { type: 'null' }] },
        n: { type: 'number', minimum: 1 },
      }),
      strict: true,
      dropped: [],
    });
    const optional = { ...closed({ a: text }), required: [] };
    expect(tool('openai-responses', optional, true)).toEqual({
      schema: optional,
      strict: false,
      dropped: ['tools[0].strict'],
    });
  });

  it('stay in a recursive schema, which Claude gets as a tool', () => {
    const recursive = closed(
      { n: { $ref: '#/$defs/N' } },
      { $defs: { N: closed({ n: { anyOf: [{ $ref: '#/$defs/N' }, { type: 'null' }] } }) } },
    );
    expect(answerSchema('anthropic-messages', recursive)).toEqual(recursive);
  });
});

describe.each(all)('the root of a tool’s schema at %s', (to) => {
  it('is an object with the members of a union’s variants', () => {
    const variants = [
      closed({ kind: { type: 'string', const: 'a' }, x: text }),
      closed({ kind: { type: 'string', const: 'b' }, y: text }),
    ];
    const { schema } = tool(to, { oneOf: variants, description: 'About.' });
    expect(schema).toMatchObject({ type: 'object', required: ['kind'], additionalProperties: false });
    expect(schema.properties).toEqual({ kind: { type: 'string', enum: ['a', 'b'] }, x: text, y: text });
    expect(schema.description).toBe('About.\nGive one of these sets of members: {kind, x} or {kind, y}.');
    for (const word of ['anyOf', 'oneOf']) expect(schema[word]).toBeUndefined();
  });

  it('preserves the members beside a union that only lists required ones', () => {
    const { schema } = tool(to, {
      type: 'object',
      properties: { a: text, b: text },
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
    });
    expect(schema).toMatchObject({ type: 'object', properties: { a: text, b: text } });
    expect(schema.description).toBe('Give one of these sets of members: {a} or {b}.');
  });

  it('resolves a reference and merges allOf', () => {
    const { schema } = tool(to, {
      $ref: '#/$defs/T',
      $defs: {
        T: {
          allOf: [
            { type: 'object', properties: { a: text }, required: ['a'] },
            { properties: { b: text }, required: ['b'] },
          ],
        },
      },
    });
    expect(schema).toMatchObject({ type: 'object', properties: { a: text, b: text }, required: ['a', 'b'] });
    expect(schema.$ref).toBeUndefined();
    expect(schema.allOf).toBeUndefined();
  });

  it('stops at a union that refers to itself', () => {
    const { schema } = tool(to, { anyOf: [{ $ref: '#' }, { type: 'object', properties: { a: text } }] });
    expect(schema).toMatchObject({ type: 'object' });
    expect(schema.anyOf).toBeUndefined();
  });

  it('accepts null members, invalid types, and draft 4', () => {
    const body = {
      max_tokens: 99,
      messages: question,
      tools: [
        { name: 'n', input_schema: { type: 'object', properties: null, required: null } },
        {
          name: 't',
          input_schema: {
            type: 'object',
            properties: {
              a: { type: 'TYPE_UNSPECIFIED' },
              b: { type: 'number', minimum: 1, exclusiveMinimum: true },
              c: { type: 'array', items: [text] },
            },
          },
        },
      ],
    };
    const { body: written } = write(to, 'anthropic-messages', body);
    expect(JSON.stringify(written)).not.toMatch(/"properties":null|"required":null|unspecified/i);
    expect(JSON.stringify(written)).not.toMatch(/"exclusiveMinimum":true|"items":\[/);
  });
});

it('copies definitions only up to a size limit', () => {
  const big = {
    type: 'object',
    properties: { a: { type: 'string', description: 'x'.repeat(maximumInlinedCharacters / 4) } },
  };
  const merged = (name: string) => ({ allOf: [{ $ref: '#/$defs/B' }, { properties: { [name]: text } }] });
  const names = Array.from({ length: 40 }, (_, index) => `m${index}`);
  const properties = Object.fromEntries(names.map((name) => [name, merged(name)]));
  const { schema } = tool('gemini-generate', { type: 'object', properties, $defs: { B: big } });
  expect(JSON.stringify(schema).length).toBeLessThan(2 * maximumInlinedCharacters);
});

describe('a structured answer that is not an object', () => {
  const list = { type: 'ARRAY', items: { type: 'STRING' } };
  const gemini = (schema: JsonObject, mime = 'application/json') => ({
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    generationConfig: { responseMimeType: mime, responseSchema: schema },
  });
  const whole = (content: string) =>
    ({
      candidates: [{ parts: [{ type: 'text', text: content }], stop: { reason: 'stop' } }],
    }) as unknown as NeutralResponse;
  const deltas = (content: string, size: number): NeutralEvent[] => [
    { type: 'text-start', candidate: 0, part: 0 },
    ...(content.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).map(
      (piece): NeutralEvent => ({ type: 'text-delta', candidate: 0, part: 0, text: piece }),
    ),
    { type: 'text-end', candidate: 0, part: 0 },
  ];
  function answers(relayed: ReturnType<typeof write>, content: string): string[] {
    const [part] = relayed.edit().response(whole(content)).candidates[0]?.parts ?? [];
    const streamed = [1, 3, 1_000].map((size) => {
      const edit = relayed.edit();
      return deltas(content, size)
        .flatMap((event) => edit.event(event))
        .map((event) => (event.type === 'text-delta' ? event.text : ''))
        .join('');
    });
    return [part?.type === 'text' ? part.text : '', ...streamed];
  }

  it.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)(
    'is wrapped in an object at %s, and unwrapped from the answer',
    (to) => {
      const relayed = write(to, 'gemini-generate', gemini(list));
      expect(JSON.stringify(relayed.body)).toContain(
        '"properties":{"items":{"type":"array","items":{"type":"string"}}}',
      );
      const cases: [string, string][] = [
        ['{"items":["a","}\\"]"]}', '["a","}\\"]"]'],
        [' {\n "items" : [ "a" ]\n}\n', '[ "a" ]'],
        ['{"list":[]}', '[]'],
        ['["a"]', '["a"]'],
        ['{"items":["cut', '["cut'],
        ['{}', '{}'],
        ['No.', 'No.'],
      ];
      for (const [content, wanted] of cases)
        expect(answers(relayed, content), content).toEqual(Array(4).fill(wanted));
    },
  );

  it('stays a list at Gemini', () => {
    const relayed = write('gemini-generate', 'gemini-generate', gemini(list));
    expect(relayed.wrapped).toBeUndefined();
  });

  it('wraps a union of objects in one member, and leaves other objects unchanged', () => {
    const union = { anyOf: [closed({ a: text }), closed({ b: text })], $defs: { N: { $ref: '#' } } };
    const body = {
      messages: question,
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: union } },
    };
    const relayed = write('openai-responses', 'openai-chat', body);
    expect(relayed.body).toMatchObject({
      text: {
        format: {
          schema: { type: 'object', required: ['value'], $defs: { N: { $ref: '#/properties/value' } } },
        },
      },
    });
    expect(answers(relayed, '{"value":{"a":"x"}}')).toEqual(Array(4).fill('{"a":"x"}'));
    expect(answers(relayed, '{"a":"x"}')).toEqual(Array(4).fill('{"a":"x"}'));
    expect(answerSchema('anthropic-messages', { anyOf: union.anyOf }, false)).toMatchObject({
      anyOf: [{}, {}],
    });
  });

  it('becomes a tool’s input for a Claude without structured outputs', () => {
    const relayed = write('anthropic-messages', 'gemini-generate', gemini(list), 'claude-3-haiku-20240307');
    expect(relayed.body.tools).toMatchObject([{ input_schema: { type: 'object', required: ['items'] } }]);
    const call = {
      type: 'tool-call',
      id: 'c',
      name: String(relayed.answerTool),
      arguments: '{"items":["a"]}',
    };
    const response = {
      ...whole(''),
      candidates: [{ parts: [call], stop: { reason: 'tool-calls' } }],
    } as unknown as NeutralResponse;
    expect(relayed.edit().response(response).candidates[0]?.parts).toEqual([{ type: 'text', text: '["a"]' }]);
    const edit = relayed.edit();
    const events = eventsOfResponse({ ...response, usage: null }).flatMap((event) => edit.event(event));
    expect(events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')).toBe('["a"]');
  });

  it('is the bare word for Gemini’s text/x.enum, quoted or not, wrapped or not', () => {
    const word = { type: 'STRING', enum: ['x', 'y'] };
    for (const to of ['openai-chat', 'openai-responses', 'anthropic-messages'] as const) {
      const relayed = write(to, 'gemini-generate', gemini(word, 'text/x.enum'));
      for (const content of ['"x"', 'x', '{"value":"x"}', ' "x"\n'])
        expect(answers(relayed, content), content).toEqual(Array(4).fill('x'));
    }
    expect(answers(write('anthropic-messages', 'gemini-generate', gemini(word)), '{"value":"x"}')).toEqual(
      Array(4).fill('"x"'),
    );
    expect(write('gemini-generate', 'gemini-generate', gemini(word, 'text/x.enum')).body).toMatchObject({
      generationConfig: { responseMimeType: 'text/x.enum' },
    });
  });
});
