// Passes a body on in JavaScript, with one write in flight: for what must be changed on the way (usage that only the relay asked for,
// translations), and for bodies that are not streams of events. What arrives during a write is batched into the next.
import { EventStartFinder } from '../../formats/own-events.ts';
import { BatchingReader } from '../../lib/batching-reader.ts';
import { withTimer } from '../../lib/deadline-timer.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { streamRhythm } from '../limits.ts';
import { brokenUpstream, silentUpstream } from '../upstream/upstream-errors.ts';
import {
  closeAtEnd,
  closeWithError,
  isUsageKnown,
  type RunningStream,
  type StreamEnd,
  type StreamTask,
} from './stream-task.ts';

/** Changes bytes on their way: returns what goes to the caller for a chunk, and what is left at the end. */
export interface Edit {
  push(bytes: Uint8Array): Uint8Array;
  /** The upstream's body has ended. */
  end(): Uint8Array;
  /** The stream is broken off before that. */
  rest(): Uint8Array;
  /** It gives the bytes to the meter itself, also those that go to nobody any more. */
  readonly metersItself?: boolean;
  /** Why the stream must end after what was returned last, or null. */
  readonly ending?: RelayError | null;
}

/** Starts passing, through `edit` if there is one. */
export function rewritingStream(task: StreamTask, edit: Edit | null): RunningStream {
  const { readable, writer } = task.open();
  return { readable, end: new RewritingStream(task, edit, writer).run() };
}

/**
 * Passes what comes before the first event, and that event as far as it has come. Returns null when the stream goes on: `body` and the
 * writer are free then. Never rejects.
 */
export function passFirstEvent(
  task: StreamTask,
  writer: WritableStreamDefaultWriter,
): Promise<StreamEnd | null> {
  return new RewritingStream(task, null, writer).runTo(new EventStartFinder());
}

const encoder = new TextEncoder();

/** A stream that is faster than this is written in this rhythm. */
const paceMs = 8;

/**
 * A stream is fast when so many of its chunks in a row were awaited for less than `paceMs`. The time between them would not do: on a busy
 * machine each chunk of each stream takes that long.
 */
const quickReadsOfFast = 4;

class RewritingStream {
  private readonly task: StreamTask;
  private readonly edit: Edit | null;
  private readonly writer: WritableStreamDefaultWriter;
  private readonly reader: BatchingReader;
  private quickReads = 0;
  private nextRenewalMs = Date.now() + streamRhythm.streamRenewalMs;
  private ended = false;
  private isWriting = false;
  private wroteAtMs = Date.now();
  /** A ping that is being written. */
  private pinging: Promise<void> | null = null;
  /** When the wait for the upstream began, or null while the caller is awaited. */
  private waitingSinceMs: number | null = null;
  private callerLeft = false;
  private drainTimer: ReturnType<typeof setTimeout> | undefined;
  /** Why the relay wants the stream to end, at the next event boundary. */
  private ending: RelayError | null = null;

  constructor(task: StreamTask, edit: Edit | null, writer: WritableStreamDefaultWriter) {
    this.task = task;
    this.edit = edit;
    this.writer = writer;
    this.reader = new BatchingReader(task.body);
  }

  async run(): Promise<StreamEnd> {
    return this.watched(async () => this.stop((await this.pass(null)) ?? { outcome: 'passed' }));
  }

  /** Returns null when the first event has begun: another stream passes the rest. */
  async runTo(firstEvent: EventStartFinder): Promise<StreamEnd | null> {
    return this.watched(async () => {
      const end = await this.pass(firstEvent);
      if (end !== null) return this.stop(end);
      this.ended = true;
      this.reader.release();
      this.writer.releaseLock();
      return null;
    });
  }

  private async watched<T>(work: () => Promise<T>): Promise<T> {
    this.writer.closed.catch(() => this.leave());
    this.task.left.addEventListener('abort', () => this.leave(), { once: true });
    const watch = setInterval(() => void this.watch(), streamRhythm.meterReadMs);
    try {
      return await work();
    } finally {
      this.ended = true;
      clearInterval(watch);
      if (this.drainTimer !== undefined) clearTimeout(this.drainTimer);
    }
  }

  /** Returns null when the first event has begun, if `firstEvent` is given. */
  private async pass(firstEvent: EventStartFinder | null): Promise<StreamEnd | null> {
    try {
      for (let bytes = await this.readChunk(); bytes !== null; bytes = await this.readChunk()) {
        const hasBegun = firstEvent?.push(bytes) ?? false;
        await this.send(bytes);
        this.ending ??= this.edit?.ending ?? null;
        if (this.ending !== null && this.task.isAtBoundary()) return { outcome: 'ended', error: this.ending };
        if (this.callerLeft && isUsageKnown(this.task.meter)) return { outcome: 'client-left' };
        if (hasBegun && this.ending === null && !this.callerLeft) return null;
        if (firstEvent === null) await this.pace();
      }
      return this.interrupted() ?? { outcome: 'passed' };
    } catch (error) {
      return this.interrupted() ?? { outcome: 'upstream-broke', error };
    }
  }

