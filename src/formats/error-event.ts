// An error in the middle of a stream: that format's own error event, to be written at an event boundary, so
// that the official SDKs raise (SPEC section 5).
import type { RelayError } from '../lib/relay-error.ts';
import { errorBody, geminiError, openaiError } from './error.ts';
import type { ArrayPosition, Framing, WireKind } from './meter.ts';

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
  switch (position.framing) {
    case 'sse':
      return sseEvent(kind, error, position);
    case 'json-array':
      return arrayElement(error, position.arrayPosition);
    case 'json':
    case 'opaque':
      return null;
  }
}

function sseEvent(
  kind: WireKind,
  error: RelayError,
  { requestId, nextSequenceNumber }: StreamPosition,
): string {
  switch (kind) {
    case 'messages':
      return `event: error\ndata: ${JSON.stringify(errorBody('anthropic', error, requestId))}\n\n`;
    case 'responses': {
      // The error's own `type` has no place in this event: its `type` is the event's.
      const event = { ...openaiError(error), type: 'error', sequence_number: nextSequenceNumber };
      return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
    }
    case 'generate':
      return `data: ${JSON.stringify({ error: geminiError(error) })}\r\n\r\n`;
    default:
      return `data: ${JSON.stringify({ error: openaiError(error) })}\n\n`;
  }
}

function arrayElement(error: RelayError, position: ArrayPosition | null): string | null {
  const element = JSON.stringify({ error: geminiError(error) });
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
