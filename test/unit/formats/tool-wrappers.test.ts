// Tests tools in a wrapper of one format (namespaces, items, deferred loading) at targets of the other formats.
import { describe, expect, it } from 'vitest';
import { fitRequest } from '../../../src/formats/answer-edit.ts';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import type { NeutralResponse } from '../../../src/formats/neutral.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';

const others = ['openai-chat', 'anthropic-messages', 'gemini-generate'] as const;
const models = {
  'openai-chat': 'deepseek-chat',
  'openai-responses': 'gpt-5.1',
  'anthropic-messages': 'claude-opus-4-8',
  'gemini-generate': 'gemini-3-pro',
} as const;
const providers = {
  'openai-chat': 'openai-compatible',
  'openai-responses': 'openai',
  'anthropic-messages': 'anthropic',
  'gemini-generate': 'gemini',
} as const;

function read(from: ConversationId, body: JsonObject) {
  return requestOf(conversationOf(from).readRequest(body, { model: 'm', stream: false }));
}

/** Returns what the target receives, and how its answer with one call reaches the caller, whole and streamed. */
function relay(from: ConversationId, to: ConversationId, body: JsonObject) {
  const request = read(from, body);
  const customTools = to === 'openai-responses';
  const fitted = fitRequest(request, conversationOf(to).toolNames, { customTools });
  const written = conversationOf(to).writeRequest(fitted.request, {
    model: models[to],
    provider: providers[to],
  });
  const context = {
    request,
    body,
    model: 'm',
    answerId: 'a1',
    nowSeconds: 1,
    isKept: false,
    framing: 'sse' as const,
  };
  return {
    ...written,
    names: namesOf(to, written.body),
    answer(name: string, args: string) {
      const response = fitted.answerEdit(written.answerTool).response(answerWith(name, args));
      return conversationOf(from).writeResponse(response, context).body;
    },
    stream(name: string, args: string) {
      const edit = fitted.answerEdit(written.answerTool);
      const writer = conversationOf(from).eventWriter(context);
      const text = eventsOfResponse(answerWith(name, args))
        .flatMap((event) => edit.event(event))
        .map((event) => writer.write(event));
      return (text.join('') + writer.end())
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => JSON.parse(line.slice(6)) as JsonObject);
    },
  };
}

function answerWith(name: string, args: string): NeutralResponse {
  return {
    id: 'x',
    model: 'm',
    createdAtSeconds: 1,
    candidates: [
      { parts: [{ type: 'tool-call', id: 'call_1', name, arguments: args }], stop: { reason: 'tool-calls' } },
    ],
    usage: null,
    serviceTier: null,
    error: null,
    promptBlock: null,
  };
}

function namesOf(format: ConversationId, body: JsonObject): unknown[] {
  const tools = (body.tools ?? []) as JsonObject[];
  if (format === 'openai-chat') return tools.map((tool) => (tool.function as JsonObject | undefined)?.name);
  if (format !== 'gemini-generate') return tools.map(({ name }) => name);
  return tools.flatMap((tool) => (tool.functionDeclarations as JsonObject[]).map(({ name }) => name));
}

const parameters = { type: 'object', properties: { q: { type: 'string' } } };
const fn = (name: string, more: JsonObject = {}) => ({
  type: 'function',
  name,
  description: 'd',
  parameters,
  ...more,
});
const namespace = (name: string, tools: JsonObject[], more: JsonObject = {}) => ({
  type: 'namespace',
  name,
  description: 'about it',
  tools,
  ...more,
});
const wx = namespace('mcp__wx', [fn('get_weather'), fn('set_alarm')]);

