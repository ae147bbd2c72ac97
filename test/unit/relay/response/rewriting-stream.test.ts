// When a rewriting stream begins to batch: by how long its chunks are awaited, not by how long it takes to pass them.
import { afterEach, expect, it, vi } from 'vitest';
import { rewritingStream } from '../../../../src/relay/response/rewriting-stream.ts';
import type { StreamTask } from '../../../../src/relay/response/stream-task.ts';

afterEach(() => vi.unstubAllGlobals());

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Passes thirty chunks, each after a pause, to a client that takes its time. Returns how many were written before batching began, or null. */
async function writesBeforeBatching(chunkPauseMs: number, writeMs: number): Promise<number | null> {
  let writes = 0;
  let begun: number | null = null;
  // Made by the reader when it begins to gather; Node has no such stream.
  const GatheringStream = class {
    constructor() {
      begun = writes;
      throw new Error('gathers');
    }
  };
  vi.stubGlobal('IdentityTransformStream', GatheringStream);
  let left = 30;
  const body = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      await wait(chunkPauseMs);
      if (left-- > 0) return controller.enqueue(new Uint8Array([120]));
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
  const writable = new WritableStream({
    write: async () => {
      writes += 1;
      await wait(writeMs);
    },
  });
  const task = {
    body,
    meter: { push: () => undefined, end: () => undefined },
    left: new AbortController().signal,
    open: () => ({ readable: null, writable, writer: writable.getWriter() }),
    idleMs: 60_000,
    pingMs: null,
    isAtBoundary: () => true,
    isCut: () => false,
    isShort: () => false,
    renew: async () => null,
    beforeClose: async () => undefined,
    errorEvent: () => null,
  } as unknown as StreamTask;
  await rewritingStream(task, null).end;
  return begun;
}

it('batches chunks that had arrived already, after four of them or later, though each takes 10 ms to pass', async () => {
  expect(await writesBeforeBatching(0, 10)).toBeGreaterThanOrEqual(4);
});

it('does not batch chunks that are awaited for 15 ms each', async () => {
  expect(await writesBeforeBatching(15, 0)).toBeNull();
});
