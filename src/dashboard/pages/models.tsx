// The models that the reader may use, with their prices, limits, and how they did here; and the public page of prices.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { type ServedModelView, servedModelView } from '../api/served-models.ts';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Choice, Field } from './form.tsx';
import { show, showPublic } from './layout.tsx';
import { ModelTable } from './model-table.tsx';
import { need, type PageContext, type PageEnv } from './page-env.ts';
import { Empty, Heading, Pager } from './parts.tsx';

const texts = () => messages().models;

interface ModelPage {
  data: ServedModelView[];
  total: number;
  next_cursor: string | null;
}

/** A member's tokens that the list can be limited to: the newest ones. */
const tokensOffered = 100;

/** The route of /dashboard/models. */
export function modelRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', async (context) => {
    const priced = context.req.query('price');
    // How alerts and older links name the form of a price.
    if (priced !== undefined)
      return context.redirect(`/dashboard/models/prices?model=${encodeURIComponent(priced)}`, 302);
    return showModels(context);
  });
  return routes;
}

async function showModels(context: PageContext) {
  const { api, principal } = context.var;
  const isAdmin = principal.role === 'admin';
  const [page, tokens] = await Promise.all([
    need(api<ModelPage>('GET', `/served-models?${querySent(context)}`)),
    isAdmin ? { data: [] } : need(api<{ data: Token[] }>('GET', `/tokens?limit=${tokensOffered}`)),
  ]);
  const isSearch = ['search', 'token'].some((name) => context.req.query(name));
  const content = (
    <>
      <Heading title={texts().title} lead={isAdmin ? texts().leadAdmin : texts().lead}>
        {isAdmin ? (
          <a href="/dashboard/models/prices" class="button outline">
            {texts().pricesAndAliases}
          </a>
        ) : null}
      </Heading>
      <Filters context={context} tokens={tokens.data} />
      {page.total > 0 ? (
        <>
          <ModelTable
            models={page.data}
            url={context.req.url}
            view={isAdmin ? 'admin' : 'member'}
            today={today(context)}
          />
          <p class="quiet">{`${texts().count(page.total)}. ${texts().seenHelp}`}</p>
        </>
      ) : (
        <Empty>{isSearch ? texts().noneFound : isAdmin ? texts().emptyAdmin : texts().empty}</Empty>
      )}
      <Pager url={context.req.url} next={page.next_cursor} />
    </>
  );
  return show(context, 'models', texts().title, content);
}

/** Returns the page's own query, as far as the management API knows it. */
function querySent(context: PageContext): URLSearchParams {
  const sent = new URLSearchParams();
  for (const name of ['token', 'search', 'sort', 'order', 'cursor']) {
    const value = context.req.query(name);
    if (value) sent.set(name, value);
  }
  return sent;
}

function today({ var: { services } }: PageContext): string {
  return new Date(services.now()).toISOString().slice(0, 10);
}

const Filters: FC<{ context: PageContext; tokens: readonly Token[] }> = ({ context, tokens }) => (
  <form method="get" class="filters">
    <Field name="search" label={texts().search} type="search" value={context.req.query('search') ?? ''} />
    {tokens.length < 2 ? null : (
      <Choice
        name="token"
        label={texts().forToken}
        value={context.req.query('token')}
        options={[['', texts().anyToken], ...tokens.map(({ id, name }) => [id, name] as const)]}
      />
    )}
    <button type="submit" class="secondary">
      {messages().form.filter}
    </button>
  </form>
);

/** The most models on the public page. */
const publicModels = 1_000;

/** The route of /pricing: what tokens of the default group may use. It reads nothing of any account. */
export function pricingRoutes(): Hono<PageEnv> {
  return new Hono<PageEnv>().get('/pricing', async (context) => {
    const { services } = context.var;
    if (!services.hasPublicPricing) return context.notFound();
    const query = (name: string) => context.req.query(name) ?? '';
    const sort = (['input', 'output', 'context'] as const).find((one) => one === query('sort')) ?? 'name';
    const { models } = await services.directory.list([await services.directory.audienceOfGroup('default')], {
      search: query('search'),
      sort,
      descending: query('order') === 'desc',
      offset: 0,
      limit: publicModels,
    });
    const content = (
      <>
        <Heading title={texts().public} lead={texts().publicLead}>
          <a href="/dashboard/login" class="button outline">
            {texts().signIn}
          </a>
        </Heading>
        <Filters context={context} tokens={[]} />
        {models.length === 0 ? (
          <Empty>{query('search') === '' ? texts().empty : texts().noneFound}</Empty>
        ) : (
          <ModelTable
            models={models.map((model) => servedModelView(model, undefined, false))}
            url={context.req.url}
            view="public"
            today={today(context)}
          />
        )}
      </>
    );
    return showPublic(texts().public, content);
  });
}
