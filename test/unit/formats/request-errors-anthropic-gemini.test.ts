// Tests invalid requests in Anthropic's and Gemini's formats: the error names the field as the caller wrote it.
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { geminiGenerate } from '../../../src/formats/gemini-generate/index.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { requestOf } from '../../support/formats.ts';

const read = (format: ConversationFormat, body: JsonObject) =>
  format.readRequest(body, { model: 'm', stream: false });
const hello = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 };
const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];

describe('a Messages request', () => {
  it.each([
    [{ ...hello, messages: undefined }, 'messages'],
    [{ ...hello, messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    [{ ...hello, messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ ...hello, max_tokens: 'many' }, 'max_tokens'],
    [{ ...hello, temperature: '1' }, 'temperature'],
    [{ ...hello, stop_sequences: 'END' }, 'stop_sequences'],
    [{ ...hello, tools: {} }, 'tools'],
    [{ ...hello, thinking: true }, 'thinking'],
  ])('is refused with %j', (body, param) => {
    expect(read(anthropicMessages, body)).toMatchObject({ ok: false, param });
  });
});

describe('a generateContent request', () => {
  it.each([
    [{}, 'contents'],
    [{ contents: 'Hi' }, 'contents'],
    [{ contents, generationConfig: { temperature: 'warm' } }, 'generationConfig.temperature'],
    [{ contents, generation_config: { stop_sequences: [1] } }, 'generationConfig.stopSequences'],
    [{ contents, generationConfig: [] }, 'generationConfig'],
  ])('is refused with %j', (body, param) => {
    expect(read(geminiGenerate, body)).toMatchObject({ ok: false, param });
  });

  it('accepts either of Google’s spellings, numbers as text, and one object for a list', () => {
    const snake = {
      contents: contents[0],
      generation_config: { max_output_tokens: '12', top_p: 0.5 },
      system_instruction: { parts: { text: 'Be brief.' } },
    };
    expect(requestOf(read(geminiGenerate, snake as never))).toMatchObject({
      maxOutputTokens: 12,
      topP: 0.5,
      system: [{ text: 'Be brief.' }],
      messages: [{ parts: [{ text: 'Hi' }] }],
    });
  });
});
