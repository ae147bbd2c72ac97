// Generated requests in OpenAI's formats: they are read and written unchanged in their own format, and translated
// to the other and back for everything that both express.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NeutralRequest } from '../../../src/formats/neutral.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { requestOf } from '../../support/formats.ts';
import { fullChatRequest, fullResponsesRequest } from './openai-request-cases.ts';

/** An unknown model, so no field is dropped for it. */
const target = { model: 'm', provider: 'openai' };

function read(format: Pick<ConversationFormat, 'readRequest'>, body: JsonObject): NeutralRequest {
  return requestOf(format.readRequest(body, { model: 'm', stream: body.stream === true }));
}

/**
 * Returns what a request means: without paths and without ids that only name items. Missing parameters equal an
 * empty object, a missing `strict` equals false, and system prompts are joined.
 */
function meaning(request: NeutralRequest): unknown {
  const { paths: _, opaque, ...given } = request;
  const tools = given.tools.map((tool) =>
    tool.type !== 'function'
      ? tool
      : {
          ...tool,
          parameters: tool.parameters ?? { type: 'object', properties: {} },
          strict: tool.strict ?? false,
        },
  );
  const rest = { ...given, tools, system: given.system.map(({ text }) => text).join('\n\n') };
  const hidden = new Set(['at', 'itemId', 'opaque', 'isError']);
  return JSON.parse(
    JSON.stringify({ ...rest, fields: opaque.fields }, (key, value) => (hidden.has(key) ? undefined : value)),
  );
}

// ---- Generated requests ---------------------------------------------------------------------------------

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/);
const text = fc.string({ minLength: 1, maxLength: 40 });
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const imageUrl = fc.oneof(
  base64.map((data) => `data:image/png;base64,${data}`),
  word.map((name) => `https://example.com/${name}.png`),
);
const schema = fc.uniqueArray(word, { minLength: 0, maxLength: 3 }).map((names) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  required: names,
  additionalProperties: false,
}));

/** A conversation that both formats express: turns with calls, each with a result. */
interface Turn {
  texts: string[];
  images: string[];
  answer: string;
  calls: { name: string; arguments: string; result: string; custom: boolean }[];
}

