// The page to return to after sign-in: a cookie remembers the page that was requested before.
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { hostCookie } from '../accounts/session-cookie.ts';
import type { PageContext } from './page-env.ts';

const rememberedSeconds = 1_800;

function cookieOf(context: PageContext): string {
  return hostCookie('oo8_wanted', context.req.url);
}

/** Remembers the requested page. Only pages that are fetched with GET: a form is never sent again. */
export function rememberPage(context: PageContext): void {
  const { pathname, search } = new URL(context.req.url);
  if (context.req.method !== 'GET' || pathname === '/') return;
  setCookie(context, cookieOf(context), pathname + search, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: context.req.url.startsWith('https:'),
    maxAge: rememberedSeconds,
  });
}

/** Returns the remembered page and forgets it, or the overview if there is none. */
export function returnTo(context: PageContext): string {
  const wanted = getCookie(context, cookieOf(context));
  if (wanted === undefined) return '/';
  deleteCookie(context, cookieOf(context), { path: '/', secure: context.req.url.startsWith('https:') });
  return ownPath(context, wanted);
}

/** Returns the path of an address, or the overview if the address is not on this host. A form or a cookie may hold any address. */
export function ownPath(context: PageContext, address: string): string {
  const here = new URL(context.req.url);
  const there = URL.parse(address, here.href);
  if (there?.origin !== here.origin) return '/';
  // Two slashes would start the name of another host.
  return there.pathname.replace(/^\/+/, '/') + there.search;
}
