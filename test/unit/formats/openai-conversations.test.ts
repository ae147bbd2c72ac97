// Tests second turns through OpenAI clients, which return what they received: other providers' signatures return
// unchanged, and OpenAI's own return through other clients. Also tests rewrites, reported losses, and invalid
// requests.
import { describe, expect, it } from 'vitest';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import type {
  MediaPart,
  NeutralPart,
  NeutralRequest,
  NeutralResponse,
  ReasoningSignature,
} from '../../../src/formats/neutral.ts';
import { isResponsesBody, openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiCompletions } from '../../../src/formats/openai-completions/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import { emptyRequest } from '../../../src/formats/request-fields.ts';
import { usageOf } from '../../../src/formats/usage.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { requestOf } from '../../support/formats.ts';
import { contextOf, writeStream } from '../../support/translated-responses.ts';

const openai = { model: 'gpt-5.2', provider: 'openai' };
const imitator = { model: 'some-model', provider: 'openai-compatible' };

function read(format: Pick<ConversationFormat, 'readRequest'>, body: JsonObject): NeutralRequest {
  return requestOf(format.readRequest(body, { model: 'm', stream: false }));
}

function answerOf(parts: NeutralPart[]): NeutralResponse {
  return {
    id: 'a',
    model: 'm',
    createdAtSeconds: 1_764_000_000,
    candidates: [{ parts, stop: { reason: 'tool-calls' } }],
    usage: usageOf({ inputTokens: 3, outputTokens: 4 }),
    serviceTier: null,
    error: null,
    promptBlock: null,
  };
}

const call = (id: string, signature?: ReasoningSignature): NeutralPart => ({
  type: 'tool-call',
  id,
  name: 'look',
  arguments: '{}',
  ...(signature && { signature }),
});
const signature: ReasoningSignature = { origin: 'anthropic-messages', kind: 'signature', value: 'Er8C+/==' };
const redacted: ReasoningSignature = { origin: 'anthropic-messages', kind: 'encrypted', value: 'b3BhcXVl' };
const thought: ReasoningSignature = { origin: 'gemini-generate', kind: 'signature', value: 'CiQB/w==' };
const encrypted: ReasoningSignature = {
  origin: 'openai-responses',
  kind: 'encrypted',
  value: 'gAAAAABo',
  id: 'rs_123',
};
const deepseek: ReasoningSignature = { origin: 'openai-chat', kind: 'signature', value: '' };
const details: ReasoningSignature = {
  origin: 'openai-chat',
  kind: 'encrypted',
  value: JSON.stringify([{ type: 'reasoning.encrypted', data: 'x', index: 0 }]),
};

/** Returns a chat client's second turn: the unchanged message, and results by id. */
function chatSecondTurn(parts: NeutralPart[]): NeutralRequest {
  const { body } = openaiChat.writeResponse(answerOf(parts), contextOf());
  const [choice] = body.choices as { message: { tool_calls: { id: string }[] } }[];
  const results =
    choice?.message.tool_calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'a cat' })) ?? [];
  return read(openaiChat, { messages: [{ role: 'user', content: 'Look.' }, choice?.message, ...results] });
}

/** Returns a Responses client's second turn: the unchanged items, and outputs by id. */
function responsesSecondTurn(parts: NeutralPart[]): NeutralRequest {
  const { body } = openaiResponses.writeResponse(answerOf(parts), contextOf());
  const output = body.output as { type: string; call_id: string }[];
  const results = output
    .filter(({ type }) => type === 'function_call')
    .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'a cat' }));
  return read(openaiResponses, { input: [{ role: 'user', content: 'Look.' }, ...output, ...results] });
}

/** Returns the assistant's parts and the ids of the results, without positions. */
function turnIn({ messages }: NeutralRequest): { assistantParts: unknown[]; results: string[] } {
  const parts = messages.flatMap((message) => message.parts.map((part) => ({ role: message.role, part })));
  const assistantParts = parts
    .filter(({ role }) => role === 'assistant')
    .map(({ part: { at: _, ...rest } }) => rest);
  const results = parts.flatMap(({ part }) => (part.type === 'tool-result' ? [part.callId] : []));
  return { assistantParts: assistantParts.map((part) => withoutItemId(part)), results };
}

function withoutItemId(part: object): unknown {
  const { itemId: _, ...rest } = part as { itemId?: string };
  return rest;
}

