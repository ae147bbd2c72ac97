// Decodes responses of upstreams that compress although `accept-encoding: identity` was sent. workerd decodes
// exactly `gzip` and `br`, and leaves the header in place (1.20261023, tried 2026-12).

const opened: ReadonlySet<string> = new Set(['gzip', 'br', 'identity']);

/** Encodings that the runtime does not decode but has a stream for, by their names in lower case. */
const formats: Readonly<Record<string, 'gzip' | 'deflate'>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
};

/** Returns whether a body is still encoded when it is read. */
export function isEncoded(headers: Headers): boolean {
  const encoding = headers.get('content-encoding');
  return encoding !== null && !opened.has(encoding);
}

/**
 * Decodes what the runtime does not: deflate, and other spellings of gzip. The header then names an encoding
 * that is decoded, as the runtime leaves it. Any other body stays encoded.
 */
export function decodedResponse(response: Response): Response {
  if (!isEncoded(response.headers) || response.body === null) return response;
  const encoding = response.headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  const format = Object.hasOwn(formats, encoding) ? formats[encoding] : undefined;
  if (format === undefined) return response;
  const headers = new Headers(response.headers);
  headers.set('content-encoding', 'gzip');
  const body = response.body.pipeThrough(new DecompressionStream(format));
  return new Response(body, { status: response.status, headers });
}

/**
 * Returns the media type without its parameters, in lower case (types are case-insensitive: RFC 9110 section
 * 8.3.1), or '' if there is none.
 */
export function mediaType(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}
