// Passing a body on by hand, in gulps with one write in flight: for what must be changed on the way (usage
// that only the relay asked for), and for bodies that are no streams of events. What piles up during a write
// goes out together with the next.
import { GulpReader } from '../lib/gulps.ts';
import type { RelayError } from '../lib/relay-error.ts';
import { streamRhythm } from './limits.ts';
import {
  brokenUpstream,
  closeWhole,
  closeWithError,
  type RunningStream,
  type StreamEnd,
  type StreamTask,
} from './stream-task.ts';

/** Changes bytes on their way: what goes to the caller for a gulp, and what is left at the end. */
export interface Edit {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** Starts passing, through `edit` if there is one. */
export function pumpStream(task: StreamTask, edit: Edit | null): RunningStream {
  const { readable, writable } = new IdentityTransformStream();
  return { readable, end: new Pump(task, edit, writable.getWriter()).run() };
}

type Event =
  | { event: 'bytes'; bytes: Uint8Array }
  | { event: 'over' }
  | { event: 'broke'; error: unknown }
  | { event: 'cannot-write' }
  | { event: 'must-end' };

class Pump {
  private readonly task: StreamTask;
  private readonly edit: Edit | null;
  private readonly writer: WritableStreamDefaultWriter;
  private readonly reader: GulpReader;
  private reading: Promise<Event> | null = null;
  private ended = false;
  /** Why the relay wants the stream to end, at the next event boundary. */
  private ending: RelayError | null = null;

  constructor(task: StreamTask, edit: Edit | null, writer: WritableStreamDefaultWriter) {
    this.task = task;
    this.edit = edit;
    this.writer = writer;
    this.reader = new GulpReader(task.body);
  }

  async run(): Promise<StreamEnd> {
    const cannotWrite = (): Event => ({ event: 'cannot-write' });
    const leaving = this.writer.closed.then(cannotWrite, cannotWrite);
    const watching = this.watch();
    for (;;) {
      const awaited = this.ending === null ? [this.read(), leaving, watching] : [this.read(), leaving];
      const event = await Promise.race(awaited);
      const end = event.event === 'bytes' ? await this.pass(event.bytes) : this.endOf(event);
      if (end !== null) return this.stop(end);
    }
  }

  private read(): Promise<Event> {
    this.reading ??= this.reader.read().then(
      (bytes) => {
        this.reading = null;
        return bytes === null ? { event: 'over' } : { event: 'bytes', bytes };
      },
      (error) => ({ event: 'broke', error }),
    );
    return this.reading;
  }

  /** Why the stream ends here, or null: it goes on. */
  private async pass(bytes: Uint8Array): Promise<StreamEnd | null> {
    this.task.meter.push(bytes);
    const out = this.edit === null ? bytes : this.edit.push(bytes);
    const written = out.byteLength === 0 || (await this.write(out));
    return written ? this.endOf({ event: 'must-end' }) : this.endOf({ event: 'cannot-write' });
  }

  private write(bytes: Uint8Array): Promise<boolean> {
    return this.writer.write(bytes).then(
      () => true,
      () => false,
    );
  }

  /** Resolves only when the stream must end; if it finds no boundary in time, the connection is broken. */
  private async watch(): Promise<Event> {
    while (!this.ended && this.ending === null) {
      await scheduler.wait(streamRhythm.lookMs);
      if (!this.ended) this.ending = await this.task.look();
    }
    const { ending } = this;
    if (ending !== null) void scheduler.wait(streamRhythm.boundaryMs).then(() => this.breakOff(ending));
    return { event: 'must-end' };
  }

  private async breakOff(error: RelayError): Promise<void> {
    if (!this.ended) await this.writer.abort(error).catch(() => undefined);
  }

  private endOf(event: Exclude<Event, { event: 'bytes' }>): StreamEnd | null {
    const { ending } = this;
    switch (event.event) {
      case 'over':
        return { outcome: 'passed' };
      case 'broke':
        return { outcome: 'upstream-broke', error: event.error };
      case 'cannot-write':
        return ending === null ? { outcome: 'client-left' } : { outcome: 'ended', error: ending };
      case 'must-end':
        return ending !== null && this.task.meter.atBoundary ? { outcome: 'ended', error: ending } : null;
    }
  }

  private async stop(end: StreamEnd): Promise<StreamEnd> {
    this.ended = true;
    this.task.meter.end();
    const rest = this.edit?.end();
    if (rest !== undefined && rest.byteLength > 0 && end.outcome !== 'client-left') await this.write(rest);
    switch (end.outcome) {
      case 'passed':
        return closeWhole(this.writer, this.task);
      case 'client-left':
        this.task.abortUpstream();
        return end;
      case 'upstream-broke':
        await closeWithError(this.writer, this.task, brokenUpstream(end.error));
        return end;
      case 'ended':
        this.task.abortUpstream();
        await closeWithError(this.writer, this.task, end.error);
        return end;
    }
  }
}
