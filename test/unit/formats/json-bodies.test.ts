// Tests JSON bodies and Gemini's array stream at any cut, truncated, and of any size.
import { describe, expect, it } from 'vitest';
import { elisionMark, longestStringBytes, textLength } from '../../../src/formats/elision.ts';
import { createJsonArraySplitter } from '../../../src/formats/json-array.ts';
import { createJsonSkeleton } from '../../../src/formats/json-skeleton.ts';
import { cutAtSeed } from '../../support/fixtures.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function skeletonOf(text: string, largest = 5): unknown {
  const skeleton = createJsonSkeleton(1_000_000);
  for (const piece of cutAtSeed(encode(text), 9, largest)) skeleton.push(piece);
  return skeleton.value();
}

describe('the skeleton of a JSON body', () => {
  it.each([
    ['{"a":"b","c":[true,null,{"d":"\\"]}\\\\"}]}', { a: 'b', c: [true, null, { d: '"]}\\' }] }],
    ['\n\n   \r\n{ "a" : 1.5e3 }  \n', { a: 1_500 }],
    ['{"v":[1,2,-3.5e-2],"w":[[1,2],[3]],"x":[]}', { v: [], w: [[], []], x: [] }],
    ['{"points":[1,"a]b",2,{"c":[3]}],"z":1}', { points: ['a]b', 2, { c: [] }], z: 1 }],
    ['{"m":[1,[2,"x"],3],"z":1}', { m: [['x'], 3], z: 1 }],
    ['{"é":"中😀"}', { é: '中😀' }],
  ])('is the same for %s', (text, value) => {
    for (const largest of [1, 3, 1_000]) expect(skeletonOf(text, largest)).toEqual(value);
  });

  it('truncates long strings, wherever an escape is, and counts the omitted characters', () => {
    for (let shift = 0; shift < 8; shift++) {
      for (const unit of ['\\u4e2d', '\\\\', '\\n', '"'.replace('"', '\\"'), 'x', '中']) {
        const source = 'a'.repeat(shift) + unit.repeat(2_000);
        const value = skeletonOf(`{"text":"${source}","after":1}`, 700) as { text: string; after: number };
        expect(value.after).toBe(1);
        expect(value.text.length).toBeLessThan(longestStringBytes + 40);
        expect(textLength(value.text)).toBeGreaterThanOrEqual(shift + 2_000);
      }
    }
  });

  it('has a few KB for 20 MB of base64', () => {
    const skeleton = createJsonSkeleton(8_192);
    skeleton.push(encode('{"data":[{"b64_json":"'));
    for (let round = 0; round < 320; round++) skeleton.push(new Uint8Array(65_536).fill(65));
    skeleton.push(encode('"}],"usage":{"input_tokens":3}}'));
    expect(skeleton.value()).toMatchObject({ usage: { input_tokens: 3 } });
  });

  it('is null for a body that is incomplete, invalid, or too large', () => {
    for (const text of ['', '{"a":1', '<html>{"a":1}</html>', '{a:1}', '{"a":}', 'null', '}'])
      expect(skeletonOf(text)).toBeNull();
    const small = createJsonSkeleton(4_096);
    small.push(encode(`{"a":[${'"x",'.repeat(5_000)}"x"]}`));
    expect(small.value()).toBeNull();
  });

  it('leaves text lengths unchanged without truncation', () => {
    expect(textLength('abc')).toBe(3);
    expect(textLength(undefined)).toBe(0);
    expect(textLength('y'.repeat(5_000))).toBe(5_000);
    expect(elisionMark(7)).toBe('\\u0000elided:7');
  });
});

describe('a stream as a JSON array', () => {
  const text = '[{"a":"]},{\\"["}\n,\r\n{"b":[1,{"c":2}]}\n]\n';

  it('returns each element unchanged', () => {
    for (const largest of [1, 2, 5, 100]) {
      const splitter = createJsonArraySplitter();
      const elements = cutAtSeed(encode(text), 4, largest).flatMap((piece) => splitter.push(piece));
      expect([...elements, ...splitter.end()]).toEqual(['{"a":"]},{\\"["}', '{"b":[1,{"c":2}]}']);
      expect(splitter.position).toBe('closed');
    }
  });

  it('reports where another element may be inserted', () => {
    const splitter = createJsonArraySplitter();
    const seen = [splitter.position];
    for (const piece of ['[', '{"a":', '"', '}"', '}', ' , ', '{}', ']']) {
      splitter.push(encode(piece));
      seen.push(splitter.position);
    }
    expect(seen).toEqual([
      'start',
      'first',
      'inside',
      'inside',
      'inside',
      'after-element',
      'after-comma',
      'after-element',
      'closed',
    ]);
  });

  it('reads a bare object (an error) as its only element, and drops a truncated one', () => {
    const bare = createJsonArraySplitter();
    expect(bare.push(encode('{"error":{"code":400}}'))).toEqual(['{"error":{"code":400}}']);
    const cut = createJsonArraySplitter();
    expect([...cut.push(encode('[{"a":1},{"b"')), ...cut.end()]).toEqual(['{"a":1}']);
    expect(cut.atBoundary).toBe(false);
  });
});
