// The task of streaming an answer to the caller, and how it can end.
import type { Meter } from '../../formats/meter.ts';
import { logError } from '../../lib/log.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { cutAnswer } from '../upstream/upstream-errors.ts';
import type { TakenStream } from './client-stream.ts';

export interface StreamTask {
  /** The upstream's body. */
  body: ReadableStream;
  meter: Meter;
  /** The upstream may be silent for so long; then the stream ends with `upstream_timeout`. */
  idleMs: number;
  /** The stream to the caller. Called once. */
  open(): TakenStream;
  /** A caller that has received nothing for so long gets a ping; null if this channel sends none. */
  pingMs: number | null;
  /** Returns the text of a ping, or null if the framing has none. */
  ping(): string | null;
  /** Whether no event is half passed to the caller, so that another may be written. */
  isAtBoundary(): boolean;
  /** Whether the answer is incomplete although its body ended. Called at the end. */
  isCut(): boolean;
  /** Aborted when the runtime reports that the caller has left. A failing write may show it sooner. */
  left: AbortSignal;
  /** Gives back the slot of a caller that has left. Returns for how many milliseconds to read on for the usage. Called once. */
  callerLeft(): number;
  /** Ends the upstream's connection, at once. */
  abortUpstream(): void;
  /** Returns the format's error event at this position of the stream, or null if its framing has none. */
  errorEvent(error: RelayError): string | null;
  /** Whether what is held is nearly used up: the lease of a fast stream is renewed before its time. */
  isShort(): boolean;
  /** Renews the lease, every `streamRenewalMs`. Returns why the stream must end now, or null. */
  renew(): Promise<RelayError | null>;
  /** Awaited when all has passed and is counted, before the caller sees the end. */
  beforeClose(): Promise<void>;
}

export type StreamEnd =
  /** The upstream's body ended and all of it was passed. The meter knows whether the answer is complete. */
  | { outcome: 'passed' }
  | { outcome: 'client-left' }
  | { outcome: 'upstream-broke'; error: unknown }
  /** The relay ended it: deleted token, spent quota. */
  | { outcome: 'ended'; error: RelayError };

/** `end` never rejects; it is settled when nothing more goes to the caller and the meter has seen all. */
export interface RunningStream {
  /** Null if the caller has it already. */
  readable: ReadableStream | null;
  end: Promise<StreamEnd>;
}

/** Whether nothing more needs to be read for a caller that has left. */
export function isUsageKnown(meter: Meter): boolean {
  return meter.complete && meter.usage() !== null;
}

const encoder = new TextEncoder();

/**
 * Writes an error event and closes the stream, or breaks the connection if the stream is not at an event boundary or its framing has no such
 * event. Never rejects.
 */
export async function closeWithError(
  writer: WritableStreamDefaultWriter,
  task: StreamTask,
  error: RelayError,
): Promise<void> {
  const event = task.isAtBoundary() ? task.errorEvent(error) : null;
  try {
    if (event === null) return await writer.abort(error);
    await writer.write(encoder.encode(event));
    await writer.close();
  } catch {
    // The caller has left.
  }
}

/** Closes a stream whose body has ended. A cut answer ends with an error, because its bytes alone do not show that. Never rejects. */
export async function closeAtEnd(writer: WritableStreamDefaultWriter, task: StreamTask): Promise<StreamEnd> {
  await task.beforeClose().catch((error) => logError('ids-not-recorded', { error }));
  if (task.isCut()) await closeWithError(writer, task, cutAnswer());
  else await writer.close().catch(() => undefined);
  return { outcome: 'passed' };
}

/** Whether the caller has left: its side of the stream is cancelled, so that nothing can be written. */
export async function hasCallerLeft(writer: WritableStreamDefaultWriter): Promise<boolean> {
  const left = writer.closed.then(
    () => false,
    () => true,
  );
  return Promise.race([left, scheduler.wait(0).then(() => false)]);
}
