// The page that somebody asked for who was not logged in: remembered in a cookie over the way in, whichever that is.
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { hostCookie } from '../accounts/session-cookie.ts';
import type { PageContext } from './page-env.ts';

const rememberedSeconds = 1_800;

function cookieOf(context: PageContext): string {
  return hostCookie('oo8_wanted', context.req.url);
}

/** Only what is asked for by its address: a form is not sent again by itself. */
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

/** That page, once; else the overview. */
export function wantedPage(context: PageContext): string {
  const wanted = getCookie(context, cookieOf(context));
  if (wanted === undefined) return '/';
  deleteCookie(context, cookieOf(context), { path: '/', secure: context.req.url.startsWith('https:') });
  return ownPath(context, wanted);
}

/** Only a page of ours, whatever a form or a cookie says. */
export function ownPath(context: PageContext, address: string): string {
  const here = new URL(context.req.url);
  const there = URL.parse(address, here.href);
  if (there?.origin !== here.origin) return '/';
  // Two slashes would begin the name of another host.
  return there.pathname.replace(/^\/+/, '/') + there.search;
}
