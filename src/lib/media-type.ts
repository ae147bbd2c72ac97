/**
 * Returns the media type without its parameters, in lower case (types are case-insensitive: RFC 9110 section
 * 8.3.1), or '' if there is none.
 */
export function mediaType(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}
