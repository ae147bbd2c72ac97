// Ids of tool calls as an upstream will take them: its own come back unchanged, strange ones are made fit by a
// rule that gives the same result for the call and its result, in this turn and in every later one.
import { crc32 } from '../lib/crc32.ts';

/** What a format allows in an id. */
export interface IdRule {
  /** Matches one character that is not allowed. Global. */
  illegal: RegExp;
  maximumLength: number;
  /** What ids must not lack, because the upstream tells its own by it. */
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

/** An id for a call of a format that has none (Gemini): unique within the answer `answerId`. */
export function madeCallId(answerId: string, ordinal: number): string {
  return `call_${answerId.replace(/[^a-zA-Z0-9]/g, '').slice(-20)}_${ordinal}`;
}
