import { expect, it } from 'vitest';
import {
  answerText,
  codeFor,
  playgroundFormats,
  requestFor,
  requestText,
} from '../../../../src/dashboard/public/playground-formats.js';

const image = 'data:image/png;base64,AAAA';
const chat = {
  token: 'secret',
  model: 'a/b',
  system: 'Be brief.',
  temperature: 0.5,
  maxTokens: 100,
  effort: 'low',
  turns: [
    { role: 'user', text: 'What is this?', images: [image] },
    { role: 'assistant', text: 'A dot.' },
    { role: 'user', text: 'Sure?' },
  ],
} as const;
const plain = { token: 'secret', model: 'm', turns: [{ role: 'user', text: 'Hi' }] };
type Format = keyof typeof playgroundFormats;
const bodyOf = (format: Format, one: object = chat) => requestFor(format, one as never, true).body;

it('writes several turns, a system prompt, an image, and parameters in every format', () => {
  expect(bodyOf('openai')).toEqual({
    model: 'a/b',
    stream: true,
    max_completion_tokens: 100,
    temperature: 0.5,
    reasoning_effort: 'low',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: image } },
          { type: 'text', text: 'What is this?' },
        ],
      },
      { role: 'assistant', content: 'A dot.' },
      { role: 'user', content: 'Sure?' },
    ],
  });
  expect(bodyOf('responses')).toMatchObject({
    instructions: 'Be brief.',
    reasoning: { effort: 'low' },
    input: [{ content: [{ type: 'input_image', image_url: image }, { type: 'input_text' }] }, {}, {}],
  });
  expect(bodyOf('anthropic')).toMatchObject({
    max_tokens: 100,
    system: 'Be brief.',
    output_config: { effort: 'low' },
    messages: [
      { content: [{ source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }, {}] },
      {},
      {},
    ],
  });
  expect(bodyOf('gemini')).toMatchObject({
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    contents: [
      {
        role: 'user',
        parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: 'What is this?' }],
      },
      { role: 'model' },
      {},
    ],
    generationConfig: { maxOutputTokens: 100, temperature: 0.5, thinkingConfig: { thinkingLevel: 'low' } },
  });
  expect(requestFor('gemini', chat as never, true).path).toBe(
    '/v1beta/models/a%2Fb:streamGenerateContent?alt=sse',
  );
});

it('leaves out what is not set, but for the limit that Anthropic requires', () => {
  expect(requestFor('openai', plain as never, false).body).toEqual({
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  expect(bodyOf('anthropic', plain)).toMatchObject({ max_tokens: 1_024 });
});

it('shows and copies no token', () => {
  for (const format of Object.keys(playgroundFormats) as Format[]) {
    const text = requestText(requestFor(format, chat as never, true), 'secret');
    expect(text).toContain('$RELAY_TOKEN');
    const code = codeFor('https://relay.test', format, chat as never);
    expect(text + Object.values(code).join('')).not.toContain('secret');
  }
});

it('writes curl, Python, and Node that say the same', () => {
  const quoted = { ...plain, turns: [{ role: 'user', text: "it's" }] };
  const { curl, python, node } = codeFor('https://relay.test', 'openai', quoted as never);
  expect(curl).toContain(`"content":"it'\\''s"`);
  expect(curl).toContain('-H "authorization: Bearer $RELAY_TOKEN"');
  expect(python).toContain('OpenAI(base_url="https://relay.test/v1", api_key=token)');
  expect(python).toContain('"content": "it\'s",');
  expect(node).toContain("baseURL: 'https://relay.test/v1'");
});

it('finds the text of a whole answer in every format, without thoughts', () => {
  expect(answerText('openai', { choices: [{ message: { content: 'a' } }] })).toBe('a');
  expect(answerText('responses', { output: [{ type: 'reasoning' }, { content: [{ text: 'b' }] }] })).toBe(
    'b',
  );
  expect(answerText('anthropic', { content: [{ type: 'thinking' }, { text: 'c' }] })).toBe('c');
  const parts = [{ text: 'hm', thought: true }, { text: 'd' }];
  expect(answerText('gemini', { candidates: [{ content: { parts } }] })).toBe('d');
  expect(answerText('openai', null)).toBe('');
});