describe.each(others)('a namespace of tools at %s', (to) => {
  it('becomes a function for each of its tools, and nothing is reported as dropped', () => {
    const { names, dropped } = relay('openai-responses', to, { input: 'hi', tools: [fn('shell'), wx] });
    expect(names).toEqual(['shell', 'mcp__wx__get_weather', 'mcp__wx__set_alarm']);
    expect(dropped).toEqual([]);
  });

  it('has its namespace and bare names in the calls of the answer, whole and streamed', () => {
    const relayed = relay('openai-responses', to, { input: 'hi', tools: [wx] });
    const call = { type: 'function_call', namespace: 'mcp__wx', name: 'get_weather', arguments: '{"q":"a"}' };
    expect(relayed.answer('mcp__wx__get_weather', '{"q":"a"}').output).toMatchObject([call]);
    const events = relayed.stream('mcp__wx__get_weather', '{"q":"a"}');
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'response.output_item.added',
        item: expect.objectContaining({ namespace: 'mcp__wx', name: 'get_weather' }),
      }),
    );
    expect(events.at(-1)).toMatchObject({ response: { output: [call] } });
  });

  it('accepts a call by a bare name that only one tool has', () => {
    const { answer } = relay('openai-responses', to, { input: 'hi', tools: [wx] });
    expect(answer('get_weather', '{}').output).toMatchObject([{ namespace: 'mcp__wx', name: 'get_weather' }]);
  });

  it('has the same names in the calls of the history', () => {
    const { body } = relay('openai-responses', to, {
      tools: [wx],
      input: [
        { role: 'user', content: 'hi' },
        { type: 'function_call', call_id: 'c1', namespace: 'mcp__wx', name: 'get_weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: 'rain' },
      ],
    });
    const conversation = JSON.stringify(body.messages ?? body.contents);
    expect(conversation).toContain('"mcp__wx__get_weather"');
    expect(conversation).not.toContain('"get_weather"');
  });

  it('distinguishes equal flat names, and shortens long ones readably', () => {
    const long = 'mcp__a_server_with_a_very_long_name_that_goes_on_and_on_and_on';
    const relayed = relay('openai-responses', to, {
      input: 'hi',
      tools: [
        fn('a__b__c'),
        namespace('a', [fn('b__c')]),
        namespace('a__b', [fn('c')]),
        namespace(long, [fn('find'), fn('find_more')]),
      ],
    });
    expect(new Set(relayed.names).size).toBe(5);
    for (const name of relayed.names) expect(String(name)).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    const [plain, first, second, third, fourth] = relayed.names.map(
      (name) =>
        (relayed.answer(String(name), '{}').output as JsonObject[]).map(({ namespace: of, name: bare }) => [
          of,
          bare,
        ])[0],
    );
    expect([plain, first, second]).toEqual([
      [undefined, 'a__b__c'],
      ['a', 'b__c'],
      ['a__b', 'c'],
    ]);
    expect([third, fourth]).toEqual([
      [long, 'find'],
      [long, 'find_more'],
    ]);
    expect(relayed.names[3]).toMatch(/__find$/);
  });

  it('preserves a custom tool inside', () => {
    const tools = [namespace('edit', [{ type: 'custom', name: 'patch', description: 'd' }])];
    const { names, answer } = relay('openai-responses', to, { input: 'hi', tools });
    expect(names).toEqual(['edit__patch']);
    expect(answer('edit__patch', '{"input":"*** Begin"}').output).toMatchObject([
      { type: 'custom_tool_call', namespace: 'edit', name: 'patch', input: '*** Begin' },
    ]);
  });

  it('may come from an item, which leaves the system prompt first', () => {
    const { names, dropped, body } = relay('openai-responses', to, {
      input: [
        { type: 'additional_tools', role: 'developer', tools: [fn('shell'), wx] },
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
        { type: 'additional_tools', role: 'developer', tools: [fn('shell'), fn('late')] },
      ],
    });
    expect(names).toEqual(['shell', 'mcp__wx__get_weather', 'mcp__wx__set_alarm', 'late']);
    expect(dropped).toEqual([]);
    const conversation = (body.messages ?? body.contents) as JsonObject[];
    expect(conversation.filter(({ role }) => role !== 'system')).toHaveLength(1);
  });
});

