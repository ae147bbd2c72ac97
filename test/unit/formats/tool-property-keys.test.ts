// Tests argument names that Claude refuses: renamed in the request, and restored in the answer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitRequest } from '../../../src/formats/answer-edit.ts';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import type { NeutralEvent, NeutralResponse } from '../../../src/formats/neutral.ts';
import { ResponseCollector } from '../../../src/formats/response-of-events.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { conversationOf, requestOf } from '../../support/formats.ts';

const allowed = /^[a-zA-Z0-9_.-]{1,64}$/;

function write(
  parameters: JsonObject,
  to: 'anthropic-messages' | 'gemini-generate' = 'anthropic-messages',
  more: JsonObject = {},
) {
  const body = {
    messages: [{ role: 'user', content: 'hi' }],
    tools: [{ type: 'function', function: { name: 'list apps', parameters } }],
    ...more,
  };
  const request = requestOf(conversationOf('openai-chat').readRequest(body, { model: 'm', stream: false }));
  const fitted = fitRequest(request, conversationOf(to).toolNames, { customTools: false });
  const written = conversationOf(to).writeRequest(fitted.request, {
    model: 'claude-sonnet-4',
    provider: 'anthropic',
  });
  const [tool] = written.body.tools as JsonObject[];
  const schema = (tool?.input_schema ?? {}) as { properties: JsonObject; required: string[] };
  const edit = () => fitted.answerEdit(written.answerTool, written.wrapped);
  return { body: written.body, schema, name: String(tool?.name), edit };
}

const answer = (name: string, args: string): NeutralResponse => ({
  id: 'x',
  model: 'm',
  createdAtSeconds: null,
  candidates: [
    { parts: [{ type: 'tool-call', id: 'toolu_1', name, arguments: args }], stop: { reason: 'tool-calls' } },
  ],
  usage: null,
  serviceTier: null,
  error: null,
  promptBlock: null,
});

/** Returns what the caller receives of an answer whose arguments are streamed. */
function streamed(
  edit: ReturnType<ReturnType<typeof write>['edit']>,
  response: NeutralResponse,
): NeutralResponse {
  const collector = new ResponseCollector();
  const inPieces = (event: NeutralEvent): NeutralEvent[] =>
    event.type === 'tool-call-delta'
      ? [...event.arguments].map((one) => ({ ...event, arguments: one }))
      : [event];
  for (const event of eventsOfResponse(response)
    .flatMap(inPieces)
    .flatMap((one) => edit.event(one)))
    collector.add(event);
  return collector.response;
}

const partOf = ({ candidates }: NeutralResponse) => candidates[0]?.parts[0];
const filter = { 'filter[id]': { type: 'string' }, limit: { type: 'integer' } };

describe('arguments with names that Claude refuses', () => {
  it('are renamed at the root and in `required`, and nowhere else', () => {
    const inner = { type: 'object', properties: { 'a b': {} }, required: ['a b'] };
    const { schema } = write({
      type: 'object',
      properties: { ...filter, inner },
      required: ['filter[id]', 'limit'],
    });
    const [renamed = ''] = Object.keys(schema.properties);
    expect(renamed).toMatch(/^filter_id_/);
    expect(schema).toEqual({
      type: 'object',
      properties: { [renamed]: { type: 'string' }, limit: { type: 'integer' }, inner },
      required: [renamed, 'limit'],
    });
  });

  it('are renamed in the members of a union at the root', () => {
    const anyOf = [
      { type: 'object', properties: filter },
      { type: 'object', properties: { 'x y': {} } },
    ];
    expect(Object.keys(write({ anyOf }).schema.properties).filter((key) => !allowed.test(key))).toEqual([]);
  });

  it('never get the name of another argument', () => {
    const once = Object.keys(write({ type: 'object', properties: { 'a b': {} } }).schema.properties)[0] ?? '';
    const keys = Object.keys(
      write({ type: 'object', properties: { [once]: {}, 'a b': {} } }).schema.properties,
    );
    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => allowed.test(key))).toBe(true);
  });

  it('have the caller’s names in the answer, whole and streamed, with byte-identical values', () => {
    const { schema, name, edit } = write({ type: 'object', properties: filter });
    const [renamed = ''] = Object.keys(schema.properties);
    const response = answer(name, `{"${renamed}" : "[\\u00e9]", "limit":12345678901234567890}`);
    const expected = {
      name: 'list apps',
      arguments: '{"filter[id]":"[\\u00e9]", "limit":12345678901234567890}',
    };
    expect(partOf(edit().response(response))).toMatchObject(expected);
    expect(partOf(streamed(edit(), response))).toMatchObject(expected);
  });

  it('are renamed in the calls of the conversation', () => {
    const call = {
      id: 'c1',
      type: 'function',
      function: { name: 'list apps', arguments: '{"filter[id]":"1"}' },
    };
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'ok' },
    ];
    const { body, schema } = write({ type: 'object', properties: filter }, 'anthropic-messages', {
      messages,
    });
    const [renamed = ''] = Object.keys(schema.properties);
    expect(JSON.stringify(body.messages)).toContain(`"input":{"${renamed}":"1"}`);
  });

  it('stay unchanged if the provider accepts them', () => {
    expect(JSON.stringify(write({ type: 'object', properties: filter }, 'gemini-generate').body)).toContain(
      '"filter[id]"',
    );
    const fine = { type: 'object', properties: { 'a.b-c_1': {} }, oneOf: undefined };
    expect(Object.keys(write(fine).schema.properties)).toEqual(['a.b-c_1']);
  });

  it('are allowed names, and the same for the same name', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 90 }), { minLength: 1, maxLength: 6 }), (names) => {
        const keys = names.filter((name) => name !== '__proto__');
        const properties = Object.fromEntries(keys.map((key) => [key, { type: 'integer' }]));
        const { schema, name, edit } = write({ type: 'object', properties });
        const there = Object.keys(schema.properties);
        expect(there.filter((key) => !allowed.test(key))).toEqual([]);
        expect(new Set(there).size).toBe(keys.length);
        const args = JSON.stringify(Object.fromEntries(there.map((key, index) => [key, index])));
        const part = partOf(edit().response(answer(name, args)));
        const back = JSON.parse(part?.type === 'tool-call' ? part.arguments : '');
        expect(new Set(Object.keys(back))).toEqual(new Set(keys));
      }),
    );
  });
});

describe('a structured answer with such members from a model that must call a tool for it', () => {
  it('is wrapped in an object, and unwrapped', () => {
    const schema = { type: 'object', properties: { 'Account Number': { type: 'string' } } };
    const format = { type: 'json_schema', json_schema: { name: 's', schema } };
    const { body, edit } = write({ type: 'object', properties: {} }, 'anthropic-messages', {
      response_format: format,
    });
    const tool = (body.tools as JsonObject[]).find(({ name }) => name === 's') as {
      input_schema: JsonObject;
    };
    const [member = '', ...others] = Object.keys(tool.input_schema.properties as JsonObject);
    expect([member, others]).toEqual([expect.stringMatching(allowed), []]);
    const content = '{"Account Number":"12"}';
    const response = answer('s', `{"${member}":${content}}`);
    expect(partOf(edit().response(response))).toEqual({ type: 'text', text: content });
    expect(partOf(streamed(edit(), response))).toMatchObject({ type: 'text', text: content });
  });
});
