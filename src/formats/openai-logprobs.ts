// Log probabilities of tokens, which chat completions and Responses write alike.
// https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices
import type { JsonObject } from '../lib/json.ts';
import { isObject, objectsAt } from './json-reader.ts';
import type { TokenLogprob } from './neutral.ts';

/** An array of entries; empty where it is none. */
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

/** The entries on the wire. Responses wants `bytes` to be an array; chat takes null. */
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
