// Turns a stream of bytes into a stream of text, piece by piece as it arrives. The result is one of the runtime's
// own streams: if a stream made in JavaScript breaks, a slower branch of it loses what it has not read yet. It
// must be read in JavaScript: piped into another of the runtime's own streams, it hangs (workerd 1.20261023).
import { ChunkReader } from './chunk-reader.ts';

export interface Rewriter {
  /**
   * Emits what the bytes become. Text emitted before an exception is still sent. The bytes are valid until the
   * call returns.
   */
  push(bytes: Uint8Array, emit: (text: string) => void): void;
  /** Called when the body has ended. */
  end(emit: (text: string) => void): void;
}

/** `done` never rejects. It settles when the stream is over, and must be kept alive until then. */
export interface Rewritten {
  readable: ReadableStream;
  done: Promise<void>;
}

const encoder = new TextEncoder();

/**
 * Rewrites a body. Breaks where the body does and where the rewriter throws. The body is canceled then, and when
 * the reader leaves.
 */
export function rewrittenStream(body: ReadableStream, rewriter: Rewriter): Rewritten {
  const { readable, writable } = new IdentityTransformStream();
  const reader = new ChunkReader(body);
  const writer = writable.getWriter();
  writer.closed.catch((reason) => reader.cancel(reason));
  return { readable, done: rewrite(reader, writer, rewriter) };
}

async function rewrite(
  reader: ChunkReader,
  writer: WritableStreamDefaultWriter,
  rewriter: Rewriter,
): Promise<void> {
  let text = '';
  const emit = (more: string) => {
    text += more;
  };
  const send = async () => {
    const pending = text;
    text = '';
    if (pending !== '') await writer.write(encoder.encode(pending));
  };
  try {
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
      rewriter.push(bytes, emit);
      await send();
    }
    rewriter.end(emit);
    await send();
    await writer.close();
  } catch (reason) {
    await send().catch(() => undefined);
    await Promise.all([reader.cancel(reason), writer.abort(reason).catch(() => undefined)]);
  }
}
