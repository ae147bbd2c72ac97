// The usage stripper by itself, at every place where a stream can be cut: what a running relay shows only
// when its reads happen to fall so.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { usageStripper } from '../../src/relay/strip.ts';
import { withoutUsage } from './expected-answer.ts';
import { eventsOf, overSeveralLines, shapes } from './shapes.ts';

const folder = fileURLToPath(new URL('../fixtures/replay/', import.meta.url).href);
const files = ['chat-stream.sse', 'completions-stream.sse'];

function stripped(pieces: Uint8Array[]): string {
  const edit = usageStripper();
  return Buffer.concat([...pieces.map((piece) => edit.push(piece)), edit.end()]).toString();
}

const bytewise = (bytes: Uint8Array) => Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));

describe.each(files)('%s, its usage taken out', (file) => {
  const stream = readFileSync(folder + file, 'utf8');

  it.each(Object.entries(shapes))('%s: is the same wherever it is cut', (_name, shape) => {
    const bytes = Buffer.from(shape(stream));
    const expected = shape(withoutUsage(stream));
    expect(stripped([bytes])).toBe(expected);
    expect(stripped(bytewise(bytes))).toBe(expected);
    for (let at = 1; at < bytes.length; at++)
      expect(stripped([bytes.subarray(0, at), bytes.subarray(at)]) === expected, `cut at ${at}`).toBe(true);
  });

  it('with data over several lines: says the same wherever it is cut', () => {
    const bytes = Buffer.from(overSeveralLines(stream));
    const expected = stripped([bytes]);
    expect(eventsOf(expected)).toEqual(eventsOf(withoutUsage(stream)));
    expect(stripped(bytewise(bytes))).toBe(expected);
  });
});
