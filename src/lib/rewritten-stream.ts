// A stream of bytes made into a stream of text, piece by piece as it comes; still one that can be read in gulps.
import { GulpReader } from './gulps.ts';

export interface Rewriter {
  /** Says by `tell` what the bytes become; what was told before it throws goes out first. The bytes are valid until it returns. */
  push(bytes: Uint8Array, tell: (text: string) => void): void;
  /** The body has ended. */
  end(tell: (text: string) => void): void;
}

const encoder = new TextEncoder();

/** Breaks where the body does, and where the rewriter throws; the body is cancelled then, and when the reader leaves. */
export function rewrittenStream(body: ReadableStream, rewriter: Rewriter): ReadableStream {
  const source = new Source(new GulpReader(body), rewriter);
  return new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      const text = await source.next();
      if (text !== '') return controller.enqueue(encoder.encode(text));
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => source.cancel(reason),
  });
}

class Source {
  private readonly reader: GulpReader;
  private readonly rewriter: Rewriter;
  private broken: { reason: unknown } | null = null;
  private ended = false;

  constructor(reader: GulpReader, rewriter: Rewriter) {
    this.reader = reader;
    this.rewriter = rewriter;
  }

  /** The next text; '' at the end. */
  async next(): Promise<string> {
    while (!this.ended) {
      if (this.broken !== null) throw this.broken.reason;
      const text = this.rewrite(await this.reader.read());
      if (text !== '') return text;
    }
    return '';
  }

  cancel(reason: unknown): Promise<void> {
    return this.reader.cancel(reason);
  }

  private rewrite(bytes: Uint8Array | null): string {
    let text = '';
    const tell = (more: string) => {
      text += more;
    };
    try {
      if (bytes !== null) this.rewriter.push(bytes, tell);
      else {
        this.rewriter.end(tell);
        this.ended = true;
      }
    } catch (reason) {
      this.broken = { reason };
      void this.reader.cancel(reason);
    }
    return text;
  }
}
