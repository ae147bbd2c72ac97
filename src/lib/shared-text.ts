// Finds what a short text has in common with long ones: what an error quotes from the request that it is about.

/** Bounds of the search. */
export const sharedTextLimits = {
  /** Characters of the short text; the rest is not considered. */
  textCharacters: 2_048,
  /** Characters of the long ones together. One pass over them takes about 3 ms per million. */
  sourceCharacters: 16_000_000,
} as const;

/** Slots of the table of hashes: of 2,048 windows, so 3 % of other windows are compared in vain. */
const slots = 65_536;

/**
 * Returns, for each character of `text`, whether it belongs to a run of `least` or more characters that occurs in a
 * source too. Null: the sources are longer than the bound. Linear: one rolling hash over each source.
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
  }
  return marked;
}

const factor = 0x01000193;

/** The windows of one text, by their hashes. */
class WindowSearch {
  private readonly least: number;
  /** Weight of the character that leaves the window. */
  private readonly leaving: number;
  private readonly filled = new Uint8Array(slots);
  private readonly starts = new Map<string, number[]>();

  constructor(text: string, least: number) {
    this.least = least;
    let leaving = 1;
    for (let count = 1; count < least; count++) leaving = Math.imul(leaving, factor);
    this.leaving = leaving;
    this.eachWindow(text, (slot, at) => {
      this.filled[slot] = 1;
      const window = text.slice(at, at + least);
      this.starts.set(window, [...(this.starts.get(window) ?? []), at]);
    });
  }

  /** Marks the windows of the text that occur in a source. Each is marked once, however often it occurs. */
  mark(source: string, marked: Uint8Array): void {
    if (source.length < this.least || this.starts.size === 0) return;
    this.eachWindow(source, (slot, at) => {
      if (this.filled[slot] === 0) return;
      const window = source.slice(at, at + this.least);
      const starts = this.starts.get(window);
      if (starts === undefined) return;
      for (const start of starts) marked.fill(1, start, start + this.least);
      this.starts.delete(window);
    });
  }

  private eachWindow(text: string, found: (slot: number, at: number) => void): void {
    let hash = 0;
    for (let end = 0; end < text.length; end++) {
      const gone = end - this.least;
      if (gone >= 0) hash = (hash - Math.imul(text.charCodeAt(gone), this.leaving)) | 0;
      hash = (Math.imul(hash, factor) + text.charCodeAt(end)) | 0;
      if (gone >= -1) found((hash ^ (hash >>> 16)) & (slots - 1), gone + 1);
    }
  }
}
