// Gemini's stream without `alt=sse`: one JSON array whose elements arrive one by one. Cuts it into the
// elements' texts; a bare object instead of an array (an error) is taken for the only element.

/**
 * Where a JSON-array stream is, for appending an element: `start` before the bracket; `first` after it; `after-element`
 * needs a comma; `after-comma`; `inside` an element; `closed`.
 */
export type ArrayPosition = 'start' | 'first' | 'after-element' | 'after-comma' | 'inside' | 'closed';

export interface JsonArraySplitter {
  /** Returns the texts of the elements that these bytes complete, unchanged. */
  push(bytes: Uint8Array): string[];
  /** The body ended. Half an element is dropped: it is no JSON. */
  end(): string[];
  /** Not inside an element, and the array is not closed: an element may be put here. */
  readonly atBoundary: boolean;
  /** The exact position, by which a writer adds the comma and the bracket. */
  readonly position: ArrayPosition;
}

/** An element with more characters than `maximumElementCharacters` is dropped. */
export function createJsonArraySplitter(
  maximumElementCharacters = Number.POSITIVE_INFINITY,
): JsonArraySplitter {
  return new ArraySplitter(maximumElementCharacters);
}

const outsideStrings = /["[\]{},]/g;

class ArraySplitter implements JsonArraySplitter {
  readonly #maximumCharacters: number;
  readonly #decoder = new TextDecoder();
  #position: ArrayPosition = 'start';
  /** Open brackets within the element. */
  #depth = 0;
  #inString = false;
  /** The last chunk ended in an odd number of backslashes, inside a string. */
  #escaped = false;
  #pieces: string[] = [];
  #characters = 0;
  /** The top level is an object, not an array. */
  #bare = false;

  constructor(maximumCharacters: number) {
    this.#maximumCharacters = maximumCharacters;
  }

  get position(): ArrayPosition {
    return this.#position;
  }

  get atBoundary(): boolean {
    return this.#position !== 'inside' && this.#position !== 'closed';
  }

  push(bytes: Uint8Array): string[] {
    return this.#read(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string[] {
    return this.#read(this.#decoder.decode());
  }

  #read(text: string): string[] {
    const elements: string[] = [];
    let at = 0;
    let elementStart = 0;
    while (at < text.length) {
      if (this.#inString) {
        at = this.#skipString(text, at);
        continue;
      }
      outsideStrings.lastIndex = at;
      const match = outsideStrings.exec(text);
      if (match === null) break;
      at = match.index + 1;
      const wasInside = this.#position === 'inside';
      const finished = this.#take(match[0]);
      if (!wasInside && this.#position === 'inside') elementStart = match.index;
      if (finished) this.#collect(elements, text.slice(elementStart, at));
    }
    if (this.#position === 'inside') this.#hold(text.slice(elementStart));
    return elements;
  }

  /** One structural character; true when it ends an element. */
  #take(character: string): boolean {
    if (this.#position === 'inside') {
      if (character === '"') this.#inString = true;
      else if (character === '{' || character === '[') this.#depth++;
      else if (character !== ',' && --this.#depth === 0) {
        this.#position = this.#bare ? 'closed' : 'after-element';
        return true;
      }
    } else if (character === '{') {
      this.#bare = this.#position === 'start';
      this.#position = 'inside';
      this.#depth = 1;
    } else if (this.#position === 'start' && character === '[') this.#position = 'first';
    else if (this.#position === 'after-element' && character === ',') this.#position = 'after-comma';
    else if (character === ']') this.#position = 'closed';
    return false;
  }

  #skipString(text: string, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (;;) {
      const quote = text.indexOf('"', at);
      const end = quote === -1 ? text.length : quote;
      let backslashes = 0;
      while (end - 1 - backslashes >= at && text[end - 1 - backslashes] === '\\') backslashes++;
      const odd = backslashes % 2 === 1;
      if (quote === -1) {
        this.#escaped = odd;
        return text.length;
      }
      at = quote + 1;
      if (odd) continue;
      this.#inString = false;
      return at;
    }
  }

  #hold(piece: string): void {
    this.#characters += piece.length;
    if (this.#characters > this.#maximumCharacters) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  #collect(elements: string[], lastPiece: string): void {
    this.#hold(lastPiece);
    if (this.#characters <= this.#maximumCharacters) elements.push(this.#pieces.join(''));
    this.#pieces = [];
    this.#characters = 0;
  }
}
