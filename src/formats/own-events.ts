// What the relay itself writes into a stream, at an event boundary: errors, which make the official SDKs raise,
// and pings, which are not part of the answer.
import type { JsonObject } from '../lib/json.ts';
import type { RelayError } from '../lib/relay-error.ts';
import { errorBody } from './api-errors.ts';
import type { ArrayPosition } from './json-array.ts';
import type { Framing } from './observation.ts';
import type { WireFormat } from './wire-format.ts';

/** Where the stream is when the event is written. */
export interface StreamPosition {
  framing: Framing;
  arrayPosition: ArrayPosition | null;
  /** Events of a Responses stream are numbered; this is the next number. */
  nextSequenceNumber: number;
  requestId: string;
}

/** Returns the text that reports the error to the client, or null if the framing cannot contain it. */
export function errorEvent(format: WireFormat, error: RelayError, position: StreamPosition): string | null {
  return eventOfErrorBody(format, { ...errorBody(format.api, error, position.requestId) }, position);
}

/** Does the same for an error body in the shape of the caller's format (`{error: {…}}`). */
export function eventOfErrorBody(
  { writeErrorEvent }: WireFormat,
  body: JsonObject,
  position: StreamPosition,
): string | null {
  switch (position.framing) {
    case 'sse':
      return writeErrorEvent?.(body, position.nextSequenceNumber) ?? `data: ${JSON.stringify(body)}\n\n`;
    case 'json-array':
      return arrayElement(body, position.arrayPosition);
    case 'json':
    case 'opaque':
      return null;
  }
}

function arrayElement(body: JsonObject, position: ArrayPosition | null): string | null {
  const element = JSON.stringify(body);
  switch (position) {
    case 'start':
      return `[${element}]`;
    case 'first':
    case 'after-comma':
      return `${element}]`;
    case 'after-element':
      return `,${element}]`;
    default:
      return null;
  }
}

/** OpenAI's formats take a comment. openai-python up to 2.37 reads the blank line after a lone comment as an event without data. */
const comment = ': ping\n';

/** Returns the text of a ping, for an event boundary, or null if the format has none. White space is nothing in a JSON array. */
export function pingOf({ ping = comment }: WireFormat, framing: Framing): string | null {
  if (framing === 'json-array') return '\n';
  return framing === 'sse' ? ping : null;
}

/** Finds the first event of a stream. Comments, blank lines, and white space before a JSON array are skipped. */
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
