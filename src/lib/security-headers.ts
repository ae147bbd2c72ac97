// What is said to browsers of answers that are no pages of the dashboard's: to be taken for what they are called, shown in
// no frame, and to run nothing, should an upstream's answer be a page. Owns no cross-origin rules.

const headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
} as const;

/** Puts those headers on, in place of an upstream's own. */
export function putSecurityHeaders(answer: Headers): void {
  for (const [name, value] of Object.entries(headers)) answer.set(name, value);
}

/** The same for an answer whose headers cannot be changed: a copy with them. */
export function withSecurityHeaders(answer: Response): Response {
  const copy = new Response(answer.body, answer);
  putSecurityHeaders(copy.headers);
  return copy;
}
