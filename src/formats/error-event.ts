// An error in the middle of a stream, as the format's own error event. Written at an event boundary, it makes the official
// SDKs raise (SPEC section 5).
import type { JsonObject } from '../lib/json.ts';
import type { RelayError } from '../lib/relay-error.ts';
import type { ArrayPosition, Framing } from './answer-framing.ts';
import { errorBody } from './error.ts';
import type { WireFormat } from './wire-format.ts';

/** Where the stream stands when the event is written. */
export interface StreamPosition {
  framing: Framing;
  arrayPosition: ArrayPosition | null;
  /** Events of a Responses stream are numbered; this is the next number. */
  nextSequenceNumber: number;
  requestId: string;
}

/** Returns the text that reports the error to the client, or null if the framing has no place for it. */
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
