// Tests conversations that a target would refuse unchanged, and how they are rewritten.
import { describe, expect, it } from 'vitest';
import { fitRequest } from '../../../src/formats/answer-edit.ts';
import type { NeutralEvent, NeutralResponse } from '../../../src/formats/neutral.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';

function relay(from: ConversationId, to: ConversationId, body: JsonObject, provider = 'x') {
  const request = requestOf(conversationOf(from).readRequest(body, { model: 'm', stream: false }));
  const fitted = fitRequest(request, conversationOf(to).toolNames, { customTools: false });
  const { body: written, dropped } = conversationOf(to).writeRequest(fitted.request, {
    model: 'm',
    provider,
  });
  const turns = (written.messages ?? written.contents ?? written.input) as JsonObject[];
  return { written, dropped, turns, edit: fitted.answerEdit(undefined) };
}

const question = { role: 'user', content: 'hi' };
const imageCall = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'aGk=' };

describe('a turn that chat cannot express', () => {
  const responses: Record<string, JsonObject[]> = {
    'a search': [
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
    ],
    'foreign reasoning': [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }],
    'an image': [imageCall],
    'empty text': [{ type: 'message', role: 'assistant', content: '' }],
    'OpenAI’s own tool search': [
      { type: 'tool_search_call', call_id: null, execution: 'server', arguments: {} },
    ],
  };
  it.each(Object.entries(responses))('is omitted from a Responses request: %s', (_, items) => {
    const { turns } = relay('openai-responses', 'openai-chat', { input: [question, ...items, question] });
    expect(turns.map(({ role }) => role)).toEqual(['user', 'user']);
  });

  const messages: Record<string, unknown> = {
    'no blocks': [],
    'empty text': [{ type: 'text', text: '' }],
    'foreign thoughts': [{ type: 'thinking', thinking: 'hm', signature: 'sig' }],
    'blocks of Anthropic’s own tools': [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
    ],
  };
  it.each(Object.entries(messages))('is omitted from a Messages request: %s', (_, content) => {
    const body = { max_tokens: 99, messages: [question, { role: 'assistant', content }, question] };
    expect(relay('anthropic-messages', 'openai-chat', body).turns.map(({ role }) => role)).toEqual([
      'user',
      'user',
    ]);
  });

  it('is omitted and reported if it contains only chat’s own thoughts', () => {
    const body = {
      messages: [question, { role: 'assistant', content: null, reasoning_content: 'hm' }, question],
    };
    const { turns, dropped } = relay('openai-chat', 'openai-chat', body);
    expect(turns).toHaveLength(2);
    expect(dropped).toEqual(['messages[1].reasoning_content']);
  });
});

it('preserves a turn of calls only, and a refusal, as text for chat imitators', () => {
  const input = [
    question,
    { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    question,
    { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: 'r' },
  ];
  const { turns } = relay('openai-responses', 'openai-chat', { input });
  expect(turns[1]).toEqual({ role: 'assistant', content: 'No.' });
  expect(turns[3]).toMatchObject({ role: 'assistant', content: null, tool_calls: [{ id: 'c1' }] });
  expect(relay('openai-responses', 'openai-chat', { input }, 'openai').turns[1]).toEqual({
    role: 'assistant',
    content: null,
    refusal: 'No.',
  });
});

it('does not read a generated image as audio', () => {
  const { turns, dropped } = relay('openai-responses', 'openai-chat', {
    input: [question, imageCall, { type: 'message', role: 'assistant', content: 'There.' }, question],
  });
  expect(turns[1]).toEqual({ role: 'assistant', content: 'There.' });
  expect(dropped).toEqual(['input[1]']);
});

describe('the call ids of a conversation', () => {
  const call = (name = 'look') => ({ id: 'call_0', type: 'function', function: { name, arguments: '{}' } });
  const answered = (...texts: string[]) =>
    texts.map((content) => ({ role: 'tool', tool_call_id: 'call_0', content }));
  const messages = [
    question,
    { role: 'assistant', tool_calls: [call()] },
    ...answered('one'),
    question,
    { role: 'assistant', tool_calls: [call('a'), call('b')] },
    ...answered('two', 'three'),
  ];
  const pairs = ({ turns }: ReturnType<typeof relay>) => {
    const blocks = turns.flatMap(({ content }) => content as JsonObject[]);
    const text = (id: unknown) => {
      const result = blocks.find((block) => block.tool_use_id === id);
      return ((result?.content as JsonObject[] | undefined)?.[0] as JsonObject | undefined)?.text;
    };
    return blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => [id, text(id)]);
  };

  it('are unique, and results stay with their calls', () => {
    expect(pairs(relay('openai-chat', 'anthropic-messages', { messages }))).toEqual([
      ['call_0', 'one'],
      ['call_0_2', 'two'],
      ['call_0_3', 'three'],
    ]);
  });

  it('stay the same when the conversation grows', () => {
    const before = relay('openai-chat', 'anthropic-messages', { messages });
    const later = [...messages, question, { role: 'assistant', tool_calls: [call()] }, ...answered('four')];
    const after = relay('openai-chat', 'anthropic-messages', { messages: later });
    expect(pairs(after).slice(0, 3)).toEqual(pairs(before));
    expect(pairs(after)[3]).toEqual(['call_0_4', 'four']);
  });

  it('assign a repeated id’s result to the latest turn’s call if an earlier one was never answered', () => {
    const interrupted = [
      question,
      { role: 'assistant', tool_calls: [call()] },
      question,
      { role: 'assistant', tool_calls: [call()] },
    ];
    const { turns } = relay('openai-chat', 'anthropic-messages', {
      messages: [...interrupted, ...answered('two')],
    });
    expect(turns.at(-1)).toMatchObject({ content: [{ type: 'tool_result', tool_use_id: 'call_0_2' }] });
  });

  it('are new to the conversation in an answer, whole and streamed', () => {
    const { edit } = relay('openai-chat', 'anthropic-messages', { messages: messages.slice(0, 3) });
    const start: NeutralEvent = {
      type: 'tool-call-start',
      candidate: 0,
      part: 0,
      id: 'call_0',
      name: 'look',
    };
    expect(edit.event(start)).toEqual([{ ...start, id: 'call_0_2' }]);
    const whole = relay('openai-chat', 'anthropic-messages', {
      messages: messages.slice(0, 3),
    }).edit.response({
      candidates: [
        {
          parts: [{ type: 'tool-call', id: 'call_0', name: 'a', arguments: '{}' }],
          stop: { reason: 'tool-calls' },
        },
      ],
    } as unknown as NeutralResponse);
    expect(whole.candidates[0]?.parts).toMatchObject([{ id: 'call_0_2' }]);
  });
});