const turn: fc.Arbitrary<Turn> = fc.record({
  texts: fc.array(text, { minLength: 1, maxLength: 3 }),
  images: fc.array(imageUrl, { maxLength: 2 }),
  answer: text,
  calls: fc.array(
    fc.record({
      name: word,
      arguments: fc
        .dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
        .map((value) => JSON.stringify(value)),
      result: text,
      custom: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
});

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const tools = fc.uniqueArray(
  fc.record({ name: word, description: text, parameters: schema, strict: optional(fc.boolean()) }),
  {
    minLength: 1,
    maxLength: 3,
    selector: ({ name }) => name,
  },
);

/** The fields that both formats express. */
const common = fc.record({
  system: optional(text),
  turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
  tools,
  choice: fc.constantFrom('auto', 'none', 'required', 'named', 'allowed', undefined),
  temperature: optional(share),
  topP: optional(share),
  limit: optional(fc.integer({ min: 16, max: 9_999 })),
  effort: optional(fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')),
  parallel: optional(fc.boolean()),
  format: fc.constantFrom('text', 'json_object', 'json_schema', undefined),
  formatSchema: schema,
  verbosity: optional(fc.constantFrom('low', 'medium', 'high')),
  user: optional(word),
  key: optional(word),
  tier: optional(fc.constantFrom('auto', 'default', 'flex', 'priority')),
  stream: fc.boolean(),
});

type Common = typeof common extends fc.Arbitrary<infer Value> ? Value : never;

const defined = (value: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

function chatBody(request: Common): JsonObject {
  const { tools, choice, format } = request;
  const [first] = tools;
  const named = { type: 'function', function: { name: first?.name } };
  const choices: Record<string, unknown> = {
    named,
    allowed: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named] } },
  };
  return defined({
    model: 'm',
    messages: [
      ...(request.system === undefined ? [] : [{ role: 'system', content: request.system }]),
      ...request.turns.flatMap(chatTurn),
      { role: 'user', content: 'Go on.' },
    ],
    tools: tools.map((tool) => ({
      type: 'function',
      function: defined({ ...tool, strict: tool.strict ?? false }),
    })),
    tool_choice: choice && (choices[choice] ?? choice),
    temperature: request.temperature,
    top_p: request.topP,
    max_completion_tokens: request.limit,
    reasoning_effort: request.effort,
    parallel_tool_calls: request.parallel,
    response_format:
      format &&
      defined({
        type: format,
        json_schema:
          format === 'json_schema' ? { name: 'n', schema: request.formatSchema, strict: true } : undefined,
      }),
    verbosity: request.verbosity,
    safety_identifier: request.user,
    prompt_cache_key: request.key,
    service_tier: request.tier,
    store: false,
    stream: request.stream,
  });
}

function chatTurn({ texts, images, answer, calls }: Turn, at: number): JsonObject[] {
  const id = (ordinal: number) => `call_${at}_${ordinal}`;
  return [
    {
      role: 'user',
      content: [
        ...texts.map((text) => ({ type: 'text', text })),
        ...images.map((url) => ({ type: 'image_url', image_url: { url, detail: 'auto' } })),
      ],
    },
    defined({
      role: 'assistant',
      content: answer,
      tool_calls:
        calls.length === 0
          ? undefined
          : calls.map(({ name, custom, ...call }, ordinal) =>
              custom
                ? { id: id(ordinal), type: 'custom', custom: { name, input: call.arguments } }
                : { id: id(ordinal), type: 'function', function: { name, arguments: call.arguments } },
            ),
    }),
    ...calls.map(({ result }, ordinal) => ({ role: 'tool', tool_call_id: id(ordinal), content: result })),
  ];
}

function responsesBody(request: Common): JsonObject {
  const { tools, choice, format } = request;
  const named = { type: 'function', name: tools[0]?.name };
  const choices: Record<string, unknown> = {
    named,
    allowed: { type: 'allowed_tools', mode: 'auto', tools: [named] },
  };
  const written =
    format &&
    defined({
      type: format,
      ...(format === 'json_schema' && { name: 'n', schema: request.formatSchema, strict: true }),
    });
  return defined({
    model: 'm',
    instructions: request.system,
    input: [
      ...request.turns.flatMap(responsesTurn),
      { role: 'user', content: [{ type: 'input_text', text: 'Go on.' }] },
    ],
    tools: tools.map((tool) => ({ type: 'function', ...tool, strict: tool.strict ?? false })),
    tool_choice: choice && (choices[choice] ?? choice),
    temperature: request.temperature,
    top_p: request.topP,
    max_output_tokens: request.limit,
    reasoning: request.effort && { effort: request.effort },
    parallel_tool_calls: request.parallel,
    text:
      written || request.verbosity ? defined({ format: written, verbosity: request.verbosity }) : undefined,
    safety_identifier: request.user,
    prompt_cache_key: request.key,
    service_tier: request.tier,
    store: false,
    stream: request.stream,
  });
}

function responsesTurn({ texts, images, answer, calls }: Turn, at: number): JsonObject[] {
  const id = (ordinal: number) => `call_${at}_${ordinal}`;
  return [
    {
      role: 'user',
      content: [
        ...texts.map((text) => ({ type: 'input_text', text })),
        ...images.map((url) => ({ type: 'input_image', image_url: url, detail: 'auto' })),
      ],
    },
    { role: 'assistant', content: answer },
    ...calls.map(({ name, custom, ...call }, ordinal) =>
      custom
        ? { type: 'custom_tool_call', call_id: id(ordinal), name, input: call.arguments }
        : { type: 'function_call', call_id: id(ordinal), name, arguments: call.arguments },
    ),
    ...calls.map(({ result, custom }, ordinal) => ({
      type: custom ? 'custom_tool_call_output' : 'function_call_output',
      call_id: id(ordinal),
      output: result,
    })),
  ];
}

// ---- Properties -----------------------------------------------------------------------------------------

const runs = { numRuns: 300 };

describe('requests in OpenAI’s formats', () => {
  it('reads and writes a chat request unchanged', () => {
    fc.assert(
      fc.property(common, (request) => {
        const body = chatBody(request);
        const source = read(openaiChat, body);
        const written = openaiChat.writeRequest(source, target);
        expect(written.dropped).toEqual([]);
        expect(meaning(read(openaiChat, written.body))).toEqual(meaning(source));
      }),
      runs,
    );
  });

  it('reads and writes a Responses request unchanged', () => {
    fc.assert(
      fc.property(common, (request) => {
        const source = read(openaiResponses, responsesBody(request));
        const written = openaiResponses.writeRequest(source, target);
        expect(written.dropped).toEqual([]);
        expect(meaning(read(openaiResponses, written.body))).toEqual(meaning(source));
      }),
      runs,
    );
  });

  it('reads equivalent chat and Responses requests as the same neutral request', () => {
    fc.assert(
      fc.property(common, (request) => {
        expect(sameInBoth(read(openaiChat, chatBody(request)))).toEqual(
          sameInBoth(read(openaiResponses, responsesBody(request))),
        );
      }),
      runs,
    );
  });

  it('translates chat to Responses and back, and Responses to chat and back, without a change', () => {
    fc.assert(
      fc.property(common, (request) => {
        for (const [format, other, body] of [
          [openaiChat, openaiResponses, chatBody(request)],
          [openaiResponses, openaiChat, responsesBody(request)],
        ] as const) {
          const source = read(format, body);
          const there = other.writeRequest(source, target);
          const back = format.writeRequest(read(other, there.body), target);
          expect([...there.dropped, ...back.dropped]).toEqual([]);
          expect(sameInBoth(read(format, back.body))).toEqual(sameInBoth(source));
        }
      }),
      runs,
    );
  });

  it('translates everything that chat can express to chat', () => {
    const source = read(openaiChat, fullChatRequest);
    const written = openaiChat.writeRequest(source, target);
    expect(written.dropped).toEqual([]);
    // OpenAI accepts cache markers only from gpt-5.6 on, and without a time to live.
    const withoutMarkers = (request: NeutralRequest) =>
      JSON.parse(JSON.stringify(meaning(request)).replace(/,?"cache":\{[^}]*\}/g, ''));
    expect(withoutMarkers(read(openaiChat, written.body))).toEqual(withoutMarkers(source));
  });

  it('translates everything that Responses can express to Responses', () => {
    const source = read(openaiResponses, fullResponsesRequest);
    const written = openaiResponses.writeRequest(source, target);
    expect(written.dropped).toEqual([]);
    expect(meaning(read(openaiResponses, written.body))).toEqual(meaning(source));
  });

  it('reports what the other format cannot express by the paths of the caller’s request', () => {
    expect(openaiResponses.writeRequest(read(openaiChat, fullChatRequest), target).dropped).toEqual([
      'seed',
      'frequency_penalty',
      'presence_penalty',
      'stop',
      'n',
      'messages[2].name',
      'messages[2].content[3]',
    ]);
    expect(openaiChat.writeRequest(read(openaiResponses, fullResponsesRequest), target).dropped).toEqual([
      'input[1].content[4]',
      'input[2]',
      'tools[3]',
      // OpenAI accepts metadata in chat only with `store`.
      'metadata',
    ]);
  });
});

/** Returns tool results without the custom-tool type, which chat does not record. */
function sameInBoth(request: NeutralRequest): unknown {
  const results = JSON.stringify(meaning(request)).replaceAll(
    /("type":"tool-result".*?),"custom":true/g,
    '$1',
  );
  return JSON.parse(results.replaceAll(/,"custom":true(?=,"at"|\})/g, ''));
}
