// Which words a page is written in: those of the language that its reader chose (language.tsx), else of the first
// that the browser asks for and that there is, else English.
import { tryGetContext } from 'hono/context-storage';
import { languageDetector } from 'hono/language';
import { english, type Words } from './en.ts';
import { chinese } from './zh.ts';

/** The languages that there are. `tag` is what `lang` says of a page, `name` how the language calls itself. */
export const languages = {
  en: { tag: 'en', name: 'English', words: english },
  zh: { tag: 'zh-CN', name: '简体中文', words: chinese },
} as const satisfies Record<string, { tag: string; name: string; words: Words }>;

export type Language = keyof typeof languages;

/** Holds the choice. It is no secret. */
export const languageCookie = 'oo8_language';

/** Middleware that settles the language of a request; `strings` knows it by hono's context storage. */
export const detectLanguage = languageDetector({
  supportedLanguages: Object.keys(languages),
  fallbackLanguage: 'en',
  order: ['cookie', 'header'],
  lookupCookie: languageCookie,
  caches: false,
});

/** The language of the request that is being answered. */
export function language(): Language {
  return tryGetContext<{ Variables: { language?: Language } }>()?.var.language ?? 'en';
}

/** The words of the request that is being answered. Never kept over requests: an isolate answers in all languages. */
export function strings(): Words {
  return languages[language()].words;
}
