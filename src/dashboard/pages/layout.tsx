// The frame of every page: head, sidebar, content. Renders pages as responses.
import { getContext } from 'hono/context-storage';
import type { FC, PropsWithChildren } from 'hono/jsx';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Principal } from '../accounts/account.ts';
import { language, languages, messages } from '../i18n/messages.ts';
import { type Done, DoneLine, takeDone } from './done.tsx';
import { labelCells } from './label-cells.ts';
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
  { key: 'overview', href: '/', admin: false, group: 'use' },
  { key: 'playground', href: '/dashboard/playground', admin: false, group: 'use' },
  { key: 'connect', href: '/dashboard/connect', admin: false, group: 'use' },
  { key: 'tokens', href: '/dashboard/tokens', admin: false, group: 'use' },
  { key: 'logs', href: '/dashboard/logs', admin: false, group: 'use' },
  { key: 'usage', href: '/dashboard/usage', admin: false, group: 'use' },
  { key: 'models', href: '/dashboard/models', admin: false, group: 'use' },
  { key: 'docs', href: '/docs', admin: false, group: 'use' },
  { key: 'channels', href: '/dashboard/channels', admin: true, group: 'operate' },
  { key: 'prices', href: '/dashboard/models/prices', admin: true, group: 'operate' },
  { key: 'groups', href: '/dashboard/groups', admin: true, group: 'operate' },
  { key: 'people', href: '/dashboard/people', admin: true, group: 'operate' },
  { key: 'alerts', href: '/dashboard/alerts', admin: true, group: 'operate' },
  { key: 'audit', href: '/dashboard/audit', admin: true, group: 'operate' },
] as const;

/** A section of the sidebar, or the account below it. */
export type Section = (typeof sections)[number]['key'] | 'account';

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
  /** A page of the documentation, which has a style and a script of its own. */
  isDocument?: boolean;
  /** A table needs the whole width. */
  isWide?: boolean | undefined;
  /** What the form before this page has changed. */
  done?: Done | null;
}

const Page: FC<PropsWithChildren<Frame>> = ({
  title,
  principal,
  section,
  back,
  isWide,
  done = null,
  isDocument = false,
  children,
}) => (
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
      {isDocument ? <link rel="stylesheet" href="/docs.css" /> : null}
      {isDocument ? <script src="/docs.js" defer></script> : null}
    </head>
    <body class={bodyClass({ principal, isDocument, isWide })}>
      <a class="skip" href="#content">
        {messages().skip}
      </a>
      {principal === undefined ? null : <Sidebar principal={principal} section={section} />}
      {principal === undefined && isDocument ? <TopBar /> : null}
      <main id="content">
        {done === null ? null : <DoneLine done={done} />}
        {children}
      </main>
      {back === undefined ? null : (
        <footer>
          {principal === undefined ? null : <Notes />}
          <LanguageForm back={back} />
        </footer>
      )}
    </body>
  </html>
);

/** Returns the layout: with the sidebar, a document for strangers, or a form alone. */
function bodyClass({ principal, isDocument, isWide }: Partial<Frame>): string {
  if (principal !== undefined) return 'framed';
  if (isDocument) return 'open';
  return isWide ? 'alone wide' : 'alone';
}

/** Above a page for strangers. */
const TopBar: FC = () => (
  <header class="top">
    <a class="brand" href="/docs">
      {messages().product}
    </a>
    <a href="/dashboard/login">{messages().docs.signIn}</a>
  </header>
);

/** Script (dashboard.js) shows times in the browser's zone, and adds the keyboard shortcuts. */
const Notes: FC = () => (
  <>
    <small id="zone" data-local={messages().form.localTimes}>
      {messages().form.utc}
    </small>
    <button type="button" id="show-shortcuts" class="outline small" hidden>
      {messages().shortcuts.title}
    </button>
    <dialog id="shortcuts" aria-labelledby="shortcuts-title">
      <article>
        <h2 id="shortcuts-title">{messages().shortcuts.title}</h2>
        <dl class="facts">
          {(['/', '?', 'Esc'] as const).map((key) => (
            <>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{messages().shortcuts.keys[key]}</dd>
            </>
          ))}
        </dl>
        <form method="dialog">
          <label>
            <input type="checkbox" id="use-shortcuts" checked />
            {messages().shortcuts.use}
          </label>
          <button type="submit" class="secondary">
            {messages().shortcuts.close}
          </button>
        </form>
      </article>
    </dialog>
  </>
);

/** On a phone the sections are a menu that the button opens, without script. */
const Sidebar: FC<{ principal: Principal; section?: Section | undefined }> = ({ principal, section }) => (
  <header class="sidebar">
    <a class="brand" href="/">
      {messages().product}
    </a>
    <button type="button" class="menu outline secondary small" popovertarget="menu">
      {messages().nav.menu}
    </button>
    <nav id="menu" popover="auto" aria-label={messages().nav.label}>
      {(['use', 'operate'] as const).map((group) => (
        <SectionGroup group={group} principal={principal} section={section} />
      ))}
    </nav>
    <div class="person">
      <a href="/dashboard/account" aria-current={section === 'account' ? 'page' : undefined}>
        {messages().nav.account}
        <small>{principal.name ?? principal.accountId}</small>
      </a>
      <form method="post" action="/dashboard/logout">
        <button type="submit" class="outline secondary small">
          {messages().nav.logout}
        </button>
      </form>
    </div>
  </header>
);

interface GroupFacts {
  group: 'use' | 'operate';
  principal: Principal;
  section: Section | undefined;
}

const SectionGroup: FC<GroupFacts> = ({ group, principal, section }) => {
  const shown = sections.filter((one) => one.group === group && (!one.admin || principal.role === 'admin'));
  if (shown.length === 0) return null;
  return (
    <>
      <strong id={`nav-${group}`}>{messages().nav[group]}</strong>
      <ul aria-labelledby={`nav-${group}`}>
        {shown.map(({ key, href }) => (
          <li>
            <a href={href} aria-current={key === section ? 'page' : undefined}>
              {messages().nav[key]}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
};

/** Renders a page for the signed-in person. */
export function show(
  context: PageContext,
  section: Section | undefined,
  title: string,
  content: Child,
  status = 200,
): Promise<Response> {
  const done = takeDone(context);
  return respond({ principal: context.var.principal, section, title, done }, content, status);
}

/** Renders a page of the documentation, for the signed-in person or a stranger. */
export function showDocument(context: PageContext, title: string, content: Child): Promise<Response> {
  const { principal } = context.var as Partial<PageEnv['Variables']>;
  return respond({ principal, section: 'docs', title, isDocument: true }, content, 200);
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
  const html = `<!doctype html>${labelCells(String(await page))}`;
  const headers = { 'content-type': 'text/html; charset=utf-8', ...pageHeaders };
  // With the cookies that this request sets.
  return getContext<PageEnv>().body(html, status as ContentfulStatusCode, headers);
}

/** The address of the current page, if it was requested with GET. */
function addressAgain(): string | undefined {
  const { req } = getContext<PageEnv>();
  if (req.method !== 'GET') return undefined;
  const { pathname, search } = new URL(req.url);
  return pathname + search;
}
