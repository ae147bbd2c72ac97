// Generated requests: read and written unchanged in their own format, and translated to every other format and
// back for everything that both express.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NeutralMessage, NeutralPart, NeutralRequest } from '../../../src/formats/neutral.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { callers } from '../../e2e/sdk/matrix/callers.ts';
import { formats, type Question } from '../../e2e/sdk/matrix/script.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';

/** Models that accept every field: dropped fields are tested elsewhere. */
const models: Record<ConversationId, string> = {
  'openai-chat': 'm',
  'openai-responses': 'm',
  'anthropic-messages': 'claude-sonnet-4-0',
  'gemini-generate': 'gemini-3-pro',
};

/** Returns the body on the wire; Gemini's SDK splits off the settings. */
function wireBody(format: ConversationId, generated: Question): JsonObject {
  const body = callers[format].body(generated, 'm');
  if (format !== 'gemini-generate') return body;
  const { systemInstruction, tools, toolConfig, ...generationConfig } = body.config;
  return {
    contents: body.contents,
    generationConfig,
    ...(systemInstruction && { systemInstruction: { parts: [{ text: systemInstruction }] } }),
    ...(tools && { tools }),
    ...(toolConfig && { toolConfig }),
  };
}

function read(format: ConversationId, body: JsonObject): NeutralRequest {
  return requestOf(conversationOf(format).readRequest(body, { model: 'm', stream: false }));
}

function rewritten(request: NeutralRequest, format: ConversationId): NeutralRequest {
  const target = {
    model: models[format],
    provider: format === 'openai-chat' ? 'openai-compatible' : 'openai',
  };
  return read(format, conversationOf(format).writeRequest(request, target).body);
}

/** Returns what a request means to a model. */
function meaning(request: NeutralRequest): unknown {
  const { messages, tools, system, toolChoice, temperature, topP, stopSequences, responseFormat } = request;
  return JSON.parse(
    JSON.stringify({
      system: system.map(({ text }) => text).join('\n'),
      messages: turnsOf(messages),
      tools: tools.map((tool) =>
        tool.type === 'function'
          ? [tool.name, tool.description, tool.parameters ?? { type: 'object', properties: {} }]
          : tool.type,
      ),
      // `auto` is the default.
      toolChoice: toolChoice?.type === 'auto' ? undefined : toolChoice,
      temperature,
      topP,
      stopSequences,
      responseFormat: responseFormat?.type === 'json-schema' ? responseFormat.schema : responseFormat,
    }),
  );
}

/** Joins adjacent turns of one role, and matches results to their calls, whose ids may differ. */
function turnsOf(messages: readonly NeutralMessage[]): unknown[] {
  const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.type === 'tool-call'));
  const turns: { role: string; parts: unknown[] }[] = [];
  for (const { role, parts } of messages) {
    const content = parts.map((part) => partOf(part, (id) => calls.findIndex((call) => call.id === id)));
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...content);
    else turns.push({ role, parts: content });
  }
  return turns;
}

function partOf(part: NeutralPart, callAt: (id: string) => number): unknown {
  switch (part.type) {
    case 'text':
      return part.text;
    case 'media':
      return [part.kind, part.source.type === 'base64' ? part.source.data : part.source];
    case 'tool-call':
      return [part.name, JSON.parse(part.arguments)];
    case 'tool-result':
      return ['result', callAt(part.callId), part.content.map((inner) => partOf(inner, callAt))];
    default:
      return part.type;
  }
}

const word = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
  .filter((text) => !['output', 'error', 'result', 'content'].includes(text));
/** Text without white space at its ends, which Anthropic refuses at the end of a conversation. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 }).map((some) => `a${some}z`);
const base64 = fc
  .uint8Array({ minLength: 3, maxLength: 9 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const schema = fc.uniqueArray(word, { maxLength: 3 }).map((names) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string', description: 'd' }])),
  required: names,
  additionalProperties: false,
}));
const tools = fc.uniqueArray(
  fc.record({ name: word, description: text, schema: fc.oneof(schema, fc.constant(null)) }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
);
const args = fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
  maxKeys: 3,
});
const user = fc.record(
  { role: fc.constant('user' as const), text, image: base64.map((data) => ({ type: 'image/png', data })) },
  { requiredKeys: ['role', 'text'] },
);
const assistant = fc.record({ role: fc.constant('assistant' as const), text });
const called = (names: string[]) =>
  fc.record({
    role: fc.constant('calls' as const),
    calls: fc.array(
      fc.record({ id: fc.constant(''), name: fc.constantFrom(...names), args, result: fc.record({ text }) }),
      { minLength: 1, maxLength: 3 },
    ),
  });

const generatedRequests: fc.Arbitrary<Question> = tools.chain((some) => {
  const names = some.map(({ name }) => name);
  const rounds = fc.array(fc.oneof(fc.tuple(assistant, user), fc.tuple(called(names), user)), {
    maxLength: 3,
  });
  const optional = {
    system: text,
    temperature: fc.integer({ min: 1, max: 9 }).map((tenths) => tenths / 10),
    stops: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
    choice: fc.oneof(
      fc.constantFrom('none' as const, 'required' as const),
      fc.constantFrom(...names).map((name) => ({ name })),
    ),
    schema: fc.record({ name: word, schema }),
  };
  return fc.tuple(user, rounds, fc.record(optional, { requiredKeys: [] })).map(([first, turns, rest]) => ({
    ...rest,
    tools: some,
    turns: withIds([first, ...turns.flat()]),
  }));
});

/** Gives each call its own id. */
function withIds(turns: Question['turns']): Question['turns'] {
  let count = 0;
  return turns.map((turn) =>
    turn.role === 'calls'
      ? { ...turn, calls: turn.calls.map((call) => ({ ...call, id: `call_${count++}` })) }
      : turn,
  );
}

/** Removes what the formats on the way cannot express. */
function expressible(generated: Question, through: readonly ConversationId[]): Question {
  const { stops, temperature, ...rest } = generated;
  // Structured output is a tool, or a member beside tools that Claude models of that age do not have.
  const { schema: _, ...plain } = rest;
  const base = through.includes('anthropic-messages') ? plain : rest;
  const reasons = through.includes('openai-responses');
  return {
    ...base,
    ...(temperature !== undefined && { temperature }),
    ...(stops && !reasons && { stops }),
  };
}

describe.each(formats)('round trips of a %s request', (from) => {
  it('reads and writes a request unchanged', () => {
    fc.assert(
      fc.property(generatedRequests, (generated) => {
        const request = read(from, wireBody(from, expressible(generated, [from])));
        expect(meaning(rewritten(request, from))).toEqual(meaning(request));
      }),
      { numRuns: 150 },
    );
  });

  it.each(formats.filter((to) => to !== from))('translates a request to %s and back unchanged', (to) => {
    fc.assert(
      fc.property(generatedRequests, (generated) => {
        const request = read(from, wireBody(from, expressible(generated, [from, to])));
        const there = rewritten(request, to);
        expect(meaning(there)).toEqual(meaning(request));
        expect(meaning(rewritten(there, from))).toEqual(meaning(request));
      }),
      { numRuns: 150 },
    );
  });
});
