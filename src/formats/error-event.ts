// An error in the middle of a stream: that format's own error event, to be written at an event boundary, so
// that the official SDKs raise (SPEC section 5).
import type { JsonObject } from '../lib/json.ts';
import type { RelayError } from '../lib/relay-error.ts';
import { errorBody, geminiError, openaiError } from './error.ts';
import { objectAt } from './json-reader.ts';
import type { ArrayPosition, Framing, WireKind } from './wire-kind.ts';

/** Where the stream stands when the event is written. */
export interface StreamPosition {
  framing: Framing;
  arrayPosition: ArrayPosition | null;
  /** Events of a Responses stream are numbered; this is the next number. */
  nextSequenceNumber: number;
  requestId: string;
}

/** The bytes, as text, that tell the client of `error`; null where the framing has no place for it. */
export function errorEvent(kind: WireKind, error: RelayError, position: StreamPosition): string | null {
  return eventOfErrorBody(kind, bodyOf(kind, error, position.requestId), position);
}

/** The same for an error that is told by its body, in the shape of the caller's format (`{error: {…}}`). */
export function eventOfErrorBody(kind: WireKind, body: JsonObject, position: StreamPosition): string | null {
  switch (position.framing) {
    case 'sse':
      return sseEvent(kind, body, position);
    case 'json-array':
      return arrayElement(body, position.arrayPosition);
    case 'json':
    case 'opaque':
      return null;
  }
}

function bodyOf(kind: WireKind, error: RelayError, requestId: string): JsonObject {
  if (kind === 'messages') return { ...errorBody('anthropic', error, requestId) };
  return { error: kind === 'generate' ? geminiError(error) : openaiError(error) };
}

function sseEvent(kind: WireKind, body: JsonObject, { nextSequenceNumber }: StreamPosition): string {
  switch (kind) {
    case 'messages':
      return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
    case 'responses': {
      // The error's own `type` has no place in this event: its `type` is the event's.
      const event = { ...objectAt(body, 'error'), type: 'error', sequence_number: nextSequenceNumber };
      return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
    }
    case 'generate':
      return `data: ${JSON.stringify(body)}\r\n\r\n`;
    default:
      return `data: ${JSON.stringify(body)}\n\n`;
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
