// The relay's own estimate of the tokens in a body.
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { charactersPerToken } from '../../metering/estimate.ts';
import { tokensOfText } from './text-tokens.ts';

/** Tokens of one picture or page; an ordinary picture's at most providers. */
const tokensPerMedium = 1_000;
/** Strings longer than this without a space are base64, not words. */
const longestWord = 2_000;

/** How words and the JSON around them are counted. */
interface Measure {
  text(text: string): number;
  /** Beside a member's name and value: quotes, colon, comma. */
  member: number;
  element: number;
}

/** Characters of one body that are counted one by one, in about 80 ms; the rest is counted by its length. */
export const closeCharacters = 1_000_000;

/** Within 15 % of an o200k count of tools and texts. Fitted as text-tokens.ts says. */
function closeMeasure(): Measure {
  let left = closeCharacters;
  const text = (words: string) => {
    left -= words.length;
    return left < 0 ? words.length / closeCharactersPerToken : tokensOfText(words);
  };
  return { text, member: 1.6, element: 0.6 };
}

/** Of English prose, code and JSON in o200k. */
const closeCharactersPerToken = 4;
const rough: Measure = { text: ({ length }) => length / charactersPerToken, member: 0, element: 0 };

/**
 * Estimates the tokens of all words in a body, names of members included: tools and their schemas are input too. Links are
 * words; what a part shows by its address is a medium.
 */
export function tokensIn(value: unknown): number {
  return atLeastOne(sizeOf(value, closeMeasure(), false));
}

/** The same by the lengths of texts alone, for every request's admission. */
export function roughTokensIn(value: unknown): number {
  return atLeastOne(sizeOf(value, rough, false));
}

function atLeastOne(tokens: number): number {
  return Math.max(1, Math.ceil(tokens));
}

function sizeOf(value: unknown, measure: Measure, isShown: boolean): number {
  if (typeof value === 'string') return isMedium(value, isShown) ? tokensPerMedium : measure.text(value);
  if (Array.isArray(value))
    return value.reduce<number>((sum, one) => sum + sizeOf(one, measure, isShown) + measure.element, 0);
  if (!isObject(value)) return value === null || value === undefined ? 0 : measure.text(String(value));
  const shows = isShown || showsMedium(value);
  return Object.entries(value).reduce(
    (sum, [name, member]) => sum + measure.text(name) + measure.member + sizeOf(member, measure, shows),
    0,
  );
}

/** Parts of chat, Responses and Messages that show a picture or a file, by their type; Gemini's by their member. */
const shownTypes: ReadonlySet<unknown> = new Set([
  'image_url',
  'video_url',
  'input_image',
  'input_file',
  'image',
  'document',
  'file',
]);

function showsMedium(part: JsonObject): boolean {
  return shownTypes.has(part.type) || isObject(part.fileData) || isObject(part.file_data);
}

function isMedium(text: string, isShown: boolean): boolean {
  if (/^data:[^\s,]*,\S*$/.test(text)) return true;
  if (text.length > longestWord) return !/\s/.test(text.slice(0, longestWord));
  return isShown && /^https?:\/\/\S+$/.test(text);
}

/**
 * Estimates the input that the provider has not cached: what follows the model's last turn, of the `typicalTokens` of the whole input. What
 * comes before was the input of an earlier request. Without such a turn it is all of the input. `tpm` counts this at admission; the ledger
 * corrects it by the upstream's own figure.
 */
export function freshInputTokens(body: unknown, typicalTokens: number): number {
  if (!isObject(body)) return typicalTokens;
  const turns = body.messages ?? body.contents ?? body.input;
  const last = Array.isArray(turns) ? turns.findLastIndex(isOfModel) : -1;
  if (last < 0 && typeof body.previous_response_id !== 'string') return typicalTokens;
  return Math.min(typicalTokens, roughTokensIn(last < 0 ? turns : (turns as unknown[]).slice(last + 1)));
}

/** A message of the model, or an item of the Responses API that it made. */
function isOfModel(turn: unknown): boolean {
  if (!isObject(turn)) return false;
  const { role, type } = turn as JsonObject;
  if (typeof role === 'string') return role === 'assistant' || role === 'model';
  return typeof type === 'string' && /^reasoning$|_call$/.test(type);
}
