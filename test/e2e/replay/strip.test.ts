// Tests the usage stripper separately, at cuts that a running relay shows only by chance (between CR and LF, for
// example).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { usageStripper } from '../../../src/relay/response/strip-usage.ts';
import { withoutUsage } from './expected-answer.ts';
import { eventsOf, overSeveralLines, shapes } from './shapes.ts';

const folder = fileURLToPath(new URL('../../fixtures/replay/', import.meta.url).href);
const files = ['chat-stream.sse', 'completions-stream.sse'];

function stripped(pieces: Uint8Array[]): string {
  const edit = usageStripper();
  return Buffer.concat([...pieces.map((piece) => edit.push(piece)), edit.end()]).toString();
}

const bytewise = (bytes: Uint8Array) => Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));

/** Returns the positions before, in and after each line end. */
const besideLineEnds = (bytes: Uint8Array) =>
  Array.from(bytes.keys()).filter((at) =>
    [bytes[at - 1], bytes[at]].some((byte) => byte === 10 || byte === 13),
  );

describe.each(files)('%s with its usage removed', (file) => {
  const stream = readFileSync(folder + file, 'utf8');

  it.each(Object.entries(shapes))(
    'is the same byte by byte and when cut beside any line end, framed %s',
    (_name, shape) => {
      const bytes = Buffer.from(shape(stream));
      const expected = shape(withoutUsage(stream));
      expect(stripped([bytes])).toBe(expected);
      expect(stripped(bytewise(bytes))).toBe(expected);
      for (const at of besideLineEnds(bytes))
        expect(stripped([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toBe(expected);
    },
  );

  it('has the same events wherever data over several lines is cut', () => {
    const bytes = Buffer.from(overSeveralLines(stream));
    const expected = stripped([bytes]);
    expect(eventsOf(expected)).toEqual(eventsOf(withoutUsage(stream)));
    expect(stripped(bytewise(bytes))).toBe(expected);
  });
});