describe('a tool loop through a client', () => {
  const loops: [string, NeutralPart[]][] = [
    [
      'Claude’s signed thinking',
      [{ type: 'reasoning', text: 'Hm.\nOk.', signature: signature }, call('toolu_1')],
    ],
    [
      'Claude’s redacted thinking',
      [{ type: 'reasoning', text: '', signature: redacted }, call('toolu_1'), call('toolu_2')],
    ],
    ['Gemini’s signed calls', [call('c1', thought), call('c2')]],
    [
      'Gemini’s signed thoughts and calls',
      [{ type: 'reasoning', text: 'Hm.', signature: thought }, call('c1', thought)],
    ],
  ];

  it.each(loops)('returns %s unchanged from a chat client', (_, parts) => {
    const { assistantParts, results } = turnIn(chatSecondTurn(parts));
    expect(assistantParts).toEqual(parts);
    expect(results).toEqual(parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])));
  });

  it.each(loops)('returns %s unchanged from a Responses client', (_, parts) => {
    const { assistantParts, results } = turnIn(responsesSecondTurn(parts));
    expect(assistantParts).toEqual(parts);
    expect(results).toEqual(parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])));
  });

  it('returns OpenAI’s encrypted reasoning through a chat client, with its summary and before its call', () => {
    const parts: NeutralPart[] = [
      { type: 'reasoning', text: 'One.\n\nTwo.', paragraphs: ['One.', 'Two.'], signature: encrypted },
      call('call_1'),
    ];
    const { body, dropped } = openaiResponses.writeRequest(chatSecondTurn(parts), openai);
    expect(dropped).toEqual([]);
    expect((body.input as JsonObject[]).slice(1)).toEqual([
      {
        type: 'reasoning',
        id: 'rs_123',
        summary: [
          { type: 'summary_text', text: 'One.' },
          { type: 'summary_text', text: 'Two.' },
        ],
        encrypted_content: 'gAAAAABo',
      },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'a cat' },
    ]);
  });

  it('returns what DeepSeek and OpenRouter require through a Responses client', () => {
    const parts: NeutralPart[] = [{ type: 'reasoning', text: 'Hm.', signature: deepseek }, call('call_1')];
    const [, message] = openaiChat.writeRequest(responsesSecondTurn(parts), imitator).body
      .messages as JsonObject[];
    expect(message).toMatchObject({ role: 'assistant', content: null, reasoning_content: 'Hm.' });
    const detailed: NeutralPart[] = [{ type: 'reasoning', text: 'Hm.', signature: details }, call('call_1')];
    const [, other] = openaiChat.writeRequest(responsesSecondTurn(detailed), imitator).body
      .messages as JsonObject[];
    expect(other).toMatchObject({
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'x', index: 0 }],
    });
    expect(other).not.toHaveProperty('reasoning_content');
  });

  it('reports reasoning of another provider, and shortens ids to OpenAI’s limit', () => {
    const request = chatSecondTurn([
      { type: 'reasoning', text: 'Hm.', signature: signature },
      call(`toolu_${'x'.repeat(80)}`),
    ]);
    for (const format of [openaiChat, openaiResponses]) {
      const { body, dropped } = format.writeRequest(request, openai);
      expect(dropped).toEqual(['messages[1].tool_calls[0].id']);
      const ids = JSON.stringify(body).match(/toolu_x+_\w+/g) ?? [];
      expect(new Set(ids).size).toBe(1);
      expect(ids[0]?.length).toBeLessThanOrEqual(format === openaiChat ? 40 : 64);
    }
  });

  it('ignores a damaged state', () => {
    const request = read(openaiChat, {
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 'call_1_eyJvbzgiOjEsbroken', function: { name: 'f', arguments: '' } }],
        },
      ],
    });
    expect(request.messages[0]?.parts).toEqual([
      { type: 'tool-call', id: 'call_1', name: 'f', arguments: '{}', at: 'messages[0].tool_calls[0]' },
    ]);
  });
});

// ---- Rewrites -------------------------------------------------------------------------------------------

const image: MediaPart = {
  type: 'media',
  kind: 'image',
  source: { type: 'base64', mediaType: 'image/png', data: 'iVBO' },
  at: 'p',
};

function withMessages(
  messages: NeutralRequest['messages'],
  more: Partial<NeutralRequest> = {},
): NeutralRequest {
  return { ...emptyRequest('m', false, 'anthropic-messages'), messages, ...more };
}

