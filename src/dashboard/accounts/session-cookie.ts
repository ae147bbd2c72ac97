// The session's cookie and what a request that carries it must show besides: that it comes from our own pages.

import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/**
 * A cookie's name: over https the prefix binds it to this host, Secure and the path `/` (RFC 6265bis, 4.1.3.2), so that no
 * other host of the same domain can put one here.
 */
export function hostCookie(name: string, url: string): string {
  return url.startsWith('https:') ? `__Host-${name}` : name;
}

function nameFor(url: string): string {
  return hostCookie('oo8_session', url);
}

/** null: no cookie. */
export function sessionValue(context: Context): string | null {
  return getCookie(context, nameFor(context.req.url)) ?? null;
}

/** `expiresAtMs` in the past takes the cookie away. */
export function setSessionCookie(context: Context, value: string, expiresAtMs: number): void {
  setCookie(context, nameFor(context.req.url), value, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: context.req.url.startsWith('https:'),
    expires: new Date(expiresAtMs),
  });
}

/**
 * Whether a request that changes something comes from a page of ours. Browsers say the origin with every POST; one
 * that says none is refused.
 */
export function isFromOwnPage({ url, headers }: Request): boolean {
  const origin = headers.get('origin');
  return origin !== null && origin === new URL(url).origin;
}
