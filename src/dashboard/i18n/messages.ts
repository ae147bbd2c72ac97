// The language of a page: the reader's choice (language.tsx), else the browser's first language that the dashboard
// has, else English.
import { tryGetContext } from 'hono/context-storage';
import { languageDetector } from 'hono/language';
import { en, type Messages } from './en.ts';
import { zh } from './zh.ts';

/** The languages. `tag` is the `lang` of a page, `name` the language's own name. */
export const languages = {
  en: { tag: 'en', name: 'English', messages: en },
  zh: { tag: 'zh-CN', name: '简体中文', messages: zh },
} as const satisfies Record<string, { tag: string; name: string; messages: Messages }>;

export type Language = keyof typeof languages;

/** The cookie of the choice. Not secret. */
export const languageCookie = 'oo8_language';

/** Middleware that sets the language of a request; `messages` reads it from hono's context storage. */
export const detectLanguage = languageDetector({
  supportedLanguages: Object.keys(languages),
  fallbackLanguage: 'en',
  order: ['cookie', 'header'],
  lookupCookie: languageCookie,
  caches: false,
});

/** Returns the language of the current request. */
export function language(): Language {
  return tryGetContext<{ Variables: { language?: Language } }>()?.var.language ?? 'en';
}

/**
 * Returns the messages in the language of the current request. Do not store them between requests: an isolate
 * serves all languages.
 */
export function messages(): Messages {
  return languages[language()].messages;
}
