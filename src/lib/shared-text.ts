// Finds what a short text has in common with long ones: what an error quotes from the request that it is about.

/** Bounds of the search. */
export const sharedTextLimits = {
  /** Characters of the long ones together. A million takes 3 ms. */
  sourceCharacters: 16_000_000,
  /** Windows of the sources that are compared because a block of theirs may be the text's: 20 ms. Others are skipped. */
  comparisons: 200_000,
} as const;

/** Slots of each table of hashes: of 2,048 blocks, so that 3 % of other blocks pass one table, and 0.1 % both. */
const slots = 65_536;

/** Characters that are hashed at each end of a block. */
const hashedCharacters = 4;

/**
 * Returns, for each character of `text`, whether it belongs to a run of `least` or more characters that occurs in a
 * source too. Null: a bound is exceeded. Looks at one block of a source in `least / 2` characters.
 */
export function sharedWith(text: string, sources: Iterable<string>, least: number): Uint8Array | null {
  const marked = new Uint8Array(text.length);
  if (text.length < least) return marked;
  const search = new WindowSearch(text, least);
  let leftCharacters: number = sharedTextLimits.sourceCharacters;
  for (const source of sources) {
    leftCharacters -= source.length;
    if (leftCharacters < 0) return null;
    search.mark(source, marked);
    if (search.comparisonsLeft < 0) return null;
  }
  return marked;
}

/** The windows of one text, and hashes of all blocks of half a window. Each window of a source contains one whole block of its grid. */
class WindowSearch {
  comparisonsLeft: number = sharedTextLimits.comparisons;
  private readonly least: number;
  private readonly block: number;
  private readonly hashed: number;
  private readonly heads = new Uint8Array(slots);
  private readonly tails = new Uint8Array(slots);
  private readonly starts = new Map<string, number[]>();

  constructor(text: string, least: number) {
    this.least = least;
    this.block = Math.floor(least / 2);
    this.hashed = Math.min(this.block, hashedCharacters);
    for (let at = 0; at + this.block <= text.length; at++) {
      this.heads[slotOf(text, at, this.hashed)] = 1;
      this.tails[slotOf(text, at + this.block - this.hashed, this.hashed)] = 1;
    }
    for (let at = 0; at + least <= text.length; at++) {
      const window = text.slice(at, at + least);
      const starts = this.starts.get(window);
      if (starts === undefined) this.starts.set(window, [at]);
      else starts.push(at);
    }
  }

  /** Marks the windows of the text that occur in a source. Each is marked once, however often it occurs. */
  mark(source: string, marked: Uint8Array): void {
    const { least, block, hashed, heads, tails } = this;
    const stride = least - block + 1;
    for (let at = 0; at + block <= source.length && this.starts.size > 0; at += stride) {
      if (heads[slotOf(source, at, hashed)] === 0) continue;
      if (tails[slotOf(source, at + block - hashed, hashed)] === 0) continue;
      this.comparisonsLeft -= stride;
      if (this.comparisonsLeft < 0) return;
      const last = Math.min(at, source.length - least);
      for (let from = Math.max(0, at - stride + 1); from <= last; from++)
        this.markWindow(source.slice(from, from + least), marked);
    }
  }

  private markWindow(window: string, marked: Uint8Array): void {
    const starts = this.starts.get(window);
    if (starts === undefined) return;
    for (const start of starts) marked.fill(1, start, start + this.least);
    this.starts.delete(window);
  }
}

/** Hashes so many characters from there on. */
function slotOf(text: string, at: number, characters: number): number {
  let hash = 0;
  for (let next = at; next < at + characters; next++)
    hash = Math.imul(hash, 0x01000193) + text.charCodeAt(next);
  return (hash ^ (hash >>> 16)) & (slots - 1);
}
