// What may be written into a silent stream without being part of the answer, and where the answer's first event begins.
import type { Framing, WireKind } from './wire-kind.ts';

/**
 * The text of a ping, for an event boundary; null: the format has none. OpenAI's formats take a comment, with one line feed: openai-python
 * up to 2.37 reads the blank line after a lone comment as an event without data. Messages have an event for it
 * (https://platform.claude.com/docs/en/build-with-claude/streaming, 2026-11). Google's Go and Python SDKs reject comments, and white
 * space is nothing in a JSON array.
 */
export function pingOf(kind: WireKind, framing: Framing): string | null {
  if (framing === 'json-array') return '\n';
  if (framing !== 'sse' || kind === 'generate') return null;
  return kind === 'messages' ? 'event: ping\ndata: {"type": "ping"}\n\n' : ': ping\n';
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