  /** Batches the writes of a fast stream: a write costs more than a read, and 8 ms are not noticeable. */
  private async pace(): Promise<void> {
    if (this.reader.isGathering) {
      await withTimer(this.reader.full, paceMs);
      return;
    }
    if (this.quickReads >= quickReadsOfFast) this.reader.gather();
  }

  private async readChunk(): Promise<Uint8Array | null> {
    const startedAtMs = Date.now();
    this.waitingSinceMs = startedAtMs;
    const bytes = await this.reader.read();
    this.waitingSinceMs = null;
    this.quickReads = Date.now() - startedAtMs < paceMs ? this.quickReads + 1 : 0;
    return bytes;
  }

  /** Returns the error of an upstream that has been silent for too long, or null. */
  private silenceError(): RelayError | null {
    const { idleMs } = this.task;
    return this.waitingSinceMs !== null && Date.now() - this.waitingSinceMs > idleMs
      ? silentUpstream(idleMs)
      : null;
  }

  private async send(bytes: Uint8Array): Promise<void> {
    const isMetered = this.edit?.metersItself === true;
    if (!isMetered) this.task.meter.push(bytes);
    if (this.callerLeft && !isMetered) return;
    const out = this.edit === null ? bytes : this.edit.push(bytes);
    if (out.byteLength > 0 && !this.callerLeft) await this.write(out);
  }

  /** A write fails when the caller has left, unless the relay has ended the stream itself. */
  private async write(bytes: Uint8Array): Promise<void> {
    if (this.pinging !== null) await this.pinging;
    this.isWriting = true;
    try {
      await this.writer.write(bytes);
    } catch (error) {
      if (this.ending !== null) throw error;
      this.leave();
    } finally {
      this.isWriting = false;
      this.wroteAtMs = Date.now();
    }
  }

  /** Sends a ping to a client that has received nothing for a while. The write fails when the client has left. */
  private pingIfSilent(): void {
    const { pingMs } = this.task;
    if (pingMs === null || this.waitingSinceMs === null || this.isWriting) return;
    if (this.pinging !== null || Date.now() - this.wroteAtMs < pingMs || !this.task.isAtBoundary()) return;
    const text = this.task.ping();
    if (text === null) return;
    this.pinging = this.writer
      .write(encoder.encode(text))
      .catch(() => this.leave())
      .finally(() => {
        this.pinging = null;
        this.wroteAtMs = Date.now();
      });
  }

  /** Returns why a read or a write failed if the upstream did not cause it, or null. */
  private interrupted(): StreamEnd | null {
    if (this.ending !== null) return { outcome: 'ended', error: this.ending };
    return this.callerLeft ? { outcome: 'client-left' } : null;
  }

  /** Reads on for the usage, as long as that is worth it, then ends the upstream. */
  private leave(): void {
    if (this.ended || this.callerLeft) return;
    this.callerLeft = true;
    const drainMs = this.task.callerLeft();
    if (drainMs === 0) this.task.abortUpstream();
    else this.drainTimer = setTimeout(() => this.task.abortUpstream(), drainMs);
  }

  /** Ends the stream when the ledger refuses: at an event boundary at once, else at the next, else by breaking it. */
  private async watch(): Promise<void> {
    if (this.ended || this.ending !== null || this.callerLeft) return;
    this.pingIfSilent();
    if (Date.now() < this.nextRenewalMs && !this.task.isShort()) return;
    this.nextRenewalMs = Date.now() + streamRhythm.streamRenewalMs;
    this.ending = this.silenceError() ?? (await this.task.renew());
    if (this.ending === null || this.ended) return;
    if (!this.task.isAtBoundary()) await scheduler.wait(streamRhythm.boundaryMs);
    if (!this.ended) this.task.abortUpstream();
    await scheduler.wait(streamRhythm.boundaryMs);
    if (!this.ended) await this.writer.abort(this.ending).catch(() => undefined);
  }

  private async stop(end: StreamEnd): Promise<StreamEnd> {
    this.ended = true;
    if (this.edit?.metersItself !== true) this.task.meter.end();
    const rest = end.outcome === 'passed' ? this.edit?.end() : this.edit?.rest();
    if (rest !== undefined && rest.byteLength > 0 && end.outcome !== 'client-left') {
      await this.writer.write(rest).catch(() => undefined);
    }
    switch (end.outcome) {
      case 'passed':
        return closeAtEnd(this.writer, this.task);
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