describe.each(others)('the client’s search for tools at %s', (to) => {
  const search = { type: 'tool_search', execution: 'client', description: 'Finds tools.', parameters };
  const history = [
    { role: 'user', content: 'hi' },
    { type: 'tool_search_call', call_id: 's1', execution: 'client', arguments: { q: 'mail' } },
    {
      type: 'tool_search_output',
      call_id: 's1',
      execution: 'client',
      tools: [fn('send'), namespace('crm', [fn('get')])],
    },
    { role: 'user', content: 'send' },
  ];

  it('becomes a function, and the tools that it found can be called', () => {
    const { names, dropped, body } = relay('openai-responses', to, { input: history, tools: [search] });
    expect(names).toEqual(['tool_search', 'send', 'crm__get']);
    expect(dropped).toEqual([]);
    expect(JSON.stringify(body)).toContain('Tools found: send, crm');
  });

  it('is called as the item that the client knows, whole and streamed', () => {
    const { answer, stream } = relay('openai-responses', to, { input: 'hi', tools: [search] });
    const item = {
      type: 'tool_search_call',
      execution: 'client',
      call_id: 'call_1',
      arguments: { q: 'mail' },
    };
    expect(answer('tool_search', '{"q":"mail"}').output).toMatchObject([item]);
    const events = stream('tool_search', '{"q":"mail"}');
    expect(events.at(-1)).toMatchObject({ response: { output: [item] } });
    expect(events.map(({ type }) => type)).not.toContain('response.function_call_arguments.delta');
  });

  it('shows the deferred tools at once if it is OpenAI’s own search', () => {
    const tools = [{ type: 'tool_search' }, fn('send', { defer_loading: true })];
    const { names, dropped } = relay('openai-responses', to, { input: 'hi', tools });
    expect(names).toEqual(['send']);
    expect(dropped).toEqual([]);
  });
});

it('calls a function in a namespace of its own name, as OpenAI’s search loads it, by its bare name', () => {
  const input = [
    { type: 'function_call', call_id: 'c1', namespace: 'send', name: 'send', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: 'r' },
  ];
  const tools = [{ type: 'tool_search' }, fn('send', { defer_loading: true })];
  expect(JSON.stringify(relay('openai-responses', 'openai-chat', { input, tools }).body)).not.toContain(
    'send__send',
  );
  expect(relay('openai-responses', 'openai-responses', { input, tools }).body.input).toEqual(input);
});

it('supports the choice of a tool in a namespace, and sends one web search', () => {
  const choose = (tool_choice: JsonObject) =>
    relay('openai-responses', 'anthropic-messages', { input: 'hi', tools: [wx], tool_choice }).body
      .tool_choice;
  const chosen = { type: 'tool', name: 'mcp__wx__set_alarm' };
  expect(choose({ type: 'function', name: 'set_alarm' })).toEqual(chosen);
  expect(choose({ type: 'function', name: 'set_alarm', namespace: 'mcp__wx' })).toEqual(chosen);
  const { names } = relay('openai-responses', 'anthropic-messages', {
    input: [{ type: 'additional_tools', role: 'developer', tools: [{ type: 'web_search' }, fn('f')] }],
    tools: [{ type: 'web_search' }],
  });
  expect(names).toEqual(['web_search', 'f']);
});

it('describes a Gemini function’s return value in its description', () => {
  const declaration = { name: 'f', description: 'd', response: { type: 'STRING' } };
  const body = {
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    tools: [{ functionDeclarations: [declaration] }],
  };
  expect(relay('gemini-generate', 'openai-chat', body).body).toMatchObject({
    tools: [{ function: { description: 'd\nReturns: {"type":"string"}' } }],
  });
  expect(relay('gemini-generate', 'gemini-generate', body).body.tools).toEqual(body.tools);
});

