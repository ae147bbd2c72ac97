// Server-sent events, as the WHATWG HTML standard (section 9.2.6) reads them, cut out of a byte stream
// however it arrives. Pure: no stream, no timer. What an event means is the formats' business.

/** One event that has data. */
export interface SseEvent {
  /** From `event:`. Absent if there was none. */
  event?: string;
  /** The `data:` lines, joined with a newline. */
  data: string;
  id?: string;
}

/** One block of the stream, unchanged: fields, comments, line ends and the blank line that ends it. */
export interface RawSseBlock {
  /** Concatenating the raws of all blocks gives the input (decoded as UTF-8). */
  raw: string;
  event?: string;
  /** null: no `data:` line, so no event: comments, extra blank lines, or text that is no SSE at all. */
  data: string | null;
  id?: string;
}

export interface SseSplitter<Item> {
  /** The items that these bytes complete. */
  push(bytes: Uint8Array): Item[];
  /**
   * The body ended: what was pending. An event without its last blank line counts (seen from several
   * upstreams, and the official SDKs dispatch it too, unlike a browser).
   */
  end(): Item[];
  /** No field of an event, and no part of a line, is pending: another event may be put here. */
  readonly atBoundary: boolean;
}

/** Limits of a splitter. */
export interface SseLimits {
  /**
   * An event with more characters than this is dropped and returned with data null and only part of its raw text.
   * Infinity (the default) for streams without loss.
   */
  maximumEventCharacters?: number;
}

/** Events only: comments, unknown fields and empty blocks are dropped. */
export function createSseSplitter(limits: SseLimits = {}): SseSplitter<SseEvent> {
  const blocks = createRawSseSplitter(limits);
  const events = (items: RawSseBlock[]): SseEvent[] => items.flatMap((block) => eventOf(block) ?? []);
  return {
    push: (bytes) => events(blocks.push(bytes)),
    end: () => events(blocks.end()),
    get atBoundary() {
      return blocks.atBoundary;
    },
  };
}

/** Blocks with their raw text, without loss: for re-emitting a stream with single events changed. */
export function createRawSseSplitter(limits: SseLimits = {}): SseSplitter<RawSseBlock> {
  return new BlockSplitter(limits.maximumEventCharacters ?? Number.POSITIVE_INFINITY);
}

function eventOf({ event, data, id }: RawSseBlock): SseEvent | null {
  if (data === null) return null;
  return { data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) };
}

/** The fields of a block while its lines come in. */
interface Fields {
  event?: string;
  data: string | null;
  id?: string;
  /** A line that is not a comment was seen. */
  any: boolean;
}

class BlockSplitter implements SseSplitter<RawSseBlock> {
  readonly #maximumCharacters: number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: false });
  /** Pieces of the line that has not ended. Joined once, when it does: long lines cost linear time. */
  #line: string[] = [];
  #raw: string[] = [];
  #characters = 0;
  #fields: Fields = { data: null, any: false };
  /** The last chunk ended in CR: a LF that comes now belongs to it. */
  #afterCarriageReturn = false;
  #firstLine = true;
  /** The stream ended in the middle of an event: nothing may follow what was passed of it. */
  #endedInside = false;

  constructor(maximumCharacters: number) {
    this.#maximumCharacters = maximumCharacters;
  }

  get atBoundary(): boolean {
    return !this.#endedInside && this.#line.length === 0 && !this.#fields.any;
  }

  push(bytes: Uint8Array): RawSseBlock[] {
    return this.#read(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): RawSseBlock[] {
    const blocks = this.#read(this.#decoder.decode());
    this.#endedInside = !this.atBoundary;
    if (this.#line.length > 0) this.#takeLine('');
    if (this.#raw.length > 0) blocks.push(this.#takeBlock(''));
    return blocks;
  }

  #read(text: string): RawSseBlock[] {
    const blocks: RawSseBlock[] = [];
    if (text === '') return blocks;
    let lineStart = this.#afterCarriageReturn && text[0] === '\n' ? 1 : 0;
    this.#afterCarriageReturn = false;
    let blockStart = 0;
    const ends = lineEnds(text, lineStart);
    for (let end = ends.next(lineStart); end !== -1; end = ends.next(lineStart)) {
      const blank = end === lineStart && this.#line.length === 0;
      if (!blank) this.#takeLine(text.slice(lineStart, end));
      lineStart = end + (text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1);
      if (!blank) continue;
      blocks.push(this.#takeBlock(text.slice(blockStart, lineStart)));
      blockStart = lineStart;
    }
    this.#afterCarriageReturn = lineStart === text.length && text.endsWith('\r');
    this.#hold(text, lineStart, blockStart);
    return blocks;
  }

  #hold(text: string, lineStart: number, blockStart: number): void {
    this.#characters += text.length - blockStart;
    if (this.#characters > this.#maximumCharacters) this.#forget();
    else if (blockStart < text.length) this.#raw.push(text.slice(blockStart));
    // Of a forgotten line one character stays, so that its end is not taken for a blank line.
    if (lineStart < text.length) this.#line.push(this.#forgetting ? ':' : text.slice(lineStart));
    if (this.#forgetting && this.#line.length > 1) this.#line.length = 1;
  }

  get #forgetting(): boolean {
    return this.#characters > this.#maximumCharacters;
  }

  #forget(): void {
    this.#raw.length = 0;
    if (this.#line.length > 0) this.#line = [':'];
    this.#fields = { data: null, any: true };
  }

  #takeBlock(lastPiece: string): RawSseBlock {
    if (this.#characters + lastPiece.length > this.#maximumCharacters)
      this.#fields = { data: null, any: true };
    const { event, data, id } = this.#fields;
    this.#raw.push(lastPiece);
    const raw = this.#raw.length === 1 ? lastPiece : this.#raw.join('');
    this.#raw = [];
    this.#characters = 0;
    this.#fields = { data: null, any: false };
    return { raw, data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) };
  }

  #takeLine(lastPiece: string): void {
    let line = lastPiece;
    if (this.#line.length > 0) {
      this.#line.push(lastPiece);
      line = this.#line.join('');
      this.#line = [];
    }
    if (this.#firstLine && line.startsWith('\uFEFF')) line = line.slice(1);
    this.#firstLine = false;
    if (!line.startsWith(':') && line !== '' && !this.#forgetting) readField(this.#fields, line);
  }
}

/** `field: value`, `field:value` or `field`; one space after the colon is not part of the value. */
function readField(fields: Fields, line: string): void {
  fields.any = true;
  const colon = line.indexOf(':');
  const name = colon === -1 ? line : line.slice(0, colon);
  const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
  if (name === 'data') fields.data = fields.data === null ? value : `${fields.data}\n${value}`;
  else if (name === 'event') fields.event = value;
  else if (name === 'id') fields.id = value;
  else if (name === 'error' && fields.data === null && value.startsWith('{'))
    // Not the standard's: llama.cpp ends a stream that fails with `error: {…}` (tools/server, 2025, and its forks).
    fields.data = `{"error":${value}}`;
}

/** Finds line ends by indexOf. If CR or LF is absent, it is searched for only once. */
function lineEnds(text: string, from: number): { next(at: number): number } {
  let feed = text.indexOf('\n', from);
  let carriage = text.indexOf('\r', from);
  return {
    next(at) {
      if (feed !== -1 && feed < at) feed = text.indexOf('\n', at);
      if (carriage !== -1 && carriage < at) carriage = text.indexOf('\r', at);
      if (feed === -1 || carriage === -1) return Math.max(feed, carriage);
      return Math.min(feed, carriage);
    },
  };
}
