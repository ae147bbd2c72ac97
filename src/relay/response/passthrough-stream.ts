// Passing a stream of events on at native speed: the runtime pipes one branch to the caller, JavaScript
// drinks the other in gulps on a timer. Measured against a bare Worker: 1.3 to 1.7 times its CPU, where any
// TransformStream with a JavaScript `transform` costs 7.5 times.
import { GulpReader } from '../../lib/gulps.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { withTimer } from '../../lib/timer.ts';
import { streamRhythm } from '../limits.ts';
import { pumpToFirstEvent } from './rewriting-stream.ts';
import {
  brokenUpstream,
  closeWhole,
  closeWithError,
  isGone,
  isUsageKnown,
  type RunningStream,
  type StreamEnd,
  type StreamTask,
  silentUpstream,
} from './stream-task.ts';

/** How the passing of bytes to the caller came to an end. */
type Passing = { state: 'drained' } | { state: 'broken'; error: unknown } | { state: 'left' };

/** Starts passing. The caller's bytes are exactly the upstream's, and pings before the first event. */
export function pipeStream(task: StreamTask): RunningStream {
  const { readable, writable, writer } = task.open();
  return { readable, end: run(task, writable, writer) };
}

/** Nobody else can write while the runtime does: where there may be pings, the first event is passed by hand. */
async function run(
  task: StreamTask,
  writable: WritableStream,
  writer: WritableStreamDefaultWriter,
): Promise<StreamEnd> {
  if (task.pingMs !== null && task.ping() !== null) {
    const end = await pumpToFirstEvent(task, writer);
    if (end !== null) return end;
  } else {
    writer.releaseLock();
  }
  return new Pipe(task, writable).run();
}

class Pipe {
  private readonly task: StreamTask;
  private readonly writable: WritableStream;
  private readonly meterBranch: GulpReader;
  private readonly callerBranch: ReadableStream;
  private readonly stop = new AbortController();
  private drinking: Promise<void> | null = null;
  private meterDone = false;
  private heardAtMs = Date.now();

  constructor(task: StreamTask, writable: WritableStream) {
    const [callerBranch, meterBranch] = task.body.tee();
    this.task = task;
    this.writable = writable;
    this.callerBranch = callerBranch;
    this.meterBranch = new GulpReader(meterBranch);
  }

  async run(): Promise<StreamEnd> {
    const passing = Promise.race([this.pipe(), this.leaving()]);
    let nextLookMs = Date.now() + streamRhythm.lookMs;
    for (let pauseMs: number = streamRhythm.firstGulpMs; ; pauseMs = streamRhythm.gulpMs) {
      const end = await withTimer(passing, pauseMs);
      if (end !== null) return this.finish(end);
      this.drink();
      if (Date.now() < nextLookMs && !this.task.isShort()) continue;
      nextLookMs = Date.now() + streamRhythm.lookMs;
      const error = this.silence() ?? (await Promise.race([this.task.look(), passing.then(() => null)]));
      if (error !== null) return this.endBecause(error, passing);
    }
  }

  /** The runtime tells of a caller that leaves a silent stream; the pipe would notice with the next write only. */
  private leaving(): Promise<Passing> {
    const { left } = this.task;
    const { promise, resolve } = Promise.withResolvers<Passing>();
    if (left.aborted) resolve({ state: 'left' });
    else left.addEventListener('abort', () => resolve({ state: 'left' }), { once: true });
    return promise;
  }

  private pipe(): Promise<Passing> {
    const options = { preventAbort: true, preventClose: true, preventCancel: true, signal: this.stop.signal };
    return this.callerBranch.pipeTo(this.writable, options).then(
      () => ({ state: 'drained' }),
      (error) => ({ state: 'broken', error }),
    );
  }

  /**
   * Starts drinking what has passed since the last time, unless it is still at it. A full gulp means that there
   * is more. (Stopping the native pipe to copy by hand instead loses bytes: its source is aborted with it.)
   */
  private drink(): void {
    if (this.drinking !== null || this.meterDone) return;
    this.drinking = this.drinkWaiting().then(() => {
      this.drinking = null;
    });
  }

  private async drinkWaiting(): Promise<void> {
    do await this.gulp();
    while (this.meterBranch.wasFilled && !this.meterDone);
  }

  /** A broken branch has ended, too. */
  private async gulp(): Promise<void> {
    const bytes = await this.meterBranch.read().catch(() => null);
    if (bytes === null) this.meterDone = true;
    else {
      this.heardAtMs = Date.now();
      this.task.meter.push(bytes);
    }
  }

  /** Why the stream must end when the upstream has been silent for too long. */
  private silence(): RelayError | null {
    const { idleMs } = this.task;
    return !this.meterDone && Date.now() - this.heardAtMs > idleMs ? silentUpstream(idleMs) : null;
  }

  private async drinkAll(): Promise<void> {
    await this.drinking;
    while (!this.meterDone) await this.gulp();
    this.task.meter.end();
  }

  /** Reads on for the usage, as long as that is worth it, then ends the upstream. */
  private async finishUnheard(): Promise<StreamEnd> {
    const drainMs = this.task.callerLeft();
    if (drainMs > 0) await withTimer(this.readOn(), drainMs);
    this.task.abortUpstream();
    await this.drinkAll();
    return { outcome: 'client-left' };
  }

  private async readOn(): Promise<void> {
    this.drink();
    await this.drinking;
    while (!this.meterDone && !isUsageKnown(this.task.meter)) {
      this.drink();
      await this.drinking;
    }
  }

  private async finish(end: Passing): Promise<StreamEnd> {
    if (end.state === 'left') return this.finishUnheard();
    const writer = this.writable.getWriter();
    if (end.state === 'drained') {
      await this.drinkAll();
      return closeWhole(writer, this.task);
    }
    if (this.task.left.aborted || (await isGone(writer))) {
      // Else it would hold all that is still read.
      void this.callerBranch.cancel().catch(() => undefined);
      return this.finishUnheard();
    }
    await this.drinkAll();
    await closeWithError(writer, this.task, brokenUpstream(end.error));
    return { outcome: 'upstream-broke', error: end.error };
  }

  /** Waits for an event boundary, cuts the upstream there, and tells the caller why. */
  private async endBecause(error: RelayError, passing: Promise<Passing>): Promise<StreamEnd> {
    const deadlineMs = Date.now() + streamRhythm.boundaryMs;
    this.drink();
    while (!this.task.isAtBoundary() && Date.now() < deadlineMs) {
      await withTimer(this.drinking ?? Promise.resolve(), 10);
      this.drink();
    }
    this.task.abortUpstream();
    const end = await withTimer(passing, Math.max(1, deadlineMs - Date.now()));
    if (end === null) await this.breakOff(error, passing);
    await this.drinkAll();
    if (end !== null) await closeWithError(this.writable.getWriter(), this.task, error);
    return { outcome: 'ended', error };
  }

  /** The caller takes too long: the connection is broken under it. */
  private async breakOff(error: RelayError, passing: Promise<Passing>): Promise<void> {
    this.stop.abort();
    await passing;
    await this.writable.abort(error).catch(() => undefined);
  }
}
