// Reads chat messages as neutral ones. Portable states in tool-call ids are restored here.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, textAt } from '../json-reader.ts';
import type {
  NeutralMessage,
  NeutralPart,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../neutral.ts';
import { readCacheMarker } from '../openai-media.ts';
import { type PartWithReasoning, readCallId, restoreReasoning } from '../portable-state.ts';
import type { RequestFaults } from '../request-fields.ts';
import { readContent, readTexts } from './read-parts.ts';
import { readReasoning, reasoningSignature } from './reasoning.ts';

interface Reading {
  faults: RequestFaults;
  system: TextPart[];
  messages: NeutralMessage[];
  /** Ids made for legacy function calls, which have none: the latest of each name. */
  functionIds: Map<string, string>;
}

/** The leading system and developer prompts apart from the conversation. */
export function readMessages(
  messages: JsonObject[],
  faults: RequestFaults,
): Pick<Reading, 'system' | 'messages'> {
  const reading: Reading = { faults, system: [], messages: [], functionIds: new Map() };
  for (const [index, message] of messages.entries()) readMessage(reading, message, `messages[${index}]`);
  return { system: reading.system, messages: reading.messages };
}

function readMessage(reading: Reading, message: JsonObject, at: string): void {
  switch (message.role) {
    case 'system':
    case 'developer':
      readSystem(reading, message, at);
      break;
    case 'user':
      addMessage(reading, message, {
        role: 'user',
        parts: readContent(message.content, `${at}.content`, reading.faults),
        at,
      });
      break;
    case 'assistant':
      addMessage(reading, message, {
        role: 'assistant',
        parts: readAssistant(reading, message, at),
        at,
      });
      break;
    case 'tool':
    case 'function':
      readResult(reading, message, at);
      break;
    case undefined:
      reading.faults.missing(`${at}.role`);
      break;
    default:
      reading.faults.add(
        `${at}.role`,
        `Invalid '${at}.role': expected one of system, developer, user, assistant, tool and function.`,
      );
      break;
  }
}

function addMessage({ messages }: Reading, message: JsonObject, read: NeutralMessage): void {
  const name = textAt(message, 'name');
  messages.push({ ...read, parts: withMarker(message, read.parts), ...(name !== undefined && { name }) });
}

/** A marker on the message (Vercel's gateway) is one on its last part. */
function withMarker<Part extends NeutralPart>(message: JsonObject, parts: Part[]): Part[] {
  const marker = readCacheMarker(message);
  return parts.map((part, index) => (index === parts.length - 1 ? { ...marker, ...part } : part));
}

function readSystem(reading: Reading, message: JsonObject, at: string): void {
  const parts = withMarker(message, readTexts(message.content, `${at}.content`, reading.faults));
  if (reading.messages.length === 0) {
    reading.system.push(...parts);
    return;
  }
  const developer = message.role === 'developer' ? { developer: true } : {};
  addMessage(reading, message, { role: 'system', parts, at, ...developer });
}

function readAssistant(reading: Reading, message: JsonObject, at: string): NeutralPart[] {
  const { faults } = reading;
  const content = readContent(message.content, `${at}.content`, faults).filter(
    (part) => part.type !== 'text' || part.text !== '',
  );
  const refusal = textAt(message, 'refusal');
  if (refusal !== undefined) content.push({ type: 'refusal', text: refusal, at: `${at}.refusal` });
  const calls = readCalls(reading, message, at);
  const isInState = calls.some(({ reasoning: state }) => state.length > 0);
  // The reasoning in a state is exact; the reasoning beside it is a copy for people.
  const visible = isInState ? content.filter((part) => part.type !== 'reasoning') : content;
  const own = isInState ? [] : ownReasoning(message, at);
  const beside = [...own, ...visible, ...audioReference(message, at)].map((part) => ({
    part,
    reasoning: [],
  }));
  return restoreReasoning([...beside, ...calls]);
}

function ownReasoning(message: JsonObject, at: string): ReasoningPart[] {
  const read = readReasoning(message);
  if (read === null) return [];
  const { text, place, details } = read;
  const member = details.length > 0 ? 'reasoning_details' : place;
  return [{ type: 'reasoning', text, signature: reasoningSignature(place, details), at: `${at}.${member}` }];
}

/** Sound that the model made in an earlier turn, by its id. */
function audioReference({ audio }: JsonObject, at: string): NeutralPart[] {
  const id = isObject(audio) ? textAt(audio, 'id') : undefined;
  if (id === undefined) return [];
  const source = { type: 'file-id', origin: 'openai-chat', id, mediaType: undefined } as const;
  return [{ type: 'media', kind: 'audio', source, providerId: id, at: `${at}.audio` }];
}

function readCalls(reading: Reading, message: JsonObject, at: string): PartWithReasoning[] {
  const { tool_calls: calls, function_call: legacy } = message;
  if (isObject(legacy)) return [{ part: legacyCall(reading, legacy, `${at}.function_call`), reasoning: [] }];
  if (calls === undefined || calls === null) return [];
  if (!Array.isArray(calls)) {
    reading.faults.wrongType(`${at}.tool_calls`, 'an array', calls);
    return [];
  }
  return calls.flatMap((call, index) => readCall(call, `${at}.tool_calls[${index}]`, reading.faults));
}

function legacyCall({ functionIds, messages }: Reading, call: JsonObject, at: string): ToolCallPart {
  const name = textAt(call, 'name') ?? '';
  const id = `call_function_${messages.length}`;
  functionIds.set(name, id);
  return { type: 'tool-call', id, name, arguments: textAt(call, 'arguments') ?? '{}', at };
}

function readCall(call: unknown, at: string, faults: RequestFaults): PartWithReasoning[] {
  if (!isObject(call)) return faults.wrongType(at, 'an object', call) ?? [];
  const custom = isObject(call.custom) ? call.custom : undefined;
  const called = custom ?? (isObject(call.function) ? call.function : undefined);
  const name = textAt(called, 'name');
  if (name === undefined) faults.missing(`${at}.${custom ? 'custom' : 'function'}.name`);
  if (typeof call.id !== 'string') faults.missing(`${at}.id`);
  const { id, state } = readCallId(textAt(call, 'id') ?? '');
  const text = textAt(called, custom ? 'input' : 'arguments') ?? (custom ? '' : '{}');
  const part: ToolCallPart = { type: 'tool-call', id, name: name ?? '', arguments: text, at };
  return [
    {
      part: {
        ...part,
        ...(custom && { custom: true }),
        ...(state?.signature && { signature: state.signature }),
      },
      reasoning: state?.reasoning ?? [],
      from: `${at}.id`,
    },
  ];
}

function readResult(reading: Reading, message: JsonObject, at: string): void {
  const { faults, functionIds, messages } = reading;
  const name = textAt(message, 'name');
  const legacyId = message.role === 'function' ? functionIds.get(name ?? '') : undefined;
  const clientId = textAt(message, 'tool_call_id') ?? legacyId;
  if (clientId === undefined)
    faults.missing(`${at}.${message.role === 'function' ? 'name' : 'tool_call_id'}`);
  const content = withMarker(message, readContent(message.content, `${at}.content`, faults)).filter(
    isResultContent,
  );
  const part: ToolResultPart = {
    type: 'tool-result',
    callId: readCallId(clientId ?? '').id,
    content,
    isError: false,
    at,
  };
  messages.push({ role: 'user', parts: [{ ...part, ...(name !== undefined && { name }) }], at });
}

function isResultContent(part: NeutralPart): part is ToolResultPart['content'][number] {
  return part.type === 'text' || part.type === 'media' || part.type === 'opaque';
}
