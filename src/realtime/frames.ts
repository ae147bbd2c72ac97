// What passes between the two sockets, and what may become of a client's part of it.
import type { RelayError } from '../lib/relay-error.ts';

export type Frame = string | ArrayBuffer;

/** What becomes of a client's frame. */
export type Verdict =
  /** It goes on, as `frame`; to another upstream as what `again` says then. Without it: the same. */
  | { outcome: 'pass'; frame: Frame; again?: () => Frame }
  /** It goes nowhere; the client is told, and the session goes on. */
  | { outcome: 'refused'; event: string }
  /** The session cannot go on. `event`: the client's last; null: its API has none for it. */
  | { outcome: 'end'; error: RelayError; event: string | null };

/** What a frame takes while it is held: UTF-16 or bytes. */
export function sizeOf(frame: Frame): number {
  return typeof frame === 'string' ? frame.length : frame.byteLength;
}

/** The JSON text of a frame of either kind. */
export function textOfFrame(frame: Frame): string {
  return typeof frame === 'string' ? frame : new TextDecoder().decode(frame);
}

/** The text as a frame of the same kind. */
export function frameLike(frame: Frame, text: string): Frame {
  return typeof frame === 'string' ? text : (new TextEncoder().encode(text).buffer as ArrayBuffer);
}