describe('a conversation that does not begin with the user', () => {
  const system = { role: 'system', content: 'Tell a joke.' };
  const opening = { 'anthropic-messages': 'Continue.', 'gemini-generate': 'Continue.' };
  it.each(['anthropic-messages', 'gemini-generate'] as const)(
    'starts with an added user turn at %s',
    (to) => {
      const alone = relay('openai-chat', to, { messages: [system] });
      expect(alone.turns).toHaveLength(1);
      expect(JSON.stringify(alone.turns)).toContain(opening[to]);
      expect(JSON.stringify(alone.written.system ?? alone.written.systemInstruction)).toContain(
        'Tell a joke.',
      );
      const assistant = relay('openai-chat', to, {
        messages: [{ role: 'assistant', content: 'Hello.' }, question],
      });
      expect(assistant.turns.map(({ role }) => role)).toEqual([
        'user',
        to === 'gemini-generate' ? 'model' : 'assistant',
        'user',
      ]);
      expect(relay('openai-chat', to, { messages: [system, question] }).turns).toHaveLength(1);
    },
  );

  it('is sent as the input itself in Responses, which does not accept instructions alone', () => {
    const { written } = relay('openai-chat', 'openai-responses', { messages: [system] });
    expect(written.instructions).toBeUndefined();
    expect(written.input).toEqual([{ type: 'message', role: 'developer', content: 'Tell a joke.' }]);
    expect(
      relay('openai-chat', 'openai-responses', { messages: [system, question] }).written.instructions,
    ).toBe('Tell a joke.');
  });
});

it('omits white-space stop sequences for Claude, and reports them', () => {
  const stops = (stop: unknown) => relay('openai-chat', 'anthropic-messages', { messages: [question], stop });
  expect(stops(['\n', 'END', ' \t'])).toMatchObject({
    written: { stop_sequences: ['END'] },
    dropped: ['stop[0]', 'stop[2]'],
  });
  const alone = stops('\n\n');
  expect(alone.written.stop_sequences).toBeUndefined();
  expect(alone.dropped).toEqual(['stop']);
  expect(stops(' END')).toMatchObject({ written: { stop_sequences: [' END'] }, dropped: [] });
});

describe('an image with a media type that Claude does not know', () => {
  const cases: Record<string, [ConversationId, JsonObject, string]> = {
    'image/jpg of chat': [
      'openai-chat',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA' } }],
          },
        ],
      },
      'image/jpeg',
    ],
    'IMAGE/JPG of Responses': [
      'openai-responses',
      {
        input: [
          { role: 'user', content: [{ type: 'input_image', image_url: 'data:IMAGE/JPG;base64,AAAA' }] },
        ],
      },
      'image/jpeg',
    ],
    'image/jpg of Gemini': [
      'gemini-generate',
      { contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/jpg', data: 'AAAA' } }] }] },
      'image/jpeg',
    ],
    'image/x-png of chat': [
      'openai-chat',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/x-png;base64,AAAA' } }],
          },
        ],
      },
      'image/png',
    ],
    'image/* with the bytes of a GIF': [
      'openai-chat',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/*;base64,R0lGODlh' } }],
          },
        ],
      },
      'image/gif',
    ],
  };
  it.each(Object.entries(cases))('is sent: %s', (_, [from, body, type]) => {
    const { turns, dropped } = relay(from, 'anthropic-messages', body);
    expect(turns).toMatchObject([
      { content: [{ type: 'image', source: { type: 'base64', media_type: type } }] },
    ]);
    expect(dropped).toEqual([]);
  });

  it('is omitted and reported if its bytes are of no type that Claude accepts', () => {
    const url = 'data:image/tiff;base64,SUkqAA==';
    const body = {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url } },
            { type: 'text', text: '?' },
          ],
        },
      ],
    };
    expect(relay('openai-chat', 'anthropic-messages', body).dropped).toEqual(['messages[0].content[0]']);
  });
});
