// Parts of every page of the documentation: the list of pages, the search, the article, and what is on the page.
import { raw } from 'hono/html';
import type { FC, PropsWithChildren } from 'hono/jsx';
import type { RenderedPage, Section } from '../../lib/rendered-page.ts';
import { messages } from '../i18n/messages.ts';
import { type Hit, longestQuery } from './library.ts';

const texts = () => messages().docs;
type Pages = Readonly<Record<string, RenderedPage>>;

/** Which pages belong together, in order. Pages that are not named here come last. */
const groups = {
  start: ['quickstart', 'coding-agents', 'dashboard'],
  use: [
    'model-endpoints',
    'formats-and-translation',
    'models-and-prices',
    'errors',
    'headers',
    'quotas-and-limits',
    'token-endpoints',
    'realtime',
  ],
  operate: [
    'channels',
    'configuration',
    'operating',
    'scaling',
    'management-api',
    'api-reference',
    'changelog',
  ],
} as const;

interface FrameFacts {
  pages: Pages;
  /** The current page; empty for a search. */
  name: string;
  contents: readonly Section[];
  query?: string;
}

export const Frame: FC<PropsWithChildren<FrameFacts>> = ({ pages, name, contents, query = '', children }) => (
  <div class="docs" data-copy={texts().copy} data-copied={texts().copied}>
    <details class="pages" open>
      <summary>{texts().pages}</summary>
      <search>
        <form action="/docs/search">
          <input
            type="search"
            name="q"
            id="docs-query"
            value={query}
            maxlength={longestQuery}
            placeholder={texts().searchButton}
            aria-label={texts().search}
            autocomplete="off"
          />
          <button type="submit" class="hidden">
            {texts().searchButton}
          </button>
        </form>
      </search>
      <PageList pages={pages} name={name} />
    </details>
    <div class="document">
      <div id="docs-hits" aria-live="polite" data-none={texts().noResults} hidden></div>
      {children}
    </div>
    {contents.length === 0 ? null : (
      <nav class="contents" aria-labelledby="docs-contents">
        <strong id="docs-contents">{texts().contents}</strong>
        <ul>
          {contents.map(({ id, level, title }) => (
            <li class={`level-${level}`}>
              <a href={`#${id}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
    )}
  </div>
);

const PageList: FC<{ pages: Pages; name: string }> = ({ pages, name }) => (
  <nav aria-label={texts().title}>
    {(['start', 'use', 'operate'] as const).map((group) => (
      <>
        <strong id={`docs-${group}`}>{texts().groups[group]}</strong>
        <ul aria-labelledby={`docs-${group}`}>
          {groups[group].map((one) => (
            <li>
              <a href={`/docs/${one}`} aria-current={one === name ? 'page' : undefined}>
                {titleOf(pages, one)}
              </a>
            </li>
          ))}
        </ul>
      </>
    ))}
  </nav>
);

function titleOf(pages: Pages, name: string): string {
  return pages[name]?.title ?? texts().reference.title;
}

interface ArticleFacts {
  page: RenderedPage;
  name: string;
  pages: Pages;
  /** The reader's tokens; null for a stranger. */
  tokens: readonly { id: string; name: string }[] | null;
  isTranslated: boolean;
}

export const Article: FC<PropsWithChildren<ArticleFacts>> = (facts) => {
  const { page, name, pages, tokens, isTranslated, children } = facts;
  return (
    <>
      <h1>{page.title}</h1>
      {isTranslated ? null : <p class="quiet">{texts().englishOnly}</p>}
      {tokens !== null && page.html.includes('$RELAY_TOKEN') ? <Tokens tokens={tokens} /> : null}
      {children}
      <div lang={isTranslated ? undefined : 'en'}>{raw(page.html)}</div>
      <p class="quiet">
        <a href={`/docs/${name}.md`}>{texts().asMarkdown}</a>
      </p>
      <Neighbors pages={pages} name={name} />
    </>
  );
};

const Tokens: FC<{ tokens: readonly { id: string; name: string }[] }> = ({ tokens }) => (
  <p class="card">
    {tokens.length === 0 ? (
      <>
        {texts().noTokens} <a href="/dashboard/tokens/new">{texts().createToken}</a>
      </>
    ) : (
      <>
        {texts().tokens}:{' '}
        {tokens.map(({ id, name }, index) => (
          <>
            {index === 0 ? '' : ' · '}
            <a href={`/dashboard/tokens/${id}`}>{name}</a>
          </>
        ))}
        <br />
        <small>{texts().tokensHelp}</small>
      </>
    )}
  </p>
);

const Neighbors: FC<{ pages: Pages; name: string }> = ({ pages, name }) => {
  const order: readonly string[] = [...groups.start, ...groups.use, ...groups.operate];
  const at = order.indexOf(name);
  const link = (one: string | undefined, label: string, rel: string) =>
    one === undefined ? (
      <span></span>
    ) : (
      <a href={`/docs/${one}`} rel={rel}>
        <small>{label}</small> {titleOf(pages, one)}
      </a>
    );
  return (
    <nav class="neighbors" aria-label={`${texts().previous}, ${texts().next}`}>
      {link(order[at - 1], texts().previous, 'prev')}
      {link(order[at + 1], texts().next, 'next')}
    </nav>
  );
};

export const SearchResults: FC<{ query: string; hits: readonly Hit[] }> = ({ query, hits }) => (
  <>
    <h1>{query === '' ? texts().search : texts().results(query)}</h1>
    {hits.length === 0 ? <p>{query === '' ? texts().searchHelp : texts().noResults}</p> : null}
    <ul class="hits">
      {hits.map(({ href, title, section, excerpt }) => (
        <li>
          <a href={href}>{section === '' ? title : `${title} · ${section}`}</a>
          <br />
          <small>{excerpt}</small>
        </li>
      ))}
    </ul>
  </>
);
