// The choice of a language: a form at the foot of every page that has an address, and its route.
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import type { FC } from 'hono/jsx';
import { type Language, language, languageCookie, languages, messages } from '../i18n/messages.ts';
import { formOf, type PageEnv, textOf } from './page-env.ts';
import { ownPath } from './return-to.ts';

const yearSeconds = 365 * 86_400;

/** Adds the route of /dashboard/language, also for people who are not signed in. */
export function languageRoutes(): Hono<PageEnv> {
  return new Hono<PageEnv>().post('/language', async (context) => {
    const values = await formOf(context);
    const chosen = textOf(values, 'language');
    if (Object.hasOwn(languages, chosen)) {
      setCookie(context, languageCookie, chosen, {
        path: '/',
        httpOnly: true,
        sameSite: 'Lax',
        secure: context.req.url.startsWith('https:'),
        maxAge: yearSeconds,
      });
    }
    return context.redirect(ownPath(context, textOf(values, 'back')), 303);
  });
}

/** `back`: the page that is shown, as a path with its query. */
export const LanguageForm: FC<{ back: string }> = ({ back }) => (
  <form method="post" action="/dashboard/language" class="languages" aria-label={messages().language.label}>
    <input type="hidden" name="back" value={back} />
    {(Object.keys(languages) as Language[])
      .filter((name) => name !== language())
      .map((name) => (
        <button type="submit" name="language" value={name} lang={languages[name].tag} class="outline small">
          {languages[name].name}
        </button>
      ))}
  </form>
);
