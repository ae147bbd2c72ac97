// Reads the `input` of a Responses request as neutral messages. Neighbouring items of one side are one message.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectsAt, textAt } from '../json-reader.ts';
import type {
  NeutralMessage,
  NeutralPart,
  NeutralTool,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../neutral.ts';
import { readCallId } from '../portable-state.ts';
import type { RequestFaults } from '../request-fields.ts';
import { readItem } from './read-items.ts';
import { readContent } from './read-parts.ts';
import { readItemTools, toolSearchName } from './read-tools.ts';
import { readReadable } from './readable-items.ts';

interface Reading {
  faults: RequestFaults;
  system: TextPart[];
  messages: NeutralMessage[];
  /** What items of the conversation brought. */
  tools: NeutralTool[];
  /** Whether there is a message already, so that a system prompt is no longer leading. */
  begun: boolean;
}

/** The leading system and developer prompts and the tools that items bring, apart from the conversation. */
export function readInput(
  items: JsonObject[],
  faults: RequestFaults,
): Pick<Reading, 'system' | 'messages' | 'tools'> {
  const reading: Reading = { faults, system: [], messages: [], tools: [], begun: false };
  for (const [index, item] of items.entries()) readInputItem(reading, item, `input[${index}]`);
  const { system, messages, tools } = reading;
  return { system, messages, tools };
}

/** A message needs no type; an item of nothing but an id is a reference. */
function readInputItem(reading: Reading, item: JsonObject, at: string): void {
  const { type } = item;
  if (type === 'message' || (type === undefined && item.role !== undefined)) readMessage(reading, item, at);
  else if (typeof type === 'string') readTyped(reading, item, type, at);
  else if (item.id === undefined) reading.faults.missing(`${at}.type`);
  else add(reading, 'user', [{ type: 'opaque', origin: 'openai-responses', wire: item }], at);
}

function readTyped(reading: Reading, item: JsonObject, type: string, at: string): void {
  if (type === 'additional_tools' || type === 'tool_search_call' || type === 'tool_search_output') {
    readToolItem(reading, item, type, at);
    return;
  }
  if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    add(reading, 'user', [readOutput(reading, item, at)], at);
    return;
  }
  if (type === 'function_call' || type === 'custom_tool_call') {
    for (const key of ['call_id', 'name'] as const)
      if (textAt(item, key) === undefined) reading.faults.missing(`${at}.${key}`);
  }
  const readable = readReadable(item);
  add(reading, sideOf(type), readable === null ? readItem(item) : [readable], at);
}

/** Items about tools. Other formats lose nothing: the tools in them are the request's. */
function readToolItem(
  reading: Reading,
  item: JsonObject,
  type: 'additional_tools' | 'tool_search_call' | 'tool_search_output',
  at: string,
): void {
  if (type !== 'tool_search_call') reading.tools.push(...readItemTools(item, at, reading.faults));
  const callId = type === 'additional_tools' ? undefined : textAt(item, 'call_id');
  const native = { origin: 'openai-responses' as const, wire: item };
  if (callId === undefined || item.execution === 'server') {
    const side = type === 'tool_search_call' ? 'assistant' : 'user';
    const { begun } = reading;
    add(reading, side, [{ type: 'opaque', ...native, at: '' }], at);
    reading.begun = begun;
  } else if (type === 'tool_search_call')
    add(reading, 'assistant', [{ ...readToolSearch(item, callId), native }], at);
  else add(reading, 'user', [{ ...readFoundTools(item, callId, at), native }], at);
}

/** Reads the call of a search that the client runs as a call of its function. */
function readToolSearch({ arguments: given }: JsonObject, callId: string): ToolCallPart {
  const text = typeof given === 'string' ? given : JSON.stringify(isObject(given) ? given : {});
  return { type: 'tool-call', id: readCallId(callId).id, name: toolSearchName, arguments: text };
}

/** What the model reads of a search: the tools' names; their definitions are among the request's tools. */
function readFoundTools(item: JsonObject, callId: string, at: string): ToolResultPart {
  const names = objectsAt(item, 'tools').flatMap((tool) => textAt(tool, 'name') ?? []);
  const text = names.length === 0 ? 'No tools found.' : `Tools found: ${names.join(', ')}`;
  return {
    type: 'tool-result',
    callId: readCallId(callId).id,
    content: [{ type: 'text', text, at }],
    isError: false,
  };
}

/** Outputs and approvals are the client's, everything else is the model's. */
function sideOf(type: string): 'user' | 'assistant' {
  return /_output$|_response$|^item_reference$/.test(type) ? 'user' : 'assistant';
}

function add(reading: Reading, role: 'user' | 'assistant', parts: NeutralPart[], at: string): void {
  const { messages } = reading;
  reading.begun = true;
  const placed = parts.map((part) => ({ ...part, at: part.at ?? at }));
  const before = messages.at(-1);
  // All items of one turn of the model are one message, as in all other formats.
  if (role === 'assistant' && before?.role === 'assistant') before.parts.push(...placed);
  else messages.push({ role, parts: placed, at });
}

function readMessage(reading: Reading, item: JsonObject, at: string): void {
  const { faults } = reading;
  const parts = readContent(item.content, `${at}.content`, faults);
  switch (item.role) {
    case 'user':
    case 'assistant':
      add(reading, item.role, parts, at);
      break;
    case 'system':
    case 'developer':
      addSystem(reading, parts, item.role === 'developer', at);
      break;
    case undefined:
      faults.missing(`${at}.role`);
      break;
    default:
      faults.add(
        `${at}.role`,
        `Invalid '${at}.role': expected one of system, developer, user and assistant.`,
      );
  }
}

function addSystem(
  { system, messages, begun }: Reading,
  parts: NeutralPart[],
  developer: boolean,
  at: string,
): void {
  if (!begun) system.push(...parts.filter((part) => part.type === 'text'));
  else messages.push({ role: 'system', parts, at, ...(developer && { developer }) });
}

function readOutput({ faults }: Reading, item: JsonObject, at: string): ToolResultPart {
  const callId = textAt(item, 'call_id');
  if (callId === undefined) faults.missing(`${at}.call_id`);
  const content = readContent(item.output, `${at}.output`, faults).filter(
    (part) => part.type === 'text' || part.type === 'media' || part.type === 'opaque',
  );
  return {
    type: 'tool-result',
    callId: readCallId(callId ?? '').id,
    content,
    isError: false,
    ...(item.type === 'custom_tool_call_output' && { custom: true }),
  };
}
