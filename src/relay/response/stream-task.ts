// A streamed answer on its way to the caller: what pipe.ts and pump.ts are given, and how it can end.
import type { Meter } from '../../formats/meter.ts';
import { logError } from '../../lib/log.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { TakenStream } from './client-stream.ts';

export interface StreamTask {
  /** The upstream's body. */
  body: ReadableStream;
  meter: Meter;
  /** The upstream may be silent for so long; then the stream ends with `upstream_timeout`. */
  idleMs: number;
  /** The stream to the caller. Called once. */
  open(): TakenStream;
  /** A caller that has got nothing for so long gets a ping; null: this channel sends none. */
  pingMs: number | null;
  /** The text of a ping; null where the framing has none. */
  ping(): string | null;
  /** No event is half passed to the caller: another may be put here. */
  isAtBoundary(): boolean;
  /** What passed is known to be no whole answer, though its body ended as if it were. Asked at the end. */
  isCut(): boolean;
  /** Aborted when the runtime reports that the caller has left. A write that fails may tell it sooner. */
  left: AbortSignal;
  /** The caller has left: gives its slot back, and answers for how many milliseconds to read on for the usage. Called once. */
  callerLeft(): number;
  /** Ends the upstream's connection, at once. */
  abortUpstream(): void;
  /** The format's error event for where the stream stands; null where its framing has none. */
  errorEvent(error: RelayError): string | null;
  /** Whether what is held is nearly used up: a fast stream is looked at before its time. */
  isShort(): boolean;
  /** Asked every `lookMs`: why the stream must end now, or null. */
  look(): Promise<RelayError | null>;
  /** Awaited when all has passed and is counted, before the caller sees the end. */
  beforeClose(): Promise<void>;
}

export type StreamEnd =
  /** The upstream's body ended and all of it was passed. Whether it was whole, the meter knows. */
  | { outcome: 'passed' }
  | { outcome: 'client-left' }
  | { outcome: 'upstream-broke'; error: unknown }
  /** The relay ended it: deleted token, spent quota. */
  | { outcome: 'ended'; error: RelayError };

/** `end` never rejects; it is settled when nothing more goes to the caller and the meter has seen all. */
export interface RunningStream {
  /** Null: the caller has it already. */
  readable: ReadableStream | null;
  end: Promise<StreamEnd>;
}

/** Whether nothing more needs to be read for a caller that has left. */
export function isUsageKnown(meter: Meter): boolean {
  return meter.complete && meter.usage() !== null;
}

const encoder = new TextEncoder();

/**
 * Tells the caller of `error` at the event boundary where the stream stands, and closes; breaks the
 * connection where there is no boundary or no such event. Never rejects.
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
    // The caller has left: there is nobody to tell.
  }
}

/** The end of a stream whose body has ended: a cut one is told as an error, which its bytes alone do not show. Never rejects. */
export async function closeWhole(writer: WritableStreamDefaultWriter, task: StreamTask): Promise<StreamEnd> {
  await task.beforeClose().catch((error) => logError('ids-not-recorded', { error }));
  if (task.isCut()) await closeWithError(writer, task, cutAnswer());
  else await writer.close().catch(() => undefined);
  return { outcome: 'passed' };
}

/** Whether the caller has left: its side of the stream is cancelled, so that nothing can be written. */
export async function isGone(writer: WritableStreamDefaultWriter): Promise<boolean> {
  const left = writer.closed.then(
    () => false,
    () => true,
  );
  return Promise.race([left, scheduler.wait(0).then(() => false)]);
}

/** What a caller is told when the upstream says nothing more. */
export function silentUpstream(idleMs: number): RelayError {
  const message = `The model provider said nothing for ${Math.round(idleMs / 1000)} seconds; its answer was ended.`;
  return new RelayError('upstream_timeout', message);
}

/** What a caller is told when the upstream's connection breaks in the middle. */
export function brokenUpstream(cause: unknown): RelayError {
  return new RelayError('upstream_error', 'The connection to the model provider broke off.', { cause });
}

/** What a caller is told when the upstream's body ends in the middle of its answer. */
export function cutAnswer(): RelayError {
  return new RelayError('upstream_error', 'The model provider ended its answer before it was whole.');
}
