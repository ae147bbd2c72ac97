// Counts how often a form names its model, as readers of forms would read it. With two names, the relay could allow
// and price one while the upstream serves the other. Reads the bytes that pass, and keeps almost nothing of them.
import { Buffer } from 'node:buffer';
import { namesOtherModel } from '../../formats/other-models.ts';
import { RelayError } from '../../lib/relay-error.ts';

/** The longest headers of a part; forms of real clients have some hundred bytes there. */
const longestHeaders = 16_384;

export class FormModelFields {
  /** Parts so far that are named `model`. */
  count = 0;
  private readonly delimiter: Buffer;
  /** Begins with the end of what was read, as far as it may begin something; one buffer for all reads. */
  private buffer = Buffer.from('\n');
  private kept = 1;
  private inHeaders = false;

  constructor(boundary: string) {
    // Some readers take lines that end in a line feed alone, Go's for one (mime/multipart, `NextPart`).
    this.delimiter = Buffer.from(`\n--${boundary}`);
  }

  /** Throws RelayError `invalid_request`: the model is named twice, or a part's headers have no end. */
  push(bytes: Uint8Array): void {
    let held: Buffer | null = this.withKept(bytes);
    while (held !== null) held = this.inHeaders ? this.readHeaders(held) : this.findDelimiter(held);
    if (this.count > 1) throw namedTwice();
  }

  private withKept(bytes: Uint8Array): Buffer {
    const size = this.kept + bytes.byteLength;
    if (size > this.buffer.length) {
      const larger = Buffer.allocUnsafe(size + longestHeaders);
      this.buffer.copy(larger, 0, 0, this.kept);
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.kept);
    return this.buffer.subarray(0, size);
  }

  private keep(held: Buffer): null {
    held.copy(this.buffer);
    this.kept = held.length;
    return null;
  }

  /** Returns what follows the next delimiter, or null if more must be read. */
  private findDelimiter(held: Buffer): Buffer | null {
    const at = held.indexOf(this.delimiter);
    const after = at + this.delimiter.length;
    if (at < 0) return this.keep(held.subarray(Math.max(0, held.length - this.delimiter.length)));
    if (held.length <= after) return this.keep(held.subarray(at));
    this.inHeaders = '\r\n \t'.includes(String.fromCharCode(held[after] ?? 0));
    return held.subarray(this.inHeaders ? after : at + 1);
  }

  /** Returns what follows the headers, with the line feed that a delimiter may need, or null if more must be read. */
  private readHeaders(held: Buffer): Buffer | null {
    const end = endOfHeaders(held);
    if (end > longestHeaders || (end < 0 && held.length > longestHeaders)) throw tooLong();
    if (end < 0) return this.keep(held);
    const names = namesOfPart(held.toString('latin1', 0, end));
    if (names.includes('model')) this.count += 1;
    const other = names.find(namesOtherModel);
    if (other !== undefined) throw otherModelInForm(other);
    this.inHeaders = false;
    return held.subarray(end);
  }
}

/** Returns where the empty line ends, at its line feed, or -1. It searches no further, because a million parts would take too long. */
function endOfHeaders(held: Buffer): number {
  for (let at = held.indexOf(lineFeed); at >= 0; at = held.indexOf(lineFeed, at + 1)) {
    const next = at + (held[at + 1] === carriageReturn ? 2 : 1);
    if (held[next] === lineFeed) return next;
  }
  return -1;
}

const lineFeed = 10;
const carriageReturn = 13;

/** Returns every name that a reader might find in a part's headers: encoded (RFC 2231), with escapes, of a file too. */
function namesOfPart(headers: string): string[] {
  const unfolded = headers.replace(/\r?\n[ \t]+/g, ' ');
  const names = unfolded.matchAll(/[;\s]name(\*[\d*]*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)/gi);
  return [...names].map(([, encoded, value = '']) => {
    const plain = value.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1').trim();
    return encoded === undefined ? plain : percentDecoded(plain.slice(plain.lastIndexOf("'") + 1));
  });
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function namedTwice(): RelayError {
  const message = 'The form names its `model` twice. Send the field once.';
  return new RelayError('invalid_request', message, { param: 'model' });
}

/** Its value may come long after the request was admitted, and was never priced. */
function otherModelInForm(field: string): RelayError {
  const message = `The form field \`${field}\` would name another model, which a form cannot. Leave it out.`;
  return new RelayError('invalid_request', message, { param: field });
}

function tooLong(): RelayError {
  return new RelayError('invalid_request', 'The headers of a part of the form are too long, or have no end.');
}
