// Holds only the countable part of one JSON value: strings are cut to their beginning, arrays of numbers (embeddings,
// logprob bytes) are emptied, whitespace between tokens is dropped. A body of 40 MB of base64 costs a few KB to hold
// and a native search for quotes to read.
import { elisionMark, longestStringBytes } from './elision.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

export interface JsonSkeleton {
  push(bytes: Uint8Array): void;
  /** The value ended: all its brackets closed (a scalar at the top never ends). */
  readonly closed: boolean;
  /** Something other than whitespace was seen. */
  readonly begun: boolean;
  /** The value with its long parts left out; null while it is not closed, or was too large, or is no JSON. */
  value(): unknown;
}

/** A skeleton that holds at most `maximumBytes`; beyond, value() is null. */
export function createJsonSkeleton(maximumBytes: number): JsonSkeleton {
  return new Skeleton(maximumBytes);
}

type State = 'outside' | 'after-bracket' | 'string' | 'numbers';

class Skeleton implements JsonSkeleton {
  readonly #maximumBytes: number;
  #buffer = new Uint8Array(4_096);
  #held = 0;
  #overflowed = false;
  #state: State = 'outside';
  #depth = 0;
  #stringStart = 0;
  #elided = 0;
  /** The last chunk ended in an odd number of backslashes, inside a string. */
  #escaped = false;
  closed = false;
  begun = false;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.closed && !this.#overflowed) {
      if (this.#state === 'string') at = this.#readString(bytes, at);
      else if (this.#state === 'numbers') at = this.#skipNumbers(bytes, at);
      else at = this.#readOutside(bytes, at);
    }
  }

  value(): unknown {
    if (!this.closed || this.#overflowed) return null;
    try {
      return JSON.parse(new TextDecoder().decode(this.#buffer.subarray(0, this.#held)));
    } catch {
      return null;
    }
  }

  #readOutside(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf) continue; // whitespace, BOM
      this.begun = true;
      if (this.#state === 'after-bracket' && isNumberStart(byte)) {
        this.#state = 'numbers';
        return at;
      }
      this.#state = byte === openBracket ? 'after-bracket' : 'outside';
      this.#holdByte(byte);
      if (byte === quote) {
        this.#state = 'string';
        this.#stringStart = this.#held;
        this.#elided = 0;
        return at + 1;
      }
      if (byte === openBrace || byte === openBracket) this.#depth++;
      else if ((byte === closeBrace || byte === closeBracket) && --this.#depth <= 0) {
        this.closed = true;
        return bytes.length;
      }
    }
    return bytes.length;
  }

  /**
   * To the end of an array of numbers; its elements are dropped. One that holds something else after its
   * first number (a tool's arguments may) is read on from there, without the numbers before.
   */
  #skipNumbers(bytes: Uint8Array, from: number): number {
    const bracket = bytes.indexOf(closeBracket, from);
    const segment = bytes.subarray(from, bracket === -1 ? bytes.length : bracket);
    const others = [quote, openBracket, openBrace]
      .map((byte) => segment.indexOf(byte))
      .filter((at) => at !== -1);
    if (bracket === -1 && others.length === 0) return bytes.length;
    this.#state = 'outside';
    return others.length > 0 ? from + Math.min(...others) : bracket;
  }

  #readString(bytes: Uint8Array, from: number): number {
    const searchFrom = this.#escaped ? from + 1 : from;
    const found = bytes.indexOf(quote, searchFrom);
    const end = found === -1 ? bytes.length : found;
    let backslashes = 0;
    while (end - 1 - backslashes >= searchFrom && bytes[end - 1 - backslashes] === backslash) backslashes++;
    this.#escaped = backslashes % 2 === 1;
    const upTo = found === -1 ? end : found + 1;
    if (found === -1 || this.#escaped) {
      this.#holdString(bytes, from, upTo);
      this.#escaped = found === -1 && this.#escaped;
      return upTo;
    }
    this.#holdString(bytes, from, found);
    this.#endString();
    return upTo;
  }

  #holdString(bytes: Uint8Array, from: number, to: number): void {
    const room = Math.max(0, longestStringBytes - (this.#held - this.#stringStart));
    const heldBytes = Math.min(room, to - from);
    this.#hold(bytes.subarray(from, from + heldBytes));
    this.#elided += to - from - heldBytes;
  }

  #endString(): void {
    if (this.#elided > 0) {
      this.#held -= this.#openEscape();
      for (const character of elisionMark(this.#elided)) this.#holdByte(character.charCodeAt(0));
    }
    this.#holdByte(quote);
    this.#state = 'outside';
  }

  /** How many bytes at the end of the cut string are the beginning of an escape. */
  #openEscape(): number {
    const tail = this.#buffer.subarray(Math.max(this.#stringStart, this.#held - 6), this.#held);
    const last = tail.lastIndexOf(backslash);
    if (last === -1) return 0;
    const length = tail.length - last;
    let run = 0;
    for (let at = this.#held - length; at >= this.#stringStart && this.#buffer[at] === backslash; at--) run++;
    if (run % 2 === 0) return 0;
    const whole = tail[last + 1] === 0x75 ? 6 : 2;
    return length < whole ? length : 0;
  }

  #holdByte(byte: number): void {
    this.#reserve(1);
    if (!this.#overflowed) this.#buffer[this.#held++] = byte;
  }

  #hold(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    if (this.#overflowed) return;
    this.#buffer.set(bytes, this.#held);
    this.#held += bytes.length;
  }

  #reserve(length: number): void {
    if (this.#held + length <= this.#buffer.length) return;
    if (this.#held + length > this.#maximumBytes) {
      this.#overflowed = true;
      this.#buffer = new Uint8Array(0);
      this.#held = 0;
      return;
    }
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#held + length));
    larger.set(this.#buffer.subarray(0, this.#held));
    this.#buffer = larger;
  }
}

function isNumberStart(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}
