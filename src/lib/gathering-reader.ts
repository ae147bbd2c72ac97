// Reading a native stream without waking JavaScript for each of its chunks. A read of a body returns one chunk of the HTTP
// connection, however many have come, and each wake-up costs 15 µs. So the runtime itself pumps a second branch of the body,
// and what it pumps piles up in this one, from which one read takes all of it.
import { GulpReader } from './gulps.ts';

/** Bytes that the runtime may take from the stream before they are read here. */
const aheadBytes = 8_192;

export class GatheringReader {
  private readonly gulps: GulpReader;
  private readonly ahead: ReadableStreamBYOBReader;
  private aheadBuffer = new ArrayBuffer(aheadBytes);
  private isAhead = false;
  private pumping: Promise<void> = Promise.resolve();

  constructor(stream: ReadableStream) {
    const [taken, pumped] = stream.tee();
    const { readable, writable } = new IdentityTransformStream();
    pumped.pipeTo(writable).catch(() => undefined);
    this.gulps = new GulpReader(taken);
    this.ahead = readable.getReader({ mode: 'byob' });
  }

  /** The bytes that have come, at least one, valid until the next call; null at the end. Rejects when the stream breaks. */
  read(): Promise<Uint8Array | null> {
    if (!this.isAhead) this.pump();
    return this.gulps.read();
  }

  /** Resolves when there is no point in waiting for more: the stream is over, or as much has come as may wait. */
  get full(): Promise<void> {
    return this.pumping;
  }

  private pump(): void {
    this.isAhead = true;
    this.pumping = this.ahead.readAtLeast(aheadBytes, new Uint8Array(this.aheadBuffer)).then(
      ({ done, value }) => {
        if (value !== undefined) this.aheadBuffer = value.buffer as ArrayBuffer;
        this.isAhead = done;
      },
      () => undefined,
    );
  }
}