describe('a rewritten request', () => {
  const twoResults = withMessages([
    { role: 'assistant', parts: [call('c1'), call('c2')], at: 'm1' },
    {
      role: 'user',
      at: 'm2',
      parts: [
        {
          type: 'tool-result',
          callId: 'c1',
          content: [{ type: 'text', text: 'seen' }, image],
          isError: false,
        },
        { type: 'text', text: 'And?' },
        { type: 'tool-result', callId: 'c2', content: [{ type: 'text', text: 'not found' }], isError: true },
      ],
    },
  ]);

  it('moves media in chat results into a user message behind all results', () => {
    expect((openaiChat.writeRequest(twoResults, openai).body.messages as JsonObject[]).slice(1)).toEqual([
      { role: 'tool', tool_call_id: 'c1', content: 'seen' },
      { role: 'tool', tool_call_id: 'c2', content: 'Error: not found' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Result of the tool call c1:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
        ],
      },
      { role: 'user', content: 'And?' },
    ]);
  });

  it('leaves media in results in Responses', () => {
    expect((openaiResponses.writeRequest(twoResults, openai).body.input as JsonObject[]).slice(2)).toEqual([
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: [
          { type: 'input_text', text: 'seen' },
          { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,iVBO' },
        ],
      },
      { type: 'function_call_output', call_id: 'c2', output: 'Error: not found' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'And?' }] },
    ]);
  });

  it('turns text documents into text, and reports documents by URL that chat cannot fetch', () => {
    const documents: MediaPart[] = [
      { type: 'media', kind: 'document', title: 'Notes', source: { type: 'text', text: 'abc' }, at: 'd1' },
      {
        type: 'media',
        kind: 'document',
        source: { type: 'url', url: 'https://example.com/a.pdf', mediaType: undefined },
        at: 'd2',
      },
    ];
    const request = withMessages([{ role: 'user', parts: documents, at: 'm' }]);
    const chat = openaiChat.writeRequest(request, openai);
    expect(chat.dropped).toEqual(['d2']);
    expect(chat.body.messages).toEqual([{ role: 'user', content: 'Notes\nabc' }]);
    const responses = openaiResponses.writeRequest(request, openai);
    expect(responses.dropped).toEqual([]);
    expect(JSON.stringify(responses.body.input)).toContain(
      '{"type":"input_file","file_url":"https://example.com/a.pdf"}',
    );
  });

  it('turns custom tools into functions for imitators, and their calls back into custom calls', () => {
    const body = {
      messages: [
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'shell', input: 'ls' } }],
        },
      ],
      tools: [{ type: 'custom', custom: { name: 'shell', description: 'Runs.' } }],
    };
    const request = read(openaiChat, body);
    const written = openaiChat.writeRequest(request, imitator).body;
    expect(written.tools).toMatchObject([
      { type: 'function', function: { name: 'shell', parameters: { required: ['input'] } } },
    ]);
    expect(written.messages).toMatchObject([
      { tool_calls: [{ type: 'function', function: { arguments: '{"input":"ls"}' } }] },
    ]);
    const answer = answerOf([{ type: 'tool-call', id: 'c', name: 'shell', arguments: '{"input":"ls -la"}' }]);
    const context = contextOf({ request });
    expect(openaiChat.writeResponse(answer, context).body.choices).toMatchObject([
      { message: { tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'shell', input: 'ls -la' } }] } },
    ]);
    expect(writeStream(openaiResponses.eventWriter(context), eventsOfResponse(answer))).toContain(
      '"type":"custom_tool_call","status":"completed","call_id":"c","name":"shell","input":"ls -la"',
    );
  });

  it('gives tools without arguments an empty object, and is strict only if the schema allows it', () => {
    const loose = { type: 'object', properties: { a: { type: 'string' } } };
    const request = withMessages([], {
      tools: [
        {
          type: 'function',
          name: 'now',
          description: undefined,
          parameters: null,
          strict: undefined,
          at: 't0',
        },
        { type: 'function', name: 'f', description: undefined, parameters: loose, strict: true, at: 't1' },
      ],
    });
    const { body, dropped } = openaiResponses.writeRequest(request, openai);
    expect(body.tools).toEqual([
      { type: 'function', name: 'now', parameters: { type: 'object', properties: {} }, strict: false },
      { type: 'function', name: 'f', parameters: loose, strict: false },
    ]);
    expect(dropped).toEqual(['t1.strict']);
  });

  it('gives imitators only the allowed tools, the older limit, and the joined system prompt', () => {
    const tool = (name: string) => ({
      type: 'function' as const,
      name,
      description: undefined,
      parameters: null,
      strict: undefined,
      at: name,
    });
    const request = withMessages([], {
      system: [
        { type: 'text', text: 'A.' },
        { type: 'text', text: 'B.' },
      ],
      tools: [tool('a'), tool('b')],
      toolChoice: { type: 'allowed', names: ['b'], required: true },
      maxOutputTokens: 9,
      stream: true,
    });
    expect(openaiChat.writeRequest(request, imitator).body).toMatchObject({
      messages: [{ role: 'system', content: 'A.\n\nB.' }],
      tools: [{ function: { name: 'b' } }],
      tool_choice: 'required',
      max_tokens: 9,
      stream_options: { include_usage: true },
    });
  });
});

