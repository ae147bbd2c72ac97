// Parses a call's arguments into an object, whatever the model wrote.
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import type { NeutralEvent } from '../../../src/formats/neutral.ts';
import { argumentsObject } from '../../../src/formats/tool-arguments.ts';
import { growthOfTime, linearGrowth } from '../../support/growth.ts';
import { contextOf } from '../../support/translated-responses.ts';

describe('the arguments of a tool call', () => {
  it.each<[string, string, object]>([
    ['an object', '{"a":1}', { a: 1 }],
    ['nothing', '', {}],
    ['white space', ' \n', {}],
    ['null', 'null', {}],
    ['an object inside a string', '"{\\"a\\":1}"', { a: 1 }],
    ['a list', '[1]', { value: [1] }],
    ['free text', 'SELECT 1', { input: 'SELECT 1' }],
    ['cut inside a number', '{"x":48151', {}],
    ['cut inside a string', '{"a":"whole","b":"ha', { a: 'whole' }],
    ['cut inside a list', '{"a":[1,2,{"b":"x, {y", "c', { a: [1, 2, { b: 'x, {y' }] }],
    ['cut after an escape', '{"a":"\\"","b":"\\', { a: '"' }],
    ['cut at once', '{', {}],
  ])('are parsed if they are %s', (_what, text, expected) => {
    expect(argumentsObject(text)).toEqual(expected);
  });

  it('are parsed in linear time if truncated', () => {
    const read = (items: number) => argumentsObject(`{"a":[${'1,'.repeat(items)}`);
    expect(growthOfTime(50_000, read)).toBeLessThan(linearGrowth);
  });
});

describe('the streamed input of a tool_use block', () => {
  const inputOf = (...pieces: string[]) => {
    const at = { candidate: 0, part: 0 };
    const events: NeutralEvent[] = [
      { type: 'tool-call-start', ...at, id: 'a', name: 'f' },
      ...pieces.map((text): NeutralEvent => ({ type: 'tool-call-delta', ...at, arguments: text })),
      { type: 'tool-call-end', ...at },
    ];
    const writer = anthropicMessages.eventWriter(contextOf());
    const text = events.map((event) => writer.write(event)).join('');
    return [...text.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)].map(([, json]) =>
      JSON.parse(json ?? '""'),
    );
  };

  it('is an empty object if the model wrote no arguments', () => {
    expect(inputOf('nu', 'll')).toEqual(['{}']);
    expect(inputOf('SELECT', ' 1')).toEqual(['{"input":"SELECT 1"}']);
    expect(inputOf()).toEqual(['{}']);
  });

  it('is streamed as the model writes it', () => {
    expect(inputOf(' ', '{"a"', ':1}')).toEqual([' {"a"', ':1}']);
  });
});
