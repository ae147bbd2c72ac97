// Security headers for API responses, in case an upstream returns HTML: no sniffing, no framing, no scripts.

const headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
} as const;

/** Sets the headers, replacing an upstream's own. */
export function putSecurityHeaders(answer: Headers): void {
  for (const [name, value] of Object.entries(headers)) answer.set(name, value);
}

/** Returns a copy with the headers, for a response whose headers cannot be changed. */
export function withSecurityHeaders(answer: Response): Response {
  const copy = new Response(answer.body, answer);
  putSecurityHeaders(copy.headers);
  return copy;
}
