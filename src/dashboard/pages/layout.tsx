// The frame of every page: head, sidebar, content. Renders pages as responses.
import { getContext } from 'hono/context-storage';
import type { FC, PropsWithChildren } from 'hono/jsx';
import type { Principal } from '../accounts/account.ts';
import { language, languages, messages } from '../i18n/messages.ts';
import { LanguageForm } from './language.tsx';
import type { Child, PageContext, PageEnv } from './page-env.ts';

/** Nothing from other hosts, nothing inline, no framing. Pico draws its icons as data: images. */
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Headers of every answer of the dashboard. The referrer stays on this host; without any, browsers would not
 * send Origin either.
 */
export const pageHeaders = {
  'content-security-policy': policy,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

const sections = [
  { key: 'overview', href: '/', admin: false },
  { key: 'tokens', href: '/dashboard/tokens', admin: false },
  { key: 'logs', href: '/dashboard/logs', admin: false },
  { key: 'playground', href: '/dashboard/playground', admin: false },
  { key: 'channels', href: '/dashboard/channels', admin: true },
  { key: 'models', href: '/dashboard/models', admin: false },
  { key: 'groups', href: '/dashboard/groups', admin: true },
  { key: 'people', href: '/dashboard/people', admin: true },
  { key: 'alerts', href: '/dashboard/alerts', admin: true },
  { key: 'audit', href: '/dashboard/audit', admin: true },
  { key: 'account', href: '/dashboard/account', admin: false },
] as const;

/** A section of the sidebar. */
export type Section = (typeof sections)[number]['key'];

interface Frame {
  title: string;
  /** Absent: nobody is signed in, and there is no sidebar. */
  principal?: Principal | undefined;
  section?: Section | undefined;
  /**
   * The page's address if it can be requested again. Absent: it is the answer to a form, and leaving it would
   * lose it.
   */
  back?: string | undefined;
  /** A table needs the whole width. */
  isWide?: boolean | undefined;
}

const Page: FC<PropsWithChildren<Frame>> = ({ title, principal, section, back, isWide, children }) => (
  <html lang={languages[language()].tag}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} · ${messages().product}`}</title>
      <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/pico.min.css" />
      <link rel="stylesheet" href="/dashboard.css" />
      <script src="/dashboard.js" defer></script>
    </head>
    <body class={principal === undefined ? (isWide ? 'alone wide' : 'alone') : 'framed'}>
      <a class="skip" href="#content">
        {messages().skip}
      </a>
      {principal === undefined ? null : <Sidebar principal={principal} section={section} />}
      <main id="content">{children}</main>
      {back === undefined ? null : (
        <footer>
          {principal === undefined ? null : <small>{messages().form.utc}</small>}
          <LanguageForm back={back} />
        </footer>
      )}
    </body>
  </html>
);

const Sidebar: FC<{ principal: Principal; section?: Section | undefined }> = ({ principal, section }) => (
  <header class="sidebar">
    <a class="brand" href="/">
      {messages().product}
    </a>
    <nav aria-label={messages().nav.label}>
      <ul>
        {sections
          .filter(({ admin }) => !admin || principal.role === 'admin')
          .map(({ key, href }) => (
            <li>
              <a href={href} aria-current={key === section ? 'page' : undefined}>
                {messages().nav[key]}
              </a>
            </li>
          ))}
      </ul>
    </nav>
    <form method="post" action="/dashboard/logout" class="logout">
      <span class="who">{principal.name ?? principal.accountId}</span>
      <button type="submit" class="outline secondary small">
        {messages().nav.logout}
      </button>
    </form>
  </header>
);

/** Renders a page for the signed-in person. */
export function show(
  context: PageContext,
  section: Section | undefined,
  title: string,
  content: Child,
  status = 200,
): Promise<Response> {
  return respond({ principal: context.var.principal, section, title }, content, status);
}

/** Renders a page without a signed-in person. */
export function showAlone(title: string, content: Child, status = 200): Promise<Response> {
  return respond({ title }, content, status);
}

/** Renders a page that anybody may see and caches may keep for five minutes. */
export async function showPublic(title: string, content: Child): Promise<Response> {
  const response = await respond({ title, isWide: true }, content, 200);
  response.headers.set('cache-control', 'public, max-age=300');
  response.headers.set('vary', 'accept-language, cookie');
  return response;
}

async function respond(frame: Frame, content: Child, status: number): Promise<Response> {
  const page = (
    <Page {...frame} back={addressAgain()}>
      {content}
    </Page>
  );
  const html = `<!doctype html>${String(await page)}`;
  return new Response(html, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...pageHeaders },
  });
}

/** The address of the current page, if it was requested with GET. */
function addressAgain(): string | undefined {
  const { req } = getContext<PageEnv>();
  if (req.method !== 'GET') return undefined;
  const { pathname, search } = new URL(req.url);
  return pathname + search;
}
