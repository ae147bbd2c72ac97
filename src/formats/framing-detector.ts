// Detects what a body is from its first bytes. Upstreams mislabel streams (no content type, `text/plain`, JSON), and a
// stream that is read as something else would not be metered.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream (2026-11)

/** `other`: neither server-sent events nor JSON that begins with a bracket. */
export type BodyShape = 'sse' | 'object' | 'array' | 'other';

const eventFields = ['data:', 'event:', 'id:', 'retry:'];
const longestField = Math.max(...eventFields.map((field) => field.length));

export class FramingDetector {
  #head = '';
  #isDone = false;

  /** Takes the next bytes. Returns null while more are needed. Byte order marks and leading white space are skipped. */
  push(bytes: Uint8Array): BodyShape | null {
    for (let at = 0; at < bytes.length && !this.#isDone; at++) {
      const byte = bytes[at] as number;
      if (this.#head === '' && isBlank(byte)) continue;
      this.#head += String.fromCharCode(byte);
      this.#isDone = this.#head.length >= longestField || shapeOf(this.#head) !== null;
    }
    return this.#isDone ? this.end() : null;
  }

  /** What it is by all that came. */
  end(): BodyShape {
    return shapeOf(this.#head) ?? 'other';
  }
}

/** What a whole body is. */
export function shapeOfBytes(bytes: Uint8Array): BodyShape {
  const detector = new FramingDetector();
  return detector.push(bytes) ?? detector.end();
}

/** Returns null if more characters are needed. */
function shapeOf(head: string): BodyShape | null {
  if (head.startsWith('{')) return 'object';
  if (head.startsWith('[')) return 'array';
  if (head.startsWith(':') || eventFields.some((field) => head.startsWith(field))) return 'sse';
  const mayBeField = eventFields.some((field) => field.startsWith(head));
  return mayBeField ? null : 'other';
}

/** White space of JSON, line ends, and the bytes of a byte order mark. */
function isBlank(byte: number): boolean {
  return byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf;
}
