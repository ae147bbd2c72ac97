// Reads a native stream in large chunks. The cost of a stream is waking JavaScript, so each read takes everything
// that is there, up to the size of the buffer.

/** The most bytes that one read takes. */
const largestReadBytes = 65_536;

/** The most bytes that a first read takes. Each open and silent stream holds a buffer of this size. */
const firstReadBytes = 4_096;

/** Reads one stream in large chunks into the same buffer, which grows with the amount of data. */
export class ChunkReader {
  private readonly reader: ReadableStreamBYOBReader;
  private buffer = new ArrayBuffer(firstReadBytes);
  private filled = false;

  constructor(stream: ReadableStream) {
    this.reader = stream.getReader({ mode: 'byob' });
  }

  /** Whether the last read filled the buffer: more may have arrived already. */
  get wasFilled(): boolean {
    return this.filled;
  }

  /** Returns the next bytes, valid until the next call, or null at the end. Rejects when the stream breaks. */
  async read(): Promise<Uint8Array | null> {
    const size = this.buffer.byteLength;
    const { done, value } = await this.reader.read(new Uint8Array(this.buffer));
    this.filled = value !== undefined && value.byteLength === size;
    if (this.filled && size < largestReadBytes) this.buffer = new ArrayBuffer(size * 4);
    else if (value !== undefined) this.buffer = value.buffer as ArrayBuffer;
    return done || value === undefined ? null : value;
  }

  /** Releases the stream for another reader. */
  release(): void {
    this.reader.releaseLock();
  }

  /** Cancels the stream. Never rejects. */
  async cancel(reason?: unknown): Promise<void> {
    await this.reader.cancel(reason).catch(() => undefined);
  }
}

/** Joins several pieces. */
export function joinedBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, { byteLength }) => size + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
