// The request log: filters, pages, rows that open, live rows, one request by its id, CSV.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import { managementApi } from '../api/management-api.ts';
import { accountInView } from '../api/roles.ts';
import { messages } from '../i18n/messages.ts';
import { Alert, Field } from './form.tsx';
import { pageHeaders, show } from './layout.tsx';
import { LogDetails } from './log-details.tsx';
import { addressWith, apiQuery, type Filters, filtersOf, LogFilters } from './log-filters.tsx';
import { LogRows, LogTable, type Names, StatusBadge } from './log-table.tsx';
import { type PageContext, type PageEnv, PageProblem, servedModels } from './page-env.ts';
import { Empty, Heading, Pager, Time } from './parts.tsx';

const texts = () => messages().logs;
const listAddress = '/dashboard/logs';

/** The routes under /dashboard/logs. */
export function logRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', showLogs);
  routes.get('/rows', sendRows);
  routes.get('/csv', sendCsv);
  routes.get('/:id', showRequest);
  return routes;
}

/** Returns the API's answer, or a page for its errors. */
async function sendCsv(context: PageContext) {
  const { services, principal } = context.var;
  const response = await managementApi(services, principal).request(
    `http://dashboard/logs.csv?${queryOf(context)}`,
  );
  if (response.ok) return response;
  const { detail } = await response.json<{ detail: string }>();
  throw new PageProblem(response.status, detail);
}

interface LogPage {
  data: LogRowView[];
  next_cursor: string | null;
}

async function showLogs(context: PageContext) {
  const wanted = context.req.query('id')?.trim();
  if (wanted) return context.redirect(`${listAddress}/${encodeURIComponent(wanted)}`, 303);
  const filters = filtersOf((name) => context.req.query(name));
  const cursor = context.req.query('cursor');
  const paged = queryOf(context);
  if (cursor) paged.set('cursor', cursor);
  const page = await context.var.api<LogPage>('GET', `/logs?${paged}`);
  const { data, next_cursor } = page.ok ? page.value : { data: [], next_cursor: null };
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead}>
        {cursor || !page.ok ? null : <Live filters={filters} />}
        {page.ok ? (
          <a
            href={addressWith(filters).replace(listAddress, `${listAddress}/csv`)}
            class="button outline small"
          >
            {texts().csv}
          </a>
        ) : null}
      </Heading>
      {page.ok ? null : <Alert>{page.detail}</Alert>}
      <FindRequest />
      <LogFilters
        filters={filters}
        channels={await channelsOf(context)}
        isAdmin={context.var.principal.role === 'admin'}
        models={await servedModels(context.var.services)}
        errors={page.ok ? {} : page.errors}
      />
      {data.length === 0 ? <Empty>{nothingText(filters, next_cursor)}</Empty> : null}
      {data.length === 0 && (cursor || !page.ok) ? null : (
        <LogTable rows={data} names={await namesIn(context, data)} />
      )}
      <Pager url={context.req.url} next={next_cursor} />
    </>
  );
  return show(context, 'logs', texts().title, content, page.ok ? 200 : page.status);
}

/** A page with several filters may be empty and still have a next one. */
function nothingText(filters: Filters, next: string | null): string {
  if (next !== null) return texts().noneYet;
  return Object.keys(filters).length === 0 ? texts().none : texts().empty;
}

/** Opens the request of an id, which callers have from the `x-request-id` of their answer. */
const FindRequest: FC = () => (
  <form method="get" class="filters find">
    <Field
      name="id"
      label={texts().requestId}
      type="search"
      placeholder="req_…"
      autocomplete="off"
      required
    />
    <button type="submit" class="secondary">
      {texts().open}
    </button>
  </form>
);

/** Appears only with script (live.js). */
const Live: FC<{ filters: Filters }> = ({ filters }) => (
  <>
    <script src="/live.js" type="module"></script>
    <span id="live-note" class="quiet" aria-live="polite" data-added={texts().added}></span>
    <button
      type="button"
      id="live"
      hidden
      class="outline small"
      aria-pressed="false"
      data-address={addressWith(filters).replace(listAddress, `${listAddress}/rows`)}
      data-start={texts().live}
      data-stop={texts().pause}
    >
      {texts().live}
    </button>
  </>
);

/** Returns the newest rows for an open page: only bodies of the table. */
async function sendRows(context: PageContext) {
  const page = await context.var.api<LogPage>('GET', `/logs?${queryOf(context)}`);
  if (!page.ok) throw new PageProblem(page.status, page.detail);
  const { data } = page.value;
  const html = String(await (<LogRows rows={data} names={await namesIn(context, data)} />));
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8', ...pageHeaders } });
}

async function showRequest(context: PageContext) {
  const id = context.req.param('id') ?? '';
  const found = await context.var.api<LogRowView>('GET', `/logs/${encodeURIComponent(id)}`);
  if (!found.ok && found.status !== 404) throw new PageProblem(found.status, found.detail);
  const content = found.ok ? (
    <>
      <Heading title={texts().request}>
        <StatusBadge row={found.value} />
      </Heading>
      <p class="quiet">
        <Time at={found.value.created_at} age />
      </p>
      <article>
        <LogDetails row={found.value} names={await namesIn(context, [found.value])} />
      </article>
      <p>
        <a href={listAddress}>{texts().title}</a>
      </p>
    </>
  ) : (
    <>
      <Heading title={texts().request} lead={id} />
      <Empty>
        <p>{texts().notYet}</p>
        <a href={`${listAddress}/${encodeURIComponent(id)}`} class="button">
          {texts().lookAgain}
        </a>
      </Empty>
    </>
  );
  return show(context, 'logs', texts().request, content, found.ok ? 200 : 404);
}

/** Returns the names to show in rows: of their tokens, and for admins of their channels. */
async function namesIn(context: PageContext, rows: readonly LogRowView[]): Promise<Names> {
  const { services, principal } = context.var;
  const ids = [...new Set(rows.map(({ token_id }) => token_id))];
  const [tokens, channels] = await Promise.all([
    ids.length === 0 ? [] : services.tokens.summaries(ids, accountInView(principal, undefined)),
    channelsOf(context),
  ]);
  return new Map([...tokens, ...channels].map(({ id, name }) => [id, name]));
}

/** Members do not see channels. */
async function channelsOf({ var: { principal, services } }: PageContext) {
  return principal.role === 'admin' ? services.liveChannels() : [];
}

/** Returns the filters as the management API has them. */
function queryOf(context: PageContext): URLSearchParams {
  return apiQuery(
    filtersOf((name) => context.req.query(name)),
    context.var.services.now(),
  );
}
