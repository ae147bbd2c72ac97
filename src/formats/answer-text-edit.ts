// Restores the text of a structured answer while it is streamed: takes it out of the object that a target requires
// around a list, or out of the quotes of a JSON string.
import type { NeutralEvent, NeutralPart, NeutralResponse } from './neutral.ts';

/** Turns one text, as it comes in pieces, into another. */
export interface TextFilter {
  push(piece: string): string;
  /** What is left when the text is whole. */
  end(): string;
}

/** Which member of an object the answer is. */
export interface WrapperMember {
  member: string;
  /** Whether an object's first member is taken under any name: the answer itself is never an object. */
  anyMember: boolean;
}

/** Longest beginning that is waited for before a text counts as not wrapped. */
const maximumHeadCharacters = 1_024;

/** What may still become an object's beginning up to its first value. */
const isHead = /^\s*(\{\s*("(?:[^"\\]|\\.)*("\s*(:\s*)?)?\\?)?)?$/;

/** Takes the value of an object's first member out; a text that is no such object passes as it is. */
export class WrappedAnswer implements TextFilter {
  readonly #wrapper: WrapperMember;
  #state: 'head' | 'value' | 'plain' | 'done' = 'head';
  #head = '';
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(wrapper: WrapperMember) {
    this.#wrapper = wrapper;
  }

  push(piece: string): string {
    if (this.#state === 'plain') return piece;
    if (this.#state === 'done') return '';
    if (this.#state === 'value') return this.#valueIn(piece);
    this.#head += piece;
    return this.#readHead();
  }

  end(): string {
    const rest = this.#state === 'head' ? this.#head : '';
    this.#state = 'done';
    return rest;
  }

  #readHead(): string {
    const head = this.#head;
    const found = /^\s*\{\s*("(?:[^"\\]|\\.)*")\s*:\s*(?=\S)/.exec(head);
    if (found === null) {
      return head.length <= maximumHeadCharacters && isHead.test(head) ? '' : this.#pass(head);
    }
    if (!this.#isMember(found[1] ?? '')) return this.#pass(head);
    this.#state = 'value';
    return this.#valueIn(head.slice(found[0].length));
  }

  #pass(text: string): string {
    this.#state = 'plain';
    return text;
  }

  #isMember(quoted: string): boolean {
    if (this.#wrapper.anyMember) return true;
    return quoted === JSON.stringify(this.#wrapper.member);
  }

  /** Up to the end of the value: of a list, an object or a string its last character, of others what follows. */
  #valueIn(piece: string): string {
    for (let at = 0; at < piece.length; at++) {
      const character = piece[at] ?? '';
      if (this.#inString) this.#readString(character);
      else if (character === '"') this.#inString = true;
      else if (character === '{' || character === '[') this.#depth += 1;
      else if (this.#depth === 0 && /[\s,}\]]/.test(character)) return this.#finish(piece.slice(0, at));
      else if (character === '}' || character === ']') this.#depth -= 1;
      else continue;
      const isWhole = !this.#inString && this.#depth === 0 && /["}\]]/.test(character);
      if (isWhole) return this.#finish(piece.slice(0, at + 1));
    }
    return piece;
  }

  #finish(text: string): string {
    this.#state = 'done';
    return text;
  }

  #readString(character: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (character === '\\') this.#escaped = true;
    else if (character === '"') this.#inString = false;
  }
}

/** The text of a JSON string; any other text as it is. It is known when it is whole. */
export function bareText(): TextFilter {
  let text = '';
  return {
    push(piece) {
      text += piece;
      return '';
    },
    end: () => unquoted(text),
  };
}

function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}

/** Puts every text of an answer through a filter of its own. State is per answer. */
export class AnswerTextEdit {
  readonly #filter: () => TextFilter;
  readonly #open = new Map<string, TextFilter>();

  constructor(filter: () => TextFilter) {
    this.#filter = filter;
  }

  event(event: NeutralEvent): NeutralEvent[] {
    switch (event.type) {
      case 'text-start':
        this.#open.set(keyOf(event), this.#filter());
        return [event];
      case 'text-delta': {
        const text = this.#open.get(keyOf(event))?.push(event.text) ?? event.text;
        return text === '' && event.logprobs === undefined ? [] : [{ ...event, text }];
      }
      case 'text-end': {
        const text = this.#open.get(keyOf(event))?.end() ?? '';
        this.#open.delete(keyOf(event));
        const { candidate, part } = event;
        return text === '' ? [event] : [{ type: 'text-delta', candidate, part, text }, event];
      }
      default:
        return [event];
    }
  }

  response(response: NeutralResponse): NeutralResponse {
    const candidates = response.candidates.map((candidate) => ({
      ...candidate,
      parts: candidate.parts.map((part) => this.#part(part)),
    }));
    return { ...response, candidates };
  }

  #part(part: NeutralPart): NeutralPart {
    if (part.type !== 'text') return part;
    const filter = this.#filter();
    return { ...part, text: filter.push(part.text) + filter.end() };
  }
}

const keyOf = ({ candidate, part }: { candidate: number; part: number }) => `${candidate}/${part}`;
