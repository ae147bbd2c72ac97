// How to connect: base URLs, the steps to the first request, code, and the settings of tools. The tools' settings are
// those of the documentation, with the reader's address.
import { Hono } from 'hono';
import { raw } from 'hono/html';
import type { FC } from 'hono/jsx';
import type { RenderedPage } from '../../lib/rendered-page.ts';
import type { Token } from '../api/token-fields.ts';
import { forReader, pagesIn } from '../documentation/library.ts';
import { language, messages } from '../i18n/messages.ts';
import { FirstSteps, type Progress } from './first-steps.tsx';
import { CopyButton } from './form.tsx';
import { show } from './layout.tsx';
import { need, type PageContext, type PageEnv } from './page-env.ts';
import { Heading } from './parts.tsx';
import { snippets } from './snippets.ts';

const texts = () => messages().connect;

/** Tokens that the page names: the newest ones. */
const tokensNamed = 10;

/** A tab: code of an API, or a tool. */
interface Tab {
  id: string;
  title: string;
  /** HTML of our own documentation. */
  html?: string;
  code?: { title: string; text: string }[];
}

/** The routes under /dashboard/connect. */
export function connectRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', showConnect);
  // For the page's script, which ticks the steps as they are done.
  routes.get('/progress', async (context) => context.json((await progressOf(context)).progress));
  return routes;
}

async function showConnect(context: PageContext) {
  const origin = new URL(context.req.url).origin;
  const [{ progress, tokens }, tabs] = await Promise.all([progressOf(context), tabsFor(context, origin)]);
  const tab = tabs.find(({ id }) => id === context.req.query('tool')) ?? tabs[0];
  const content = (
    <>
      <link rel="stylesheet" href="/docs.css" />
      <Heading title={texts().title} lead={texts().lead} />
      <FirstSteps progress={progress} isAdmin={context.var.principal.role === 'admin'} />
      <BaseUrls origin={origin} />
      <Tokens tokens={tokens} />
      <h2 id="tools">{texts().tools}</h2>
      <nav class="tabs wrapped" aria-label={texts().tools}>
        {tabs.map(({ id, title }) => (
          <a href={`/dashboard/connect?tool=${id}#tools`} aria-current={id === tab?.id ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      {tab === undefined ? null : <TabContent tab={tab} />}
    </>
  );
  return show(context, 'connect', texts().title, content);
}

/** Returns which steps are done, and the reader's newest tokens. */
async function progressOf(context: PageContext): Promise<{ progress: Progress; tokens: Token[] }> {
  const { api, services, principal } = context.var;
  const account = encodeURIComponent(principal.accountId);
  const [channels, tokens] = await Promise.all([
    services.liveChannels(),
    need(api<{ data: Token[] }>('GET', `/tokens?account=${account}&limit=${tokensNamed}`)),
  ]);
  const progress = {
    channel: channels.some(({ lastResort }) => !lastResort),
    token: tokens.data.length > 0,
    request: tokens.data.some(({ last_used_at }) => last_used_at !== null),
  };
  return { progress, tokens: tokens.data };
}

async function tabsFor(context: PageContext, origin: string): Promise<Tab[]> {
  const [names, pages] = await Promise.all([context.var.services.directory.names(), pagesIn(language())]);
  const { curl, sdk } = snippets(origin, [], names);
  const agents = pages['coding-agents'];
  return [
    { id: 'curl', title: 'curl', code: curl },
    ...sdk.map((one) => ({ id: one.id, title: one.title.split(' · ')[0] ?? one.id, code: [one] })),
    ...(agents === undefined ? [] : toolsOf(agents, origin)),
  ];
}

/** Returns a tab for each section of the documentation's page of tools that has a tool's name as its heading. */
function toolsOf({ html, sections }: RenderedPage, origin: string): Tab[] {
  const parts = html.split(/(?=<h2 id=")/).slice(1);
  const byId = new Map(parts.map((part) => [/^<h2 id="([^"]*)"/.exec(part)?.[1] ?? '', part]));
  return sections
    .filter(({ id, level }) => level === 2 && id !== 'if-it-does-not-work')
    .flatMap(({ id, title }) => {
      const part = byId.get(id);
      return part === undefined
        ? []
        : [{ id, title, html: forReader(part.replace(/^<h2.*?<\/h2>/s, ''), origin) }];
    });
}

const TabContent: FC<{ tab: Tab }> = ({ tab: { html, code = [] } }) => (
  <article class="document tool">
    {html === undefined ? null : raw(copyable(html))}
    {code.map(({ title, text }, index) => (
      <div class="snippet">
        <h3>{title}</h3>
        <CopyButton target={`code-${index}`} />
        <pre tabindex={0} id={`code-${index}`}>
          {text}
        </pre>
      </div>
    ))}
    <p class="quiet">
      <a href="/docs/coding-agents#if-it-does-not-work">{texts().trouble}</a>
    </p>
  </article>
);

/** Puts a copy button before each block of code. */
function copyable(html: string): string {
  let number = 0;
  return html.replace(/<pre tabindex="0"/g, (pre) => {
    number += 1;
    const id = `code-${number}`;
    const button = `<button type="button" class="outline small" hidden data-copy="${id}" data-copied="${messages().form.copied}">${messages().form.copy}</button>`;
    return `${button}${pre} id="${id}"`;
  });
}

const BaseUrls: FC<{ origin: string }> = ({ origin }) => {
  const urls = [
    ['OpenAI', `${origin}/v1`],
    ['Anthropic', origin],
    ['Gemini', origin],
  ] as const;
  return (
    <article>
      <h2>{texts().baseUrls}</h2>
      <dl class="facts">
        {urls.map(([api, url]) => (
          <>
            <dt>{api}</dt>
            <dd>
              <code id={`url-${api}`}>{url}</code> <CopyButton target={`url-${api}`} />
            </dd>
          </>
        ))}
      </dl>
      <p class="quiet">{texts().baseUrlsHelp}</p>
    </article>
  );
};

const Tokens: FC<{ tokens: readonly Token[] }> = ({ tokens }) => (
  <article>
    <h2>{texts().tokens}</h2>
    <p class="quiet">{texts().tokensHelp}</p>
    <pre tabindex={0}>export RELAY_TOKEN=sk-oo8-…</pre>
    <p class="tokens">
      {tokens.map(({ id, name, hint }) => (
        <span>
          <a href={`/dashboard/tokens/${id}`}>{name}</a> <small>{hint}</small>
        </span>
      ))}
      <a href="/dashboard/tokens/new" class="button outline small">
        {messages().tokens.add}
      </a>
    </p>
  </article>
);
