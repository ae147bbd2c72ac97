// Reading a native stream in large gulps. What a stream costs is JavaScript being woken, so each read takes
// as much as there is, up to the size of the buffer.

/** Bytes that one read may take at most. */
const largestReadBytes = 65_536;

/** Bytes that a first read may take. Each stream that is open and silent holds a buffer of this size. */
const firstReadBytes = 4_096;

/** Reads one stream in large chunks into the same buffer, which grows with the amount of data. */
export class ChunkReader {
  private readonly reader: ReadableStreamBYOBReader;
  private buffer = new ArrayBuffer(firstReadBytes);
  private filled = false;

  constructor(stream: ReadableStream) {
    this.reader = stream.getReader({ mode: 'byob' });
  }

  /** The last read filled the buffer: more may have come already. */
  get wasFilled(): boolean {
    return this.filled;
  }

  /** The next bytes, valid until the next call; null at the end. Rejects when the stream breaks. */
  async read(): Promise<Uint8Array | null> {
    const size = this.buffer.byteLength;
    const { done, value } = await this.reader.read(new Uint8Array(this.buffer));
    this.filled = value !== undefined && value.byteLength === size;
    if (this.filled && size < largestReadBytes) this.buffer = new ArrayBuffer(size * 4);
    else if (value !== undefined) this.buffer = value.buffer as ArrayBuffer;
    return done || value === undefined ? null : value;
  }

  /** Lets go of the stream, for another to read on. */
  release(): void {
    this.reader.releaseLock();
  }

  /** Gives up on the stream; never rejects. */
  async cancel(reason?: unknown): Promise<void> {
    await this.reader.cancel(reason).catch(() => undefined);
  }
}