// ---- What models refuse ---------------------------------------------------------------------------------

describe('a request for an OpenAI model', () => {
  const requested = read(openaiChat, {
    messages: [{ role: 'user', content: 'x' }],
    temperature: 0,
    top_p: 0.5,
    stop: 'END',
    logprobs: true,
    presence_penalty: 1,
    reasoning_effort: 'minimal',
    user: 'u'.repeat(141),
  });

  it('has no sampling fields for reasoning models, and the nearest effort', () => {
    const chat = openaiChat.writeRequest(requested, { model: 'o3', provider: 'openai' });
    expect(chat.dropped).toEqual(['presence_penalty', 'logprobs', 'stop', 'temperature', 'top_p']);
    expect(chat.body).toMatchObject({ reasoning_effort: 'low' });
    for (const field of ['temperature', 'top_p', 'stop', 'logprobs', 'presence_penalty'])
      expect(chat.body).not.toHaveProperty(field);
    const responses = openaiResponses.writeRequest(requested, { model: 'gpt-5', provider: 'azure' });
    expect([...responses.dropped].sort()).toEqual([
      'logprobs',
      'presence_penalty',
      'stop',
      'temperature',
      'top_p',
    ]);
    expect(responses.body).toMatchObject({
      reasoning: { effort: 'minimal' },
      store: false,
      include: ['reasoning.encrypted_content'],
    });
  });

  it('has no effort or encrypted reasoning for models that do not reason, which is reported', () => {
    const { body, dropped } = openaiResponses.writeRequest(requested, {
      model: 'gpt-4.1',
      provider: 'openai',
    });
    expect(dropped).toContain('reasoning_effort');
    expect(body).not.toHaveProperty('reasoning');
    expect(body.include).toEqual(['message.output_text.logprobs']);
    expect(body).toMatchObject({ temperature: 0, top_p: 0.5 });
  });

  it('hashes user ids longer than 64 characters', () => {
    expect(openaiChat.writeRequest(requested, openai).body.safety_identifier).toMatch(/^[0-9a-f]{64}$/);
    const short = { ...requested, userId: 'u'.repeat(64) };
    expect(openaiChat.writeRequest(short, openai).body.safety_identifier).toBe('u'.repeat(64));
  });

  it('omits stop sequences beyond four and raises limits below sixteen, both reported', () => {
    const request = read(openaiChat, { messages: [], stop: ['1', '2', '3', '4', '5'], max_tokens: 15 });
    const chat = openaiChat.writeRequest(request, { model: 'gpt-4o', provider: 'openai' });
    expect([chat.body.stop, chat.dropped]).toEqual([['1', '2', '3', '4'], ['stop']]);
    const responses = openaiResponses.writeRequest(request, { model: 'gpt-4o', provider: 'openai' });
    expect([responses.body.max_output_tokens, responses.dropped]).toEqual([16, ['stop', 'max_tokens']]);
    const enough = openaiResponses.writeRequest(
      { ...request, stopSequences: [], maxOutputTokens: 16 },
      openai,
    );
    expect([enough.body.max_output_tokens, enough.dropped]).toEqual([16, []]);
  });
});

// ---- Faults ---------------------------------------------------------------------------------------------

