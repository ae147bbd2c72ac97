// Tests each format's ping, and the detection of an answer's first event.

import { describe, expect, it } from 'vitest';
import type { FormatId } from '../../../src/formats/format-id.ts';
import type { Framing } from '../../../src/formats/observation.ts';
import { EventStartFinder, pingOf } from '../../../src/formats/own-events.ts';
import { createSseSplitter } from '../../../src/formats/sse.ts';
import { formatOf } from '../../support/formats.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

it.each<[FormatId, Framing, string | null]>([
  ['openai-chat', 'sse', ': ping\n'],
  ['openai-completions', 'sse', ': ping\n'],
  ['openai-responses', 'sse', ': ping\n'],
  ['openai-images', 'sse', ': ping\n'],
  ['openai-transcription', 'sse', ': ping\n'],
  ['anthropic-messages', 'sse', 'event: ping\ndata: {"type": "ping"}\n\n'],
  ['gemini-generate', 'sse', null],
  ['gemini-generate', 'json-array', '\n'],
  ['openai-chat', 'json', null],
  ['openai-speech', 'opaque', null],
])('writes a ping of %s as %s as %j', (kind, framing, text) => {
  expect(pingOf(formatOf(kind), framing)).toBe(text);
});

it('adds no event with a ping in OpenAI’s formats, wherever it is between events', () => {
  const ping = pingOf(formatOf('openai-chat'), 'sse') ?? '';
  const events = ['data: {"a":1}\n\n', 'event: b\r\ndata: {}\r\n\r\n', 'data: [DONE]\n\n'];
  const read = (text: string) => {
    const splitter = createSseSplitter();
    return [...splitter.push(bytesOf(text)), ...splitter.end()];
  };
  expect(read(ping + events.join(ping + ping) + ping)).toEqual(read(events.join('')));
});

describe('the first event', () => {
  it.each([
    ['data: x', true],
    ['{"error"', true],
    ['[', true],
    ['', false],
    ['\n\r\n \n', false],
    [': OPENROUTER PROCESSING\n\n', false],
    [': a comment: with colons', false],
    [': a comment\r\ndata', true],
    [': a comment\n\nevent: message_start\n', true],
    ['\u{feff}: a comment\n', false],
    ['\u{feff}data', true],
    [' \n\n[', true],
  ])('in %j has begun: %s', (text, hasBegun) => {
    const bytes = bytesOf(text);
    expect(new EventStartFinder().push(bytes)).toBe(hasBegun);
    const finder = new EventStartFinder();
    expect([...bytes].map((byte) => finder.push(new Uint8Array([byte]))).includes(true)).toBe(hasBegun);
  });
});
