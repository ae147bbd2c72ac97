// Frames between the two sockets, and the verdicts on a client's frames.
import type { RelayError } from '../lib/relay-error.ts';

export type Frame = string | ArrayBuffer;

/** The verdict on a client's frame. */
export type Verdict =
  /** It is passed on as `frame`, and to another upstream as `again()`, if given. */
  | { outcome: 'pass'; frame: Frame; again?: () => Frame }
  /** It is not passed on; the client gets `event`, and the session continues. */
  | { outcome: 'refused'; event: string }
  /** The session must end. `event` is the client's last, or null if its API has none. */
  | { outcome: 'end'; error: RelayError; event: string | null };

/** Returns the size of a frame, in UTF-16 units or bytes. */
export function sizeOf(frame: Frame): number {
  return typeof frame === 'string' ? frame.length : frame.byteLength;
}

/** Returns the JSON text of a frame of either kind. */
export function textOfFrame(frame: Frame): string {
  return typeof frame === 'string' ? frame : new TextDecoder().decode(frame);
}

/** Returns the text as a frame of the same kind. */
export function frameLike(frame: Frame, text: string): Frame {
  return typeof frame === 'string' ? text : (new TextEncoder().encode(text).buffer as ArrayBuffer);
}
