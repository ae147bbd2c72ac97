// Request bodies that come compressed: RFC 9110 section 8.4.1 (gzip, deflate), RFC 7932 (br), RFC 8878 (zstd). Claude Code's tooling
// sends gzip, Codex 0.145 zstd (2026-11).
import * as zlib from 'node:zlib';
import { RelayError } from '../../lib/relay-error.ts';
import { relayLimits } from '../limits.ts';

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array<ArrayBuffer>;

/**
 * The synchronous decoders, because the body is held anyway: workerd has no web stream for br and zstd, and its brotli stream of
 * node:zlib ignores backpressure (1.20261023). All of them stop at `maxOutputLength`.
 */
const decoders = {
  gzip: zlib.gunzipSync,
  deflate: inflate,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
} satisfies Record<string, Decoder>;

export type ContentEncoding = keyof typeof decoders;

/** The value of `Accept-Encoding` in the answer to a body in any other encoding (RFC 9110 section 15.5.16). */
const acceptedEncodings = Object.keys(decoders).join(', ');

/** Names of RFC 9110 section 8.4.1 that mean the same as another. */
const otherNames: Readonly<Record<string, ContentEncoding>> = { 'x-gzip': 'gzip' };

/** Returns a request's content encoding, or null if it has none. Throws RelayError `unsupported_encoding`, for several at once too. */
export function contentEncodingOf(headers: Headers): ContentEncoding | null {
  const header = headers.get('content-encoding');
  if (header === null) return null;
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  const [name, another] = names.filter((each) => each !== '' && each !== 'identity');
  if (name === undefined) return null;
  const known = otherNames[name] ?? name;
  if (another === undefined && isKnown(known)) return known;
  const message = `The content encoding \`${header.slice(0, 100)}\` is not supported. Send the body plain, or in one of ${acceptedEncodings}.`;
  throw new RelayError('unsupported_encoding', message, {
    headers: { 'accept-encoding': acceptedEncodings },
  });
}

function isKnown(name: string): name is ContentEncoding {
  return Object.hasOwn(decoders, name);
}

/**
 * Returns how many bytes a compressed JSON body may decode to: the size that is held of a form, or `encodedBodyRatio` times what was
 * sent. What a few kilobytes can make the relay hold stays small, and no real conversation is compressed that far.
 */
export function decodedLimit(encodedBytes: number): number {
  const { bodyBytes, heldFormBytes, encodedBodyRatio } = relayLimits;
  return Math.min(bodyBytes, Math.max(heldFormBytes, encodedBodyRatio * encodedBytes));
}

/** Decodes a body. Returns null when it has more than `limit` bytes. Throws RelayError `invalid_request` when it is damaged. */
export function decodeWithin(
  bytes: Uint8Array,
  encoding: ContentEncoding,
  limit: number,
): ArrayBuffer | null {
  try {
    const decoded = decoders[encoding](bytes, { maxOutputLength: limit });
    const { buffer, byteOffset, byteLength } = decoded;
    return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  } catch (cause) {
    if (cause instanceof RangeError) return null;
    const message = `The body is not valid ${encoding}, which its header \`Content-Encoding\` names.`;
    throw new RelayError('invalid_request', message, { cause });
  }
}

/** `deflate` is the zlib format; some clients send the raw data (RFC 9110 section 8.4.1.2). */
function inflate(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array<ArrayBuffer> {
  try {
    return zlib.inflateSync(bytes, options);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return zlib.inflateRawSync(bytes, options);
  }
}
