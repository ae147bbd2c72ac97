// Tests the event splitter against the standard, at any cut, and without loss.
import { describe, expect, it } from 'vitest';
import {
  createRawSseSplitter,
  createSseSplitter,
  type RawSseBlock,
  type SseEvent,
} from '../../../src/formats/sse.ts';
import { allFixtures, cutAtSeed, haveFixtures, reportSkippedReplay } from '../../support/fixtures.ts';
import { growthOfTime, linearGrowth } from '../../support/growth.ts';

reportSkippedReplay();

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function split(pieces: Uint8Array[]): SseEvent[] {
  const splitter = createSseSplitter();
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

function splitRaw(pieces: Uint8Array[]): RawSseBlock[] {
  const splitter = createRawSseSplitter();
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

describe('the SSE splitter', () => {
  it.each([
    ['data: a\n\n', [{ data: 'a' }]],
    ['data:a\n\n', [{ data: 'a' }]],
    ['data:  a\n\n', [{ data: ' a' }]],
    ['data\n\n', [{ data: '' }]],
    ['data: a\ndata: b\n\n', [{ data: 'a\nb' }]],
    ['event: e\nid: 7\ndata: a\n\n', [{ data: 'a', event: 'e', id: '7' }]],
    [': comment\n\ndata: a\n\n', [{ data: 'a' }]],
    [': comment\ndata: a\n: other\n\n', [{ data: 'a' }]],
    ['event: lonely\n\ndata: a\n\n', [{ data: 'a' }]],
    ['\n\n\ndata: a\n\n\n\ndata: b\n\n', [{ data: 'a' }, { data: 'b' }]],
    ['data: a', [{ data: 'a' }]],
    ['data: a\n', [{ data: 'a' }]],
    ['\uFEFFdata: a\n\n', [{ data: 'a' }]],
    ['retry: 3\nunknown: x\ndata: 中😀\n\n', [{ data: '中😀' }]],
    ['data: a:b: c\n\n', [{ data: 'a:b: c' }]],
  ])('splits %j into its events', (text, events) => {
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const bytes = encode(text.replaceAll('\n', lineEnd));
      expect(split([bytes])).toEqual(events);
      expect(split(cutAtSeed(bytes, 1, 1))).toEqual(events);
      expect(split(cutAtSeed(bytes, 5, 4))).toEqual(events);
    }
  });

  it('returns events at their blank line, and no other for a split CRLF', () => {
    const splitter = createSseSplitter();
    expect(splitter.push(encode('data: a\r\n\r'))).toEqual([{ data: 'a' }]);
    expect(splitter.atBoundary).toBe(true);
    expect(splitter.push(encode('\ndata: b\r\n'))).toEqual([]);
    expect(splitter.atBoundary).toBe(false);
    expect(splitter.push(encode('\r\n'))).toEqual([{ data: 'b' }]);
    expect(splitter.end()).toEqual([]);
  });

  it('marks a boundary after comments, but not within a line', () => {
    const splitter = createSseSplitter();
    expect(splitter.atBoundary).toBe(true);
    splitter.push(encode(': keepalive\n'));
    expect(splitter.atBoundary).toBe(true);
    splitter.push(encode(': keep'));
    expect(splitter.atBoundary).toBe(false);
  });

  it('drops events above the limit, and continues with the next', () => {
    const splitter = createRawSseSplitter({ maximumEventCharacters: 20 });
    const text = `data: ${'x'.repeat(100)}\n\ndata: ok\n\n`;
    for (const largest of [1, 7, 200]) {
      const data = cutAtSeed(encode(text), 3, largest)
        .flatMap((piece) => splitter.push(piece))
        .map((block) => block.data);
      expect(data).toEqual([null, 'ok']);
    }
  });

  it('are split in time linear in the length of a chunk', () => {
    const event = `data: {"choices":[{"delta":{"content":"hello"}}],"x":"${'y'.repeat(250)}"}\n\n`;
    const splitter = createSseSplitter();
    const chunks = new Map([1_000, 8_000].map((events) => [events, encode(event.repeat(events))]));
    const split = (events: number) =>
      expect(splitter.push(chunks.get(events) ?? encode(''))).toHaveLength(events);
    expect(growthOfTime(1_000, split)).toBeLessThan(linearGrowth);
  });
});

describe('the raw SSE splitter', () => {
  it.each([
    'data: a\n\n: c\n\n\n\ndata: b\n',
    '\uFEFFevent: x\r\ndata: 1\r\n\r\n\r\n{"error":\r\n1}\r\n\r\n',
    'data: a\r\rdata: b\r\r',
    'no SSE at all <html>',
  ])('returns blocks of %j that join to the input', (text) => {
    for (const [seed, largest] of [
      [1, 1],
      [2, 3],
      [3, 1_000],
    ] as const) {
      const pieces = cutAtSeed(encode(text), seed, largest);
      expect(
        splitRaw(pieces)
          .map((block) => block.raw)
          .join(''),
      ).toBe(text);
    }
  });
});

describe.skipIf(!haveFixtures)('every recorded stream', () => {
  it('loses nothing, and has the same events at every cut', () => {
    const streams = allFixtures().filter(({ meta }) => meta.response_file === 'response.sse');
    for (const { name, bytes } of streams) {
      const events = split([bytes]);
      for (const seed of [1, 2]) {
        const pieces = cutAtSeed(bytes, seed, 61);
        expect(split(pieces), name).toEqual(events);
        expect(
          splitRaw(pieces)
            .map((block) => block.raw)
            .join(''),
          name,
        ).toBe(new TextDecoder('utf-8', { ignoreBOM: true, fatal: false }).decode(bytes));
      }
    }
    console.log(`${streams.length} recorded streams split`);
  });
});
