// Reading a native stream in large gulps. What a stream costs is JavaScript being woken, so each read takes
// as much as there is, up to the size of the buffer.

/** Bytes that one read may take. */
export const gulpBytes = 65_536;

/** Reads one stream in gulps into the same buffer, of `bytes`. */
export class GulpReader {
  private readonly reader: ReadableStreamBYOBReader;
  private buffer: ArrayBuffer;

  constructor(stream: ReadableStream, bytes = gulpBytes) {
    this.buffer = new ArrayBuffer(bytes);
    this.reader = stream.getReader({ mode: 'byob' });
  }

  /** The next bytes, valid until the next call; null at the end. Rejects when the stream breaks. */
  async read(): Promise<Uint8Array | null> {
    const { done, value } = await this.reader.read(new Uint8Array(this.buffer));
    if (value !== undefined) this.buffer = value.buffer as ArrayBuffer;
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
