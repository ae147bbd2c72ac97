// Ids of tool calls as an upstream will take them: its own come back unchanged, strange ones are made fit by a
// rule that gives the same result for the call and its result, in this turn and in every later one.
import { crc32 } from '../lib/crc32.ts';
import type { NeutralMessage, NeutralPart, NeutralRequest, ToolCallPart, ToolResultPart } from './neutral.ts';

/** What a format allows in an id. */
export interface IdRule {
  /** Matches one character that is not allowed. Global. */
  illegal: RegExp;
  maximumLength: number;
  /** The prefix of every id, by which the upstream recognizes its own. */
  prefix: string;
}

/** https://docs.anthropic.com/en/api/messages: `^[a-zA-Z0-9_-]+$`. */
export const anthropicIds: IdRule = { illegal: /[^a-zA-Z0-9_-]/g, maximumLength: 128, prefix: '' };
/** OpenAI answers 400 to a longer one: 40 characters in chat, 64 in Responses. */
export const chatIds: IdRule = { illegal: /[^\x21-\x7e]/g, maximumLength: 40, prefix: '' };
export const responsesIds: IdRule = { illegal: /[^\x21-\x7e]/g, maximumLength: 64, prefix: '' };

/** The id, made fit. */
export function fitId(id: string, { illegal, maximumLength, prefix }: IdRule): string {
  const clean = prefix + id.replace(illegal, '_');
  if (clean === id && id.length <= maximumLength && id !== '') return id;
  const sum = crc32(id).toString(36);
  return `${clean.slice(0, maximumLength - sum.length - 1) || 'call'}_${sum}`;
}

/** Returns an id for a call of a format that has none (Gemini), unique within the answer `answerId`. */
export function madeCallId(answerId: string, ordinal: number): string {
  return `call_${answerId.replace(/[^a-zA-Z0-9]/g, '').slice(-20)}_${ordinal}`;
}

/** An id that is not taken: itself, or with the first free number behind it. The same for the same conversation. */
export function unusedId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  let number = 2;
  while (taken.has(`${id}_${number}`)) number += 1;
  return `${id}_${number}`;
}

/** All ids of calls, as an answer's client knows them. */
export function callIdsIn({ messages }: NeutralRequest): Set<string> {
  const ids = messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])),
  );
  return new Set(ids);
}

/**
 * Returns the request with a unique id for each call. Results follow the call of their turn. Returns the same request
 * if all are unique.
 */
export function withUniqueCallIds(request: NeutralRequest): NeutralRequest {
  const calls = request.messages.flatMap(({ parts }) => parts.filter(({ type }) => type === 'tool-call'));
  if (callIdsIn(request).size === calls.length) return request;
  const ids = new CallIds();
  return { ...request, messages: request.messages.map((message) => ids.rename(message)) };
}

class CallIds {
  readonly #taken = new Set<string>();
  /** New ids of the calls of the latest turn that used an id, in order. */
  readonly #waiting = new Map<string, { turn: number; ids: string[] }>();
  #turn = 0;
  #isAssistant = false;

  rename(message: NeutralMessage): NeutralMessage {
    const isAssistant = message.role === 'assistant';
    if (isAssistant && !this.#isAssistant) this.#turn += 1;
    this.#isAssistant = isAssistant;
    return { ...message, parts: message.parts.map((part) => this.#renamePart(part)) };
  }

  #renamePart(part: NeutralPart): NeutralPart {
    if (part.type === 'tool-call') return this.#call(part);
    return part.type === 'tool-result' ? this.#result(part) : part;
  }

  #call(part: ToolCallPart): ToolCallPart {
    const id = unusedId(part.id, this.#taken);
    this.#taken.add(id);
    const waiting = this.#waiting.get(part.id);
    if (waiting?.turn === this.#turn) waiting.ids.push(id);
    else this.#waiting.set(part.id, { turn: this.#turn, ids: [id] });
    return { ...part, id };
  }

  #result(part: ToolResultPart): ToolResultPart {
    const ids = this.#waiting.get(part.callId)?.ids ?? [];
    const callId = (ids.length > 1 ? ids.shift() : ids[0]) ?? part.callId;
    return { ...part, callId };
  }
}
