/**
 * Returns the address that a request is counted for, as Cloudflare reports it. All requests without one count
 * together.
 */
export function clientAddress({ headers }: Request): string {
  return headers.get('cf-connecting-ip') ?? 'unknown';
}
