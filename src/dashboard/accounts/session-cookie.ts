// The session's cookie, and the check that a request with it comes from our own pages.

import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/**
 * The cookie's name. Over https the prefix binds it to this host, to Secure, and to the path `/` (RFC 6265bis,
 * 4.1.3.2), so that no other host of the same domain can set it.
 */
export function hostCookie(name: string, url: string): string {
  return url.startsWith('https:') ? `__Host-${name}` : name;
}

function nameFor(url: string): string {
  return hostCookie('oo8_session', url);
}

/** Returns null without a cookie. */
export function sessionValue(context: Context): string | null {
  return getCookie(context, nameFor(context.req.url)) ?? null;
}

/** `expiresAtMs` in the past deletes the cookie. */
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
 * Returns whether a changing request comes from one of our pages. Browsers send the origin with every POST; a
 * request without one is refused.
 */
export function isFromOwnPage({ url, headers }: Request): boolean {
  const origin = headers.get('origin');
  return origin !== null && origin === new URL(url).origin;
}