describe('the request check of OpenAI’s formats', () => {
  it.each([
    [{}, 'messages'],
    [{ messages: 'x' }, 'messages'],
    [{ messages: ['x'] }, 'messages[0]'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
      'messages[0].tool_calls[0].function.name',
    ],
    [{ messages: [], temperature: 'hot' }, 'temperature'],
    [{ messages: [], tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ messages: [], response_format: { type: 'xml' } }, 'response_format.type'],
    [{ messages: [], stop: 5 }, 'stop'],
  ])('names the invalid field in chat %j: %s', (body, param) => {
    expect(openaiChat.readRequest(body, { model: 'm', stream: false })).toMatchObject({ ok: false, param });
  });

  it.each([
    [{}, 'input'],
    [{ input: 5 }, 'input'],
    [{ input: [5] }, 'input[0]'],
    [{ input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
    [{ input: [{ type: 'function_call', name: 'f' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'function_call_output', output: 'x' }] }, 'input[0].call_id'],
    [{ input: [{ role: 'user', content: [{ type: 'input_image' }] }] }, 'input[0].content[0].image_url'],
    [{ input: 'x', instructions: 5 }, 'instructions'],
    [{ input: 'x', tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ input: 'x', text: { format: { type: 'xml' } } }, 'text.format.type'],
  ])('names the invalid field in Responses %j: %s', (body, param) => {
    expect(openaiResponses.readRequest(body, { model: 'm', stream: false })).toMatchObject({
      ok: false,
      param,
    });
  });

  it('accepts previous_response_id without input, and recognizes a Responses body sent to chat', () => {
    expect(read(openaiResponses, { previous_response_id: 'resp_1' }).previousResponseId).toBe('resp_1');
    expect(isResponsesBody({ input: 'x' })).toBe(true);
    expect(isResponsesBody({ input: 'x', messages: [] })).toBe(false);
    expect(isResponsesBody({ messages: [] })).toBe(false);
  });

  it('preserves unknown fields in their own format, and reports them for another', () => {
    const request = read(openaiChat, {
      messages: [],
      chat_template_kwargs: { a: 1 },
      logit_bias: { 5: 1 },
      prediction: null,
    });
    expect(openaiChat.writeRequest(request, imitator).body).toMatchObject({
      chat_template_kwargs: { a: 1 },
      logit_bias: { 5: 1 },
    });
    expect(openaiResponses.writeRequest(request, openai).dropped).toEqual([
      'chat_template_kwargs',
      'logit_bias',
    ]);
  });
});

// ---- Legacy completions ---------------------------------------------------------------------------------

describe('legacy completions', () => {
  const body = {
    prompt: 'Once',
    echo: true,
    max_tokens: 5,
    logprobs: 1,
    suffix: 'end',
    stream_options: { include_usage: true },
  };

  it('are read as one user message, and report what chat cannot express', () => {
    const request = read(openaiCompletions, body);
    expect(request).toMatchObject({ maxOutputTokens: 5, logprobs: { top: 1 }, echo: true });
    const { body: chat, dropped } = openaiChat.writeRequest(request, { model: 'gpt-4o', provider: 'openai' });
    expect(chat).toMatchObject({ messages: [{ role: 'user', content: 'Once' }], max_completion_tokens: 5 });
    expect(dropped).toEqual(['suffix']);
    expect(openaiCompletions.readRequest({ prompt: [1, 2] }, { model: 'm', stream: false })).toMatchObject({
      ok: false,
      param: 'prompt',
    });
  });

  it('are answered with text, after the prompt if requested, streamed and not', () => {
    const context = contextOf({ request: read(openaiCompletions, body), body });
    const logprobs = [
      { token: ' upon', logprob: -1, bytes: null, top: [{ token: ' upon', logprob: -1, bytes: null }] },
    ];
    const answer = {
      ...answerOf([{ type: 'text', text: ' upon', logprobs }]),
      candidates: [
        { parts: [{ type: 'text' as const, text: ' upon', logprobs }], stop: { reason: 'length' as const } },
      ],
    };
    expect(openaiCompletions.writeResponse(answer, context).body).toMatchObject({
      object: 'text_completion',
      choices: [
        {
          text: 'Once upon',
          finish_reason: 'length',
          logprobs: { tokens: [' upon'], text_offset: [4], top_logprobs: [{ ' upon': -1 }] },
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    });
    const stream = writeStream(openaiCompletions.eventWriter(context), eventsOfResponse(answer));
    const chunks = [...stream.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
    expect(chunks.map(({ choices }) => choices[0]?.text)).toEqual(['Once', ' upon', '', undefined]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 7 } });
    expect(stream).toMatch(/data: \[DONE\]\n\n$/);
  });
});
