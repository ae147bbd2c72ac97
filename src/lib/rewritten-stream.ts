// A stream of bytes made into a stream of text, piece by piece as it comes. What comes out is one of the runtime's own
// streams: of one that JavaScript makes, a break would throw away what a slower branch of it has not read yet. It must be
// read by hand: piped into another of the runtime's own it hangs (workerd 1.20261023).
import { ChunkReader } from './chunk-reader.ts';

export interface Rewriter {
  /** Says by `tell` what the bytes become; what was told before it throws goes out first. The bytes are valid until it returns. */
  push(bytes: Uint8Array, emit: (text: string) => void): void;
  /** The body has ended. */
  end(emit: (text: string) => void): void;
}

/** `done` never rejects; it settles when the stream is over, and must be kept alive for so long. */
export interface Rewritten {
  readable: ReadableStream;
  done: Promise<void>;
}

const encoder = new TextEncoder();

/** Breaks where the body does, and where the rewriter throws; the body is cancelled then, and when the reader leaves. */
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
