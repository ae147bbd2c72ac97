// What may be written into a silent stream without being part of the answer, and where the answer's first event begins.
import type { Framing } from './answer-framing.ts';
import type { WireFormat } from './wire-format.ts';

/** OpenAI's formats take a comment. openai-python up to 2.37 reads the blank line after a lone comment as an event without data. */
const comment = ': ping\n';

/** Returns the text of a ping, for an event boundary, or null if the format has none. White space is nothing in a JSON array. */
export function pingOf({ ping = comment }: WireFormat, framing: Framing): string | null {
  if (framing === 'json-array') return '\n';
  return framing === 'sse' ? ping : null;
}

/** Finds the first event of a stream: comments, blank lines, and white space before a JSON array are none. */
export class EventStartFinder {
  private isInComment = false;

  /** Takes the next bytes, cut anywhere; true: the event has begun in them. */
  push(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      if (this.isInComment) this.isInComment = byte !== lineFeed && byte !== carriageReturn;
      else if (byte === colon) this.isInComment = true;
      else if (byte > space && !byteOrderMark.has(byte)) return true;
    }
    return false;
  }
}

const [lineFeed, carriageReturn, space, colon] = [0x0a, 0x0d, 0x20, 0x3a];
const byteOrderMark: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf]);
