// The stream that a client reads its answer from: made when the answer begins, or before, by the first ping.

/** Both ends of the stream. */
interface OpenStream {
  readable: ReadableStream;
  writable: WritableStream;
  /** Holds `writable`. */
  writer: WritableStreamDefaultWriter;
}

/** The stream for the writer of the answer. `readable` is null when the client has it already. */
export type TakenStream = Omit<OpenStream, 'readable'> & { readable: ReadableStream | null };

export class ClientStream {
  private opened: OpenStream | null = null;
  private taken = false;

  /** Whether the answer is being written: nothing else may be. */
  get isTaken(): boolean {
    return this.taken;
  }

  /** Opens it for pings. */
  open(): OpenStream {
    this.opened ??= newStream();
    return this.opened;
  }

  /** Takes it over for the answer. */
  take(): TakenStream {
    this.taken = true;
    return this.opened === null ? newStream() : { ...this.opened, readable: null };
  }
}

function newStream(): OpenStream {
  const { readable, writable } = new IdentityTransformStream();
  return { readable, writable, writer: writable.getWriter() };
}
