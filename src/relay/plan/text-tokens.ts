// About how many tokens a text is, without a tokenizer: runs of one kind of character, each at what such runs cost in o200k
// (which is GPT's; Claude's and Gemini's differ from it by about as much as this does). Costs are fitted to tool
// definitions, prose, source code and recorded requests counted with gpt-tokenizer 4.0.0 (2026-11): within 10 % of each.

/** Fitted costs, in tokens. */
const cost = {
  /** A word up to `commonWord` characters is one token; each further `wordPiece` are one more. */
  commonWord: 8,
  wordPiece: 5,
  /** Characters per token of a run of capitals, and of a run of letters and digits that is not a word. */
  capitals: 3.2,
  random: 1.7,
  digits: 3,
  /** A single sign is often part of a word's token; a few are mostly one, and longer runs are split. */
  sign: 0.85,
  signs: 3,
  signPiece: 4,
  /** Single characters of other scripts. */
  ideograph: 0.72,
  surrogate: 1,
  brahmic: 0.5,
  otherLetter: 0.3,
} as const;

/** Runs of letters and digits from this length on, digits among them, are ids, hashes or base64. */
const randomCharacters = 24;

/** Estimates the tokens of a text. Not a whole number. */
export function tokensOfText(text: string): number {
  let tokens = 0;
  for (let at = 0; at < text.length; ) {
    const start = at;
    const kind = kindOf(text.charCodeAt(at));
    at += 1;
    if (kind === 'other') {
      tokens += costOfOther(text.charCodeAt(start));
      continue;
    }
    if (kind === 'upper' || kind === 'lower' || kind === 'digit') {
      const end = endOfRandom(text, start);
      if (end !== null) {
        tokens += (end - start) / cost.random;
        at = end;
        continue;
      }
    }
    while (at < text.length && kindOf(text.charCodeAt(at)) === kind) at += 1;
    const capitals = kind === 'upper' ? at - start : 0;
    if (kind === 'upper') while (at < text.length && kindOf(text.charCodeAt(at)) === 'lower') at += 1;
    tokens += costOfRun(kind, at - start, capitals);
  }
  return tokens;
}

type Kind = 'upper' | 'lower' | 'digit' | 'blank' | 'newline' | 'sign' | 'other';

const kinds: readonly Kind[] = Array.from({ length: 128 }, (_, code) =>
  kindOfAscii(String.fromCharCode(code)),
);

function kindOfAscii(character: string): Kind {
  if (/[a-z]/.test(character)) return 'lower';
  if (/[A-Z]/.test(character)) return 'upper';
  if (/[0-9]/.test(character)) return 'digit';
  if (/[ \t]/.test(character)) return 'blank';
  return /[\n\r]/.test(character) ? 'newline' : 'sign';
}

function kindOf(code: number): Kind {
  return kinds[code] ?? 'other';
}

function costOfRun(kind: Exclude<Kind, 'other'>, length: number, capitals: number): number {
  switch (kind) {
    case 'upper':
    case 'lower':
      if (capitals === length) return Math.max(1, length / cost.capitals);
      return 1 + Math.max(0, length - cost.commonWord) / cost.wordPiece;
    case 'digit':
      return Math.ceil(length / cost.digits);
    case 'blank':
      // One blank is the beginning of the next word.
      return length > 1 ? 1 : 0;
    case 'newline':
      return 1;
    case 'sign':
      if (length === 1) return cost.sign;
      return length <= cost.signs ? 1 : Math.ceil(length / cost.signPiece);
  }
}

/** Returns the end of a long run of mixed letters and digits, or null if there is none. */
function endOfRandom(text: string, start: number): number | null {
  let at = start;
  let digits = 0;
  for (; at < text.length; at++) {
    const kind = kindOf(text.charCodeAt(at));
    if (kind === 'digit') digits += 1;
    else if (kind !== 'upper' && kind !== 'lower') break;
  }
  const length = at - start;
  return length >= randomCharacters && digits > 0 && digits < length ? at : null;
}

function costOfOther(code: number): number {
  if (code >= 0xd800 && code <= 0xdfff) return cost.surrogate;
  if (code >= 0x2e80) return cost.ideograph;
  return code >= 0x590 && code < 0x2000 ? cost.brahmic : cost.otherLetter;
}
