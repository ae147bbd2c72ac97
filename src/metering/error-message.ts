// Why a request failed, in words, as the log keeps it: without keys, addresses, and what the request itself says. Pure.
import { errorTextCharacters } from '../formats/error-text.ts';
import { cutMark, redacted, withoutSecrets } from '../lib/redact.ts';
import { sharedWith } from '../lib/shared-text.ts';

/** Limits of a message in the log. */
export const errorMessageLimits = {
  /** Of a row's message, and of each attempt's. */
  characters: 500,
  /** Of the channel's last error, which isolates exchange. */
  healthCharacters: 200,
  /** A text of this length that is in the request too is cut out. */
  sharedCharacters: 20,
  /** Of the text that is compared with the request. */
  readCharacters: 2_000,
  /** Names of models and fields from this length on are protected from the cuts. Shorter ones are never cut. */
  nameCharacters: 12,
} as const;

/** What a message must not repeat, and what it may. */
export interface MessageContext {
  /** Keys and addresses of the target. */
  secrets?: readonly string[];
  /** The request, as it came and as a value. `isPartial`: there is more of it, so that every long quotation is cut. */
  request?: { text: string; value: unknown; isPartial?: boolean } | undefined;
  /** Names of models, which the row has anyway. */
  models?: readonly (string | null)[];
}

/** Returns the message for the log, or null if there is nothing left of the text. Bounded by `errorMessageLimits`. */
export function errorMessage(text: string, context: MessageContext = {}): string | null {
  const { secrets = [], request, models = [] } = context;
  const plain = withoutSecrets(text.slice(0, errorTextCharacters), secrets)
    .replace(/\p{Co}/gu, '')
    .slice(0, errorMessageLimits.readCharacters);
  const names = protectedNames(plain, [...models, ...fieldsOf(request?.value)]);
  const hidden = names.reduce((left, name, index) => left.replaceAll(name, standIn(index)), plain);
  const own = request === undefined ? hidden : withoutQuotes(hidden, request);
  const shown = redacted(own.replace(/[\s\p{Cc}]+/gu, ' '))
    .replace(/\p{Co}/gu, (mark) => names[mark.charCodeAt(0) - firstStandIn] ?? '')
    .replace(/…(?:[\s…]*…)+/g, cutMark)
    .trim();
  return /[\p{L}\p{N}]/u.test(shown) ? shortened(shown, errorMessageLimits.characters) : null;
}

/** Returns a message in at most so many characters. */
export function shortened(message: string, characters: number): string {
  return message.length <= characters ? message : `${message.slice(0, characters - 1)}${cutMark}`;
}

/** Private characters stand for the names while the rest is cut. */
const firstStandIn = 0xe000;

function standIn(index: number): string {
  return String.fromCharCode(firstStandIn + index);
}

/** Returns the names that the text has, the longest first, without those that look like a key or an address. */
function protectedNames(text: string, names: readonly (string | null)[]): string[] {
  const found = names.filter(
    (name) =>
      name !== null &&
      name.length >= errorMessageLimits.nameCharacters &&
      text.includes(name) &&
      redacted(name) === name,
  );
  return [...new Set(found as string[])].sort((one, other) => other.length - one.length);
}

/** Returns the names of the request's own fields, which errors name: `max_completion_tokens`. */
function fieldsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.keys(value)
    .slice(0, 100)
    .filter((name) => /^[A-Za-z_]{1,64}$/.test(name));
}

/** Cuts out what the request says too. A request that cannot be compared within the bounds leaves nothing of the text. */
function withoutQuotes(text: string, request: NonNullable<MessageContext['request']>): string {
  const { text: source, value, isPartial = false } = request;
  const shared = sharedWith(text, sourcesOf(source, value), errorMessageLimits.sharedCharacters);
  if (shared === null) return 'The text of the error is not kept: it cannot be compared with the request.';
  let left = '';
  for (let at = 0; at < text.length; at++) {
    if (shared[at] === 0) left += text[at];
    else if (shared[at - 1] !== 1) left += cutMark;
  }
  return isPartial ? left.replace(quotation, `$1${cutMark}$1`) : left;
}

/** Quotation marks around 20 or more characters. */
const quotation = /(["'`])(?:(?!\1).){20,}\1/g;

/** The text as it came; and as its reader understood it, where the two differ. */
function* sourcesOf(text: string, value: unknown): Iterable<string> {
  yield text;
  if (text === '' || text.includes('\\')) yield* stringsIn(value);
}

function* stringsIn(value: unknown): Iterable<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      yield name;
      yield* stringsIn(member);
    }
  }
}
