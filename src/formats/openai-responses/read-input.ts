// The `input` of a Responses request to neutral messages: items of one side that stand together are one message.
import { readCallId } from '../carry.ts';
import { textAt } from '../json-reader.ts';
import type { NeutralMessage, NeutralPart, TextPart, ToolResultPart } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import type { RequestFaults } from '../request-fields.ts';
import { readItem } from './read-items.ts';
import { readContent } from './read-parts.ts';

interface Reading {
  faults: RequestFaults;
  system: TextPart[];
  messages: NeutralMessage[];
}

/** The leading system and developer prompts apart from the conversation. */
export function readInput(items: JsonObject[], faults: RequestFaults): Pick<Reading, 'system' | 'messages'> {
  const reading: Reading = { faults, system: [], messages: [] };
  for (const [index, item] of items.entries()) readInputItem(reading, item, `input[${index}]`);
  return { system: reading.system, messages: reading.messages };
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
  if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    add(reading, 'user', [readOutput(reading, item, at)], at);
    return;
  }
  if (type === 'function_call' || type === 'custom_tool_call') {
    for (const key of ['call_id', 'name'] as const)
      if (textAt(item, key) === undefined) reading.faults.missing(`${at}.${key}`);
  }
  add(reading, sideOf(type), readItem(item), at);
}

/** Outputs and approvals are the client's, everything else is the model's. */
function sideOf(type: string): 'user' | 'assistant' {
  return /_output$|_response$|^item_reference$/.test(type) ? 'user' : 'assistant';
}

function add({ messages }: Reading, role: 'user' | 'assistant', parts: NeutralPart[], at: string): void {
  const placed = parts.map((part) => ({ ...part, at: part.at ?? at }));
  const before = messages.at(-1);
  // What the model said in one turn is one message, as in all other formats.
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
  { system, messages }: Reading,
  parts: NeutralPart[],
  developer: boolean,
  at: string,
): void {
  if (messages.length === 0) system.push(...parts.filter((part) => part.type === 'text'));
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
