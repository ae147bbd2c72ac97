// Token counts for models whose channels have no such endpoint in the caller's format: the relay's own estimate,
// marked as such in a header. Nothing is sent anywhere and nothing is charged.
import { isObject } from '../formats/json-reader.ts';
import { charactersPerToken } from '../metering/estimate.ts';
import type { Call } from './call.ts';
import type { Plan } from './plan.ts';

/** Tokens of one picture or page; an ordinary picture's at most providers. */
const tokensPerMedium = 1_000;
/** Strings longer than this without a space are base64, not words. */
const longestWord = 2_000;

export function estimatedCount({ endpoint }: Call, { body }: Plan): Response {
  const tokens = body.type === 'json' ? tokensIn(body.value) : 0;
  const headers = { 'x-relay-estimated': 'input_tokens' };
  switch (endpoint.operation) {
    case 'count-tokens':
      return Response.json({ totalTokens: tokens }, { headers });
    case 'responses-input-tokens':
      return Response.json({ object: 'response.input_tokens', input_tokens: tokens }, { headers });
    default:
      return Response.json({ input_tokens: tokens }, { headers });
  }
}

/** All words in the body, names of members included: tools and their schemas are input too. */
export function tokensIn(value: unknown): number {
  const { characters, media } = sizeOf(value);
  return Math.max(1, Math.ceil(characters / charactersPerToken) + media * tokensPerMedium);
}

interface Size {
  characters: number;
  media: number;
}

function sizeOf(value: unknown): Size {
  if (typeof value === 'string')
    return isMedium(value) ? { characters: 0, media: 1 } : { characters: value.length, media: 0 };
  if (Array.isArray(value)) return value.map(sizeOf).reduce(sum, { characters: 0, media: 0 });
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, member]) => sum(sizeOf(member), { characters: name.length, media: 0 }))
      .reduce(sum, { characters: 0, media: 0 });
  }
  return { characters: value === null || value === undefined ? 0 : String(value).length, media: 0 };
}

function sum(one: Size, other: Size): Size {
  return { characters: one.characters + other.characters, media: one.media + other.media };
}

function isMedium(text: string): boolean {
  return (
    /^(data:|https?:\/\/)\S+$/.test(text) ||
    (text.length > longestWord && !/\s/.test(text.slice(0, longestWord)))
  );
}
