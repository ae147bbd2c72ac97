// Measures the sound in an upload as it passes, for answers that do not report its length.
import { Buffer } from 'node:buffer';
import { AudioLength } from '../../formats/audio-length.ts';
import { RelayError } from '../../lib/relay-error.ts';

/** Bytes of a piece's end that are read again with the next, for what is on the cut. */
const overlapBytes = 512;

/** What makes a part a file, however its header is written: two of them are read by one upstream or the other. */
const fileNames = [/;\s*filename\s*=/gi, /;\s*filename\*\s*=/gi];
/** A part's header, as far as it says that the part is a file; and one that names sound elsewhere. */
const filePart = /content-disposition:[^\r\n]*;\s*filename\*?=[\s\S]*?\r?\n\r?\n/gi;
const urlPart = /\r?\ncontent-disposition:[^\r\n]*;\s*name="?url"?\s*[\r\n;]/gi;

export class UploadedAudio {
  /** By each of the two spellings of a file's name; many clients send both. */
  #files = [0, 0];
  #isBegun = false;
  readonly #audio = new AudioLength();
  #before = '';

  /**
   * Takes the next bytes of the form. Throws RelayError `invalid_request` for a `url` beyond the `reservedUrls` that were
   * read before the request was admitted: what it may cost was not reserved.
   */
  push(bytes: Uint8Array, reservedUrls = 0): void {
    const text =
      this.#before + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const fresh = this.#before.length;
    const endsOf = (pattern: RegExp) =>
      [...text.matchAll(pattern)]
        .map(({ index, 0: it }) => index + it.length - fresh)
        .filter((end) => end > 0);
    if (endsOf(urlPart).length > reservedUrls) throw urlTooLate();
    this.#files = this.#files.map((count, index) => count + endsOf(fileNames[index] as RegExp).length);
    const [begin] = this.#isBegun ? [0] : endsOf(filePart);
    if (begin !== undefined) this.#audio.push(bytes.subarray(begin));
    this.#isBegun ||= begin !== undefined;
    this.#before = text.slice(-overlapBytes);
  }

  /** The length in seconds, or null if there is not exactly one file. */
  get seconds(): number | null {
    return Math.max(...this.#files) === 1 && this.#isBegun ? this.#audio.seconds() : null;
  }
}

function urlTooLate(): RelayError {
  return new RelayError(
    'invalid_request',
    'Put the form field `url` before the file, or send the file itself.',
    {
      param: 'url',
    },
  );
}