it('returns Responses its own wrappers unchanged', () => {
  const search = { type: 'tool_search', execution: 'client', parameters };
  const tools = [fn('shell', { strict: false }), wx, search];
  const input = [
    { type: 'tool_search_call', call_id: 's1', execution: 'client', arguments: { q: 'x' } },
    { type: 'tool_search_output', call_id: 's1', execution: 'client', tools: [fn('send')] },
    { type: 'additional_tools', role: 'developer', tools: [fn('late')] },
    { type: 'function_call', call_id: 'c1', namespace: 'mcp__wx', name: 'get_weather', arguments: '{}' },
  ];
  const { body } = relay('openai-responses', 'openai-responses', { input, tools });
  expect(body.tools).toEqual(tools);
  expect(body.input).toEqual(input);
});

describe.each(['openai-chat', 'openai-responses', 'gemini-generate'] as const)(
  'deferred tools of Messages at %s',
  (to) => {
    const tool = (name: string, more: JsonObject = {}) => ({
      name,
      description: 'd',
      input_schema: parameters,
      ...more,
    });
    const deferred = tool('mcp__wx__get_weather', { defer_loading: true });
    const loading = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 't1', name: 'ToolSearch', input: { q: 'wx' } }],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            content: [{ type: 'tool_reference', tool_name: 'mcp__wx__get_weather' }],
          },
        ],
      },
    ];

    it('are hidden until the client’s search has found them, and nothing is lost', () => {
      const tools = [tool('ToolSearch'), deferred];
      const { names, dropped } = relay('anthropic-messages', to, {
        max_tokens: 99,
        messages: loading.slice(0, 1),
        tools,
      });
      expect(names).toEqual(['ToolSearch']);
      expect(dropped).toEqual([]);
    });

    it('are shown after a reference, behind the others, and the reference is readable', () => {
      const tools = [tool('other', { defer_loading: true }), deferred, tool('ToolSearch')];
      const { names, dropped, body } = relay('anthropic-messages', to, {
        max_tokens: 99,
        messages: loading,
        tools,
      });
      expect(names).toEqual(['ToolSearch', 'mcp__wx__get_weather']);
      expect(dropped).toEqual([]);
      expect(JSON.stringify(body)).toContain('Tool loaded: mcp__wx__get_weather');
    });

    it('are all shown if only Anthropic’s search could find them', () => {
      const tools = [{ type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' }, deferred];
      const { names, dropped } = relay('anthropic-messages', to, {
        max_tokens: 99,
        messages: loading.slice(0, 1),
        tools,
      });
      expect(names).toEqual(['mcp__wx__get_weather']);
      expect(dropped).toEqual([]);
    });
  },
);

it('returns Messages its own deferred tools and references unchanged', () => {
  const tools = [
    { name: 'ToolSearch', input_schema: parameters },
    { name: 'wx', input_schema: parameters, defer_loading: true },
  ];
  const result = {
    type: 'tool_result',
    tool_use_id: 't1',
    content: [{ type: 'tool_reference', tool_name: 'wx' }],
  };
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'ToolSearch', input: {} }] },
    { role: 'user', content: [result] },
  ];
  const { body } = relay('anthropic-messages', 'anthropic-messages', { max_tokens: 99, messages, tools });
  expect(body.tools).toEqual(tools);
  expect(body.messages).toEqual(messages);
});

it('translates chat’s choice `validated` to Gemini’s VALIDATED, and back', () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters } }];
  const { body, dropped } = relay('openai-chat', 'gemini-generate', {
    messages: [{ role: 'user', content: 'hi' }],
    tools,
    tool_choice: 'validated',
  });
  expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } });
  expect(dropped).toEqual([]);
  const back = relay('gemini-generate', 'openai-chat', {
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    tools: [
      {
        functionDeclarations: [
          { name: 'f', parameters: { ...parameters, required: ['q'], additionalProperties: false } },
        ],
      },
    ],
    toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } },
  });
  expect(back.body).toMatchObject({ tool_choice: 'auto', tools: [{ function: { strict: true } }] });
});
