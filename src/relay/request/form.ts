// Multipart uploads: searches what has arrived for `model`, and passes the rest on as it arrives.
// Source of the framing: RFC 7578 and RFC 2046 section 5.1.
import { Buffer } from 'node:buffer';

/** One field (not a file) of a form, and the position of its value in the held bytes. */
export interface FormField {
  name: string;
  value: string;
  start: number;
  end: number;
}

/** Reads the parts of a form as bytes arrive; only complete parts are read. */
export class FormScanner {
  readonly fields: FormField[] = [];
  private readonly delimiter: Buffer;
  private held: Buffer = Buffer.alloc(0);
  private size = 0;
  /** Where the incomplete part begins (at its delimiter); -1 before the first one. */
  private partAt = -1;
  private searchedTo = 0;

  constructor(boundary: string) {
    this.delimiter = Buffer.from(`--${boundary}`);
  }

  /** All bytes so far. */
  get bytes(): Buffer {
    return this.held.subarray(0, this.size);
  }

  push(bytes: Uint8Array): void {
    this.hold(bytes);
    for (;;) {
      const at = this.bytes.indexOf(this.delimiter, this.searchedTo);
      if (at < 0) {
        this.searchedTo = Math.max(this.searchedTo, this.size - this.delimiter.length);
        return;
      }
      const after = at + this.delimiter.length;
      this.searchedTo = at;
      // What follows decides whether it is one.
      if (this.size < after + 2) return;
      this.searchedTo = at + 1;
      if (!this.isDelimiter(at, after)) continue;
      if (this.partAt >= 0) this.readPart(this.partAt + this.delimiter.length, at);
      this.partAt = at;
      this.searchedTo = after;
    }
  }

  /** A line of its own, as every reader wants it: else a field could be smuggled in a file, read here and not there. */
  private isDelimiter(at: number, after: number): boolean {
    const before = at === 0 || (at >= 2 && this.held.toString('latin1', at - 2, at) === '\r\n');
    return before && /^(\r\n|--|[ \t])/.test(this.held.toString('latin1', after, after + 2));
  }

  private hold(bytes: Uint8Array): void {
    const needed = this.size + bytes.byteLength;
    if (needed > this.held.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.held.byteLength * 2, 131_072));
      this.held.copy(larger, 0, 0, this.size);
      this.held = larger;
    }
    this.held.set(bytes, this.size);
    this.size = needed;
  }

  private readPart(from: number, to: number): void {
    // Within the part only: to search all that follows for each of a million parts would take too long.
    const headersEnd = this.held.subarray(0, to).indexOf('\r\n\r\n', from);
    if (headersEnd < 0) return;
    const headers = this.bytes.toString('utf8', from, headersEnd);
    const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? '';
    const name =
      /[;\s]name="([^"]*)"/i.exec(disposition)?.[1] ?? /[;\s]name=([^;\s]+)/i.exec(disposition)?.[1];
    if (name === undefined || /[;\s]filename\*?=/i.test(disposition)) return;
    const start = headersEnd + 4;
    const end = Math.max(start, to - 2);
    this.fields.push({ name, value: this.bytes.toString('utf8', start, end), start, end });
  }
}

/** Returns the boundary of a `multipart/form-data` content type, or null for others. */
export function formBoundary(contentType: string | null): string | null {
  const match = /^multipart\/form-data\b.*?[;\s]boundary=(?:"([^"\\]+)"|([^;\s"\\]+))/i.exec(
    contentType ?? '',
  );
  return match?.[1] ?? match?.[2] ?? null;
}

/** Writes the content type again: one that names two boundaries would be read in two ways. */
export function formContentType(boundary: string): string {
  return `multipart/form-data; boundary=${/^[\w'+.-]+$/.test(boundary) ? boundary : `"${boundary}"`}`;
}

/** Returns the held bytes with a field's value replaced. */
export function withFieldValue(bytes: Uint8Array, field: FormField, value: string): Uint8Array {
  return Buffer.concat([bytes.subarray(0, field.start), Buffer.from(value), bytes.subarray(field.end)]);
}
