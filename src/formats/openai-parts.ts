// What chat completions and Responses write alike: contents of messages, results of tools, and log probabilities of tokens
// (https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices).

import type { JsonObject } from '../lib/json.ts';
import { isObject, objectsAt } from './json-reader.ts';
import type { NeutralPart, TokenLogprob, ToolResultPart } from './neutral.ts';
import type { RequestFaults } from './request-fields.ts';

/** Reads one part; undefined where it is a fault. */
type PartReader = (part: unknown, at: string, faults: RequestFaults) => NeutralPart | undefined;

/** A string, parts, or nothing. Anything else is a fault. */
export function readContentWith(
  readPart: PartReader,
  content: unknown,
  at: string,
  faults: RequestFaults,
): NeutralPart[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content, at }];
  if (!Array.isArray(content)) {
    faults.wrongType(at, 'a string or an array of parts', content);
    return [];
  }
  return content.flatMap((part, index) => readPart(part, `${at}[${index}]`, faults) ?? []);
}

/**
 * Returns the text of a result: its text parts, line by line, or the object itself if it has no text. An error that
 * does not call itself one is marked.
 */
export function resultText({ content, value, isError }: ToolResultPart): string {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const text = content.length === 0 && value !== undefined ? JSON.stringify(value) : texts.join('\n');
  return markedAsError(text, isError);
}

/** Puts `Error: ` before the text of a failed call, unless it contains the word. */
export function markedAsError(text: string, isError: boolean): string {
  return isError && !/error/i.test(text.slice(0, 100)) ? `Error: ${text}` : text;
}

/** Reads an array of entries. Anything else reads as empty. */
export function readLogprobs(value: unknown): TokenLogprob[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isObject)
    .map((entry) => ({ ...readToken(entry), top: objectsAt(entry, 'top_logprobs').map(readToken) }));
}

function readToken({ token, logprob, bytes }: JsonObject): Omit<TokenLogprob, 'top'> {
  return {
    token: typeof token === 'string' ? token : '',
    logprob: typeof logprob === 'number' ? logprob : 0,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => typeof byte === 'number') : null,
  };
}

/** Writes the entries. Responses requires `bytes` to be an array; chat takes null. */
export function writeLogprobs(
  logprobs: readonly TokenLogprob[],
  withoutBytes: null | [] = null,
): JsonObject[] {
  const written = ({ token, logprob, bytes }: Omit<TokenLogprob, 'top'>) => ({
    token,
    logprob,
    bytes: bytes ?? withoutBytes,
  });
  return logprobs.map((entry) => ({ ...written(entry), top_logprobs: entry.top.map(written) }));
}
