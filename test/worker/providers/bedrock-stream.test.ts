// Conversion of Bedrock's event stream to server-sent events, however its bytes are cut.
import { describe, expect, it } from 'vitest';
import { sseOfEventStream } from '../../../src/providers/bedrock-stream.ts';
import { bodyOf, cut, seededLengths } from '../../support/cut.ts';
import { chunkFrame, damaged, exceptionFrame, frame } from '../../support/event-stream.ts';

const events = [
  { type: 'message_start', message: { id: 'msg_1', usage: { input_tokens: 3, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße, 世界 🌍' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
];
const metrics = { inputTokenCount: 3, outputTokenCount: 9, invocationLatency: 812, firstByteLatency: 401 };
const wire = Buffer.concat([
  ...events.slice(0, -1).map(chunkFrame),
  frame({ ':event-type': 'initial-response', ':message-type': 'event' }, '{}'),
  chunkFrame({ type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics }),
]);
const expected = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

const textOf = async (pieces: readonly Uint8Array[]) => {
  const { readable, done } = sseOfEventStream(bodyOf(pieces));
  const text = await new Response(readable).text();
  await done;
  return text;
};

/** Returns the output before the stream fails, and the error message. */
async function convertUntilError(bytes: Uint8Array): Promise<{ text: string; reason: string }> {
  const reader = sseOfEventStream(bodyOf(cut(bytes, () => 4_096))).readable.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text, reason: 'none' };
      text += new TextDecoder().decode(value);
    }
  } catch (error) {
    return { text, reason: String(error) };
  }
}

describe('AWS event streams', () => {
  it('converts an event stream to server-sent events, without the operator’s metrics', async () => {
    expect(await textOf([wire])).toBe(expected);
  });

  it('converts alike byte by byte and when cut anywhere', async () => {
    expect(await textOf(cut(wire, () => 1))).toBe(expected);
    for (let seed = 1; seed <= 40; seed++)
      expect(await textOf(cut(wire, seededLengths(seed)))).toBe(expected);
  });

  it.each([
    ['throttlingException', 'rate_limit_error'],
    ['modelStreamErrorException', 'api_error'],
    ['internalServerException', 'api_error'],
    ['validationException', 'invalid_request_error'],
    ['modelTimeoutException', 'timeout_error'],
    ['serviceUnavailableException', 'overloaded_error'],
  ])('converts %s to an error event', async (type, anthropicType) => {
    const text = await textOf([chunkFrame(events[0] ?? {}), exceptionFrame(type, 'What happened')]);
    const error = { type: 'error', error: { type: anthropicType, message: 'What happened' } };
    expect(text.split('\n\n')[1]).toBe(`event: error\ndata: ${JSON.stringify(error)}`);
  });

  it('converts a transport error to an error event', async () => {
    const headers = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'Gone' };
    expect(await textOf([frame(headers, '')])).toContain('"message":"Gone"');
  });
});

describe('damaged frames', () => {
  const good = chunkFrame(events[0] ?? {});
  const goodText = expected.slice(0, expected.indexOf('\n\n') + 2);

  it('fails at any damaged byte of a frame, after the intact events', async () => {
    const next = chunkFrame(events[2] ?? {});
    for (let at = 0; at < next.length; at++) {
      const broken = await convertUntilError(Buffer.concat([good, damaged(next, at), good]));
      expect(broken.text).toBe(goodText);
      expect(broken.reason).toMatch(/checksum|Checksum/);
    }
  });

  it('fails when the stream ends within a frame', async () => {
    const broken = await convertUntilError(Buffer.concat([good, good.subarray(0, good.length - 1)]));
    expect(broken).toEqual({ text: goodText, reason: expect.stringContaining('within a frame') });
  });

  it('fails when a frame exceeds the maximum length', async () => {
    const { crc32 } = await import('node:zlib');
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(0x7fff_ffff, 0);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    expect((await convertUntilError(prelude)).reason).toContain('a frame of 2147483647 bytes');
  });
});
