/** The type of a body without its parameters, in lower case: types are case-insensitive (RFC 9110 section 8.3.1). '' when none is given. */
export function mediaType(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}
