// /docs: every page as HTML and as Markdown, the search, the API reference, and /llms.txt. For everybody, signed in or not.
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { contentsOf } from '../../lib/rendered-page.ts';
import { sessionValue } from '../accounts/session-cookie.ts';
import { principalOfSession } from '../api/authenticate.ts';
import { language, messages } from '../i18n/messages.ts';
import { showDocument } from '../pages/layout.tsx';
import { apiFor, type PageEnv, PageProblem } from '../pages/page-env.ts';
import { forReader, llmsText, longestQuery, pagesIn, searchIndex, searchPages } from './library.ts';
import { liveModels } from './live-models.tsx';
import { Article, Frame, SearchResults } from './parts.tsx';
import { Reference, referenceOf } from './reference.tsx';

const texts = () => messages().docs;
type PageContext = Context<PageEnv>;

/** The page that /docs shows. */
const firstPage = 'quickstart';

/** The page that lists the models of the moment, and the one that the reference belongs to. */
const livePage = 'models-and-prices';

/** Routes of the whole documentation; mount them at the root. They need no session, and use one. */
export function documentationRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.use('/docs', knowReader);
  routes.use('/docs/*', knowReader);
  routes.get('/llms.txt', async (context) =>
    plain(context, llmsText(await pagesIn('en'), originOf(context)), 'text/plain'),
  );
  routes.get('/docs', (context) => showPage(context, firstPage));
  routes.get('/docs/search', search);
  routes.get('/docs/search.json', async (context) =>
    context.json(searchIndex(await pagesIn(language()), originOf(context))),
  );
  routes.get('/docs/api-reference', showReference);
  routes.get('/docs/:name{.+\\.md}', showMarkdown);
  routes.get('/docs/:name', (context) => showPage(context, context.req.param('name')));
  return routes;
}

/** Sets the signed-in person, if there is one: pages then show the person's tokens and models. */
const knowReader: MiddlewareHandler<PageEnv> = async (context, next) => {
  const { services } = context.var;
  const value = sessionValue(context);
  const principal = value === null ? null : await principalOfSession(value, services);
  if (principal !== null) {
    context.set('principal', principal);
    context.set('api', apiFor(services, principal));
  }
  await next();
};

async function showPage(context: PageContext, name: string): Promise<Response> {
  const pages = await pagesIn(language());
  const page = Object.hasOwn(pages, name) ? pages[name] : undefined;
  if (page === undefined) throw new PageProblem(404, texts().notFound);
  const isEnglish = language() === 'en' || page === (await pagesIn('en'))[name];
  const extra = name === livePage ? await liveModels(context) : null;
  const content = (
    <Frame pages={pages} name={name} contents={contentsOf(page)}>
      <Article
        page={{ ...page, html: forReader(page.html, originOf(context)) }}
        name={name}
        pages={pages}
        tokens={await tokensOf(context)}
        isTranslated={language() === 'en' || !isEnglish}
      >
        {extra}
      </Article>
    </Frame>
  );
  return showDocument(context, page.title, content);
}

/** Tokens that the notice names. */
const namedTokens = 5;

/** Returns the newest tokens of the signed-in person, or null for a stranger. */
async function tokensOf(context: PageContext): Promise<{ id: string; name: string }[] | null> {
  const { api } = context.var;
  if (api === undefined) return null;
  const answer = await api<{ data: { id: string; name: string }[] }>(
    'GET',
    `/tokens?own=1&limit=${namedTokens}`,
  );
  return answer.ok ? answer.value.data : [];
}

async function showMarkdown(context: PageContext): Promise<Response> {
  const name = (context.req.param('name') ?? '').slice(0, -'.md'.length);
  const pages = await pagesIn(language());
  if (!Object.hasOwn(pages, name)) throw new PageProblem(404, texts().notFound);
  return plain(context, forReader(pages[name]?.markdown ?? '', originOf(context)), 'text/markdown');
}

async function search(context: PageContext): Promise<Response> {
  const query = (context.req.query('q') ?? '').trim().slice(0, longestQuery);
  const pages = await pagesIn(language());
  const hits = searchPages(searchIndex(pages, originOf(context)), query);
  const title = query === '' ? texts().search : texts().results(query);
  const content = (
    <Frame pages={pages} name="" contents={[]} query={query}>
      <SearchResults query={query} hits={hits} />
    </Frame>
  );
  return showDocument(context, title, content);
}

async function showReference(context: PageContext): Promise<Response> {
  const pages = await pagesIn(language());
  const reference = await referenceOf(context.var.services);
  const contents = reference.groups.map(({ id, name }) => ({ id, level: 2, title: name, text: '' }));
  const content = (
    <Frame pages={pages} name="api-reference" contents={contents}>
      <Reference reference={reference} origin={originOf(context)} canTry={context.var.api !== undefined} />
    </Frame>
  );
  return showDocument(context, texts().reference.title, content);
}

function plain(context: PageContext, text: string, type: string): Response {
  return context.body(text, 200, { 'content-type': `${type}; charset=utf-8` });
}

function originOf({ req }: PageContext): string {
  return new URL(req.url).origin;
}
