// The requests of an agent in the caller's format: the first turn, and the history after a response that called
// tools. The agent drops reasoning, unless its format has items for it (Responses).
import { objectsAt } from '../../src/formats/json-reader.ts';
import { createSseSplitter } from '../../src/formats/sse.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { ConversationId } from './formats.ts';

export const formatNames = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini-generate',
] as const;

const system = 'You are a careful agent. Use the tools.';
const prompt = 'List the files, then read one.';
const parameters = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const tool = { name: 'look', description: 'Looks at a path.' };

/** Returns the first turn: a system prompt, a tool, a question. */
export function firstTurn(format: ConversationId, model = 'm'): JsonObject {
  switch (format) {
    case 'openai-chat':
      return {
        model,
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: prompt },
        ],
        tools: [{ type: 'function', function: { ...tool, parameters } }],
      };
    case 'openai-responses':
      return {
        model,
        instructions: system,
        input: [{ role: 'user', content: prompt }],
        tools: [{ type: 'function', ...tool, parameters, strict: false }],
      };
    case 'anthropic-messages':
      return {
        model,
        max_tokens: 9_000,
        system,
        messages: [{ role: 'user', content: prompt }],
        tools: [{ ...tool, input_schema: parameters }],
      };
    case 'gemini-generate':
      return {
        systemInstruction: { parts: [{ text: system }] },
        contents: [{ role: 'user', parts: [{ text: prompt }] }],
        tools: [{ functionDeclarations: [{ ...tool, parametersJsonSchema: parameters }] }],
      };
  }
}

/** Returns the next turn: the response as the agent stores it, and a result for each of its calls. */
export function nextTurn(format: ConversationId, request: JsonObject, answer: JsonObject): JsonObject {
  switch (format) {
    case 'openai-chat': {
      const message = objectsAt(answer, 'choices')[0]?.message as JsonObject;
      const { content, tool_calls } = message;
      const results = objectsAt(message, 'tool_calls').map(({ id }) => ({
        role: 'tool',
        tool_call_id: id,
        content: 'ok',
      }));
      return {
        ...request,
        messages: [...objectsAt(request, 'messages'), { role: 'assistant', content, tool_calls }, ...results],
      };
    }
    case 'openai-responses': {
      const output = objectsAt(answer, 'output');
      const results = output
        .filter(({ type }) => type === 'function_call')
        .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'ok' }));
      return { ...request, input: [...objectsAt(request, 'input'), ...output, ...results] };
    }
    case 'anthropic-messages': {
      const content = objectsAt(answer, 'content').filter(({ type }) => !String(type).includes('thinking'));
      const results = content
        .filter(({ type }) => type === 'tool_use')
        .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' }));
      const turns = [
        { role: 'assistant', content },
        { role: 'user', content: results },
      ];
      return { ...request, messages: [...objectsAt(request, 'messages'), ...turns] };
    }
    case 'gemini-generate': {
      const content = objectsAt(answer, 'candidates')[0]?.content as JsonObject;
      const parts = objectsAt(content, 'parts').filter(({ thought }) => thought !== true);
      const results = parts.flatMap(({ functionCall }) =>
        functionCall
          ? [
              {
                functionResponse: {
                  ...(functionCall as JsonObject),
                  args: undefined,
                  response: { output: 'ok' },
                },
              },
            ]
          : [],
      );
      return {
        ...request,
        contents: [
          ...objectsAt(request, 'contents'),
          { role: 'model', parts },
          { role: 'user', parts: results },
        ],
      };
    }
  }
}

/** Accumulates a streamed response as clients do. */
export function wholeOfStream(format: ConversationId, text: string): JsonObject {
  const events = [...splitEvents(text)];
  switch (format) {
    case 'openai-chat':
      return wholeChat(events);
    case 'openai-responses':
      return events.at(-1)?.response as JsonObject;
    case 'anthropic-messages':
      return wholeMessage(events);
    case 'gemini-generate':
      return {
        candidates: [
          {
            content: {
              parts: events.flatMap((event) =>
                objectsAt(objectsAt(event, 'candidates')[0]?.content as JsonObject, 'parts'),
              ),
            },
          },
        ],
      };
  }
}

function* splitEvents(text: string): Generator<JsonObject> {
  const splitter = createSseSplitter();
  const items = [...splitter.push(new TextEncoder().encode(text)), ...splitter.end()];
  for (const { data } of items) if (data.startsWith('{')) yield JSON.parse(data) as JsonObject;
}

function wholeChat(events: readonly JsonObject[]): JsonObject {
  const deltas = events
    .flatMap((event) => objectsAt(event, 'choices'))
    .map(({ delta }) => delta as JsonObject);
  const calls: { id: unknown; type: unknown; function: { name: unknown; arguments: string } }[] = [];
  for (const piece of deltas.flatMap((delta) => objectsAt(delta, 'tool_calls'))) {
    const called = piece.function as { name?: string; arguments?: string };
    if (piece.id)
      calls.push({ id: piece.id, type: piece.type, function: { name: called.name, arguments: '' } });
    const last = calls[Number(piece.index)];
    if (last) last.function.arguments += called.arguments ?? '';
  }
  const content = deltas.map((delta) => delta.content ?? '').join('');
  return { choices: [{ message: { content, tool_calls: calls } }] };
}

function wholeMessage(events: readonly JsonObject[]): JsonObject {
  const content: JsonObject[] = [];
  for (const event of events) {
    const index = Number(event.index);
    const delta = (event.delta ?? {}) as JsonObject;
    if (event.type === 'content_block_start') content[index] = event.content_block as JsonObject;
    if (delta.type === 'text_delta')
      content[index] = { ...content[index], text: `${content[index]?.text}${delta.text}` };
    if (delta.type === 'signature_delta') content[index] = { ...content[index], signature: delta.signature };
    if (delta.type === 'input_json_delta')
      content[index] = { ...content[index], input: JSON.parse(String(delta.partial_json)) };
  }
  return { content };
}
