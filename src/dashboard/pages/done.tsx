// What a form has changed, said once on the next page: a code in a cookie, so that no link can make a page say it.
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { FC } from 'hono/jsx';
import { hostCookie } from '../accounts/session-cookie.ts';
import { messages } from '../i18n/messages.ts';
import { ActionButton } from './form.tsx';
import type { PageContext } from './page-env.ts';

/** A change, by the code of its message, and the id of what was changed. */
export interface Done {
  code: DoneCode;
  id: string;
}

export type DoneCode = keyof ReturnType<typeof messages>['done'];

/** How long the cookie waits for the next page. */
const waitSeconds = 60;

/** The inverse of a change: a form's address and values, or the page that asks first. */
type Inverse = (id: string) => { action: string; values: Record<string, string> } | { page: string };

const inverses: { readonly [Code in DoneCode]?: Inverse } = {
  tokenDisabled: (id) => ({ action: `/dashboard/tokens/${id}/status`, values: { status: 'active' } }),
  tokenEnabled: (id) => ({ action: `/dashboard/tokens/${id}/status`, values: { status: 'disabled' } }),
  personDisabled: (id) => ({ action: `/dashboard/people/${id}`, values: { status: 'active' } }),
  personEnabled: (id) => ({ page: `/dashboard/people/${id}/disable` }),
  madeAdmin: (id) => ({ page: `/dashboard/people/${id}/role` }),
  madeMember: (id) => ({ page: `/dashboard/people/${id}/role` }),
};

const cookieName = (context: Context) => hostCookie('oo8_done', context.req.url);

/** Redirects to a page that says what was done. */
export function redirectDone(context: PageContext, address: string, code: DoneCode, id = ''): Response {
  setCookie(context, cookieName(context), `${code}.${id}`, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: context.req.url.startsWith('https:'),
    maxAge: waitSeconds,
  });
  return context.redirect(address, 303);
}

/** Returns what the form before this page has changed, once. */
export function takeDone(context: Context): Done | null {
  const value = context.req.method === 'GET' ? getCookie(context, cookieName(context)) : undefined;
  if (value === undefined) return null;
  deleteCookie(context, cookieName(context), { path: '/', secure: context.req.url.startsWith('https:') });
  const [, code = '', id = ''] = /^(\w+)\.([\w-]*)$/.exec(value) ?? [];
  return Object.hasOwn(messages().done, code) ? { code: code as DoneCode, id } : null;
}

export const DoneLine: FC<{ done: Done }> = ({ done: { code, id } }) => {
  const inverse = id === '' ? undefined : inverses[code]?.(id);
  return (
    <div role="status" class="alert good done">
      {messages().done[code]}
      {inverse === undefined ? null : 'page' in inverse ? (
        <a href={inverse.page}>{messages().form.undo}</a>
      ) : (
        <ActionButton {...inverse}>{messages().form.undo}</ActionButton>
      )}
    </div>
  );
};
