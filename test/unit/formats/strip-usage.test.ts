// Removes the usage that the relay's own include_usage added to a stream.
import { describe, expect, it } from 'vitest';
import { stripUsage } from '../../../src/formats/openai-chat/index.ts';
import { createRawSseSplitter } from '../../../src/formats/sse.ts';
import { allFixtures, haveFixtures, reportSkippedReplay } from '../../support/fixtures.ts';

reportSkippedReplay();

function strip(raw: string): string | null {
  const splitter = createRawSseSplitter();
  const [block] = [...splitter.push(new TextEncoder().encode(raw)), ...splitter.end()];
  return stripUsage(raw, block?.data ?? '');
}

describe('stripUsage', () => {
  it('drops the usage chunk', () => {
    expect(strip('data: {"id":"x","choices":[],"usage":{"prompt_tokens":1}}\n\n')).toBeNull();
    expect(strip('data: {"choices": [ ],\r\ndata: "usage": {"prompt_tokens":1}}\r\n\r\n')).toBeNull();
  });

  it.each([
    ['data: {"choices":[{"delta":{}}],"usage":null}\n\n', 'data: {"choices":[{"delta":{}}]}\n\n'],
    ['data:{"usage":null,"choices":[]}\r\n\r\n', 'data:{"choices":[]}\r\n\r\n'],
    [': c\nid: 7\ndata: {"a":1, "usage" : null , "b":2}\n\n', ': c\nid: 7\ndata: {"a":1 , "b":2}\n\n'],
    ['data: {"choices":[],\ndata: "usage":null}\n: c\n\n', 'data: {"choices":[]}\n: c\n\n'],
  ])('removes a null usage from %j', (raw, stripped) => {
    expect(strip(raw)).toBe(stripped);
  });

  it.each([
    'data: [DONE]\n\n',
    ': keepalive\n\n',
    'data: {"choices":[],"prompt_filter_results":[{"a":1}]}\n\n',
    'data: {"choices":[{"delta":{"content":"\\"usage\\":null"}}]}\n\n',
    'data: {"choices":[{"delta":{},"usage":null}]}\n\n',
    'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}\n\n',
    'data: {"error":{"message":"usage"},"usage"\n\n',
    'data: not json "usage"\n\n',
  ])('leaves %j unchanged', (raw) => {
    expect(strip(raw)).toBe(raw);
  });
});

describe.skipIf(!haveFixtures)('every recorded chat and completions stream', () => {
  it('has no requested usage after the removal, and is otherwise unchanged', () => {
    let dropped = 0;
    let edited = 0;
    const streams = allFixtures().filter(
      ({ meta }) =>
        /chat-completions|completions/.test(meta.endpoint) && meta.response_file === 'response.sse',
    );
    for (const { name, bytes } of streams) {
      const splitter = createRawSseSplitter();
      for (const block of [...splitter.push(bytes), ...splitter.end()]) {
        const stripped = stripUsage(block.raw, block.data ?? '');
        if (stripped === null) dropped++;
        else if (stripped !== block.raw) {
          edited++;
          const again = createRawSseSplitter();
          const [other] = [...again.push(new TextEncoder().encode(stripped)), ...again.end()];
          const { usage, ...rest } = JSON.parse(block.data ?? '');
          expect(usage, name).toBeNull();
          expect(JSON.parse(other?.data ?? ''), name).toEqual(rest);
        }
      }
    }
    console.log(`${streams.length} streams: ${dropped} usage chunks dropped, ${edited} nulls taken out`);
    expect(dropped).toBeGreaterThan(20);
    expect(edited).toBeGreaterThan(100);
  });
});
