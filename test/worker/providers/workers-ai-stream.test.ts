// Conversion of the older Workers AI stream format to chat completion chunks, however its bytes are cut.
import { describe, expect, it } from 'vitest';
import { chatStreamOf } from '../../../src/providers/workers-ai-stream.ts';
import { bodyOf, cut, seededLengths } from '../../support/cut.ts';

const naming = { id: 'chatcmpl-1', model: '@cf/meta/llama', created: 7 };
const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 };
const sse = (...events: object[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
const native = `${sse({ response: 'Grüße' }, { response: ', 世界 🌍' }, { response: 7 }, { response: '', usage })}data: [DONE]\n\n`;
const chunk = (fields: object) => ({ ...naming, object: 'chat.completion.chunk', ...fields });
const delta = (value: object, finish_reason: string | null = null) =>
  chunk({ choices: [{ index: 0, delta: value, finish_reason }] });
const chat = `${sse(
  delta({ role: 'assistant', content: 'Grüße' }),
  delta({ content: ', 世界 🌍' }),
  delta({ content: '7' }),
  delta({}, 'stop'),
  chunk({ choices: [], usage }),
)}data: [DONE]\n\n`;

const encoder = new TextEncoder();
const textOf = async (pieces: readonly Uint8Array[]) => {
  const { readable, done } = chatStreamOf(bodyOf(pieces), naming);
  const text = await new Response(readable).text();
  await done;
  return text;
};

describe('Workers AI streams in its own format', () => {
  it('converts a stream to chunks, whole, byte by byte and cut anywhere', async () => {
    const bytes = encoder.encode(native);
    expect(await textOf([bytes])).toBe(chat);
    expect(await textOf(cut(bytes, () => 1))).toBe(chat);
    for (let seed = 1; seed <= 20; seed++) expect(await textOf(cut(bytes, seededLengths(seed)))).toBe(chat);
  });

  it('adds no end to a truncated stream', async () => {
    const text = await textOf([encoder.encode(sse({ response: 'Hello' }))]);
    expect(text).toBe(sse(delta({ role: 'assistant', content: 'Hello' })));
  });

  it('passes a stream in OpenAI’s format through unchanged, with comments', async () => {
    const bytes = encoder.encode(`: ping\n\n${chat}`);
    expect(await textOf(cut(bytes, () => 5))).toBe(`: ping\n\n${chat}`);
  });
});
