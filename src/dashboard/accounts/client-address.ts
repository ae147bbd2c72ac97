/** The address that a request comes from, for counting: Cloudflare's word. All requests without one count together. */
export function clientAddress({ headers }: Request): string {
  return headers.get('cf-connecting-ip') ?? 'unknown';
}
