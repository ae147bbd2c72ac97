// The request log: filters, pages, rows that open, live rows, one request by its id, CSV.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import { managementApi } from '../api/management-api.ts';
import { accountInView } from '../api/roles.ts';
import { messages } from '../i18n/messages.ts';
import { Alert, Choice, Field } from './form.tsx';
import { pageHeaders, show } from './layout.tsx';
import { LogDetails } from './log-details.tsx';
import { LogRows, LogTable, type Names, StatusBadge } from './log-table.tsx';
import { type PageContext, type PageEnv, PageProblem } from './page-env.ts';
import { Empty, Heading, Pager, Time } from './parts.tsx';

const texts = () => messages().logs;
const filterNames = [
  ...['token', 'model', 'channel', 'status', 'account', 'errors', 'error_code', 'id', 'from', 'to'],
  ...['end_user', 'session', 'tag'],
] as const;
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
    `http://dashboard/logs.csv?${asked(context)}`,
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
  const query = asked(context);
  const cursor = context.req.query('cursor');
  const paged = new URLSearchParams(query);
  if (cursor) paged.set('cursor', cursor);
  const page = await context.var.api<LogPage>('GET', `/logs?${paged}`);
  const { data, next_cursor } = page.ok ? page.value : { data: [], next_cursor: null };
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead}>
        {cursor || !page.ok ? null : <Live query={query} />}
        {page.ok ? (
          <a href={`${listAddress}/csv?${query}`} class="button outline small">
            {texts().csv}
          </a>
        ) : null}
      </Heading>
      {page.ok ? null : <Alert>{page.detail}</Alert>}
      <Filters context={context} channels={await channelsOf(context)} errors={page.ok ? {} : page.errors} />
      {data.length === 0 ? <Empty>{nothingText(query, next_cursor)}</Empty> : null}
      {data.length === 0 && (cursor || !page.ok) ? null : (
        <LogTable rows={data} names={await namesIn(context, data)} />
      )}
      <Pager url={context.req.url} next={next_cursor} />
    </>
  );
  return show(context, 'logs', texts().title, content, page.ok ? 200 : page.status);
}

/** A page with several filters may be empty and still have a next one. */
function nothingText(query: URLSearchParams, next: string | null): string {
  if (next !== null) return texts().noneYet;
  return query.size === 0 ? texts().none : texts().empty;
}

/** Appears only with script (live.js). */
const Live: FC<{ query: URLSearchParams }> = ({ query }) => (
  <>
    <script src="/live.js" type="module"></script>
    <span id="live-note" class="quiet" aria-live="polite" data-added={texts().added}></span>
    <button
      type="button"
      id="live"
      hidden
      class="outline small"
      aria-pressed="false"
      data-address={`${listAddress}/rows?${query}`}
      data-start={texts().live}
      data-stop={texts().pause}
    >
      {texts().live}
    </button>
  </>
);

/** Returns the newest rows for an open page: only bodies of the table. */
async function sendRows(context: PageContext) {
  const page = await context.var.api<LogPage>('GET', `/logs?${asked(context)}`);
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

interface FilterFacts {
  context: PageContext;
  channels: readonly { id: string; name: string }[];
  errors: Record<string, string>;
}

const Filters: FC<FilterFacts> = ({ context, channels, errors }) => {
  const value = (name: string) => context.req.query(name) ?? '';
  const known = channels.some(({ id }) => id === value('channel'));
  const options = [
    ['', messages().form.all] as const,
    ...channels.map(({ id, name }) => [id, name] as const),
    ...(known || value('channel') === '' ? [] : [[value('channel'), value('channel')] as const]),
  ];
  return (
    <form method="get" class="filters">
      <Field name="model" label={texts().model} value={value('model')} error={errors.model} />
      <Field
        name="status"
        label={texts().status}
        placeholder={texts().statusHelp}
        value={value('status')}
        error={errors.status}
      />
      <Field name="token" label={texts().tokenId} value={value('token')} error={errors.token} />
      <Field
        name="error_code"
        label={texts().errorCode}
        value={value('error_code')}
        error={errors.error_code}
      />
      <Field name="end_user" label={texts().endUser} value={value('end_user')} error={errors.end_user} />
      <Field name="session" label={texts().session} value={value('session')} error={errors.session} />
      <Field
        name="tag"
        label={texts().tag}
        placeholder="project=apollo"
        value={value('tag')}
        error={errors.tag}
      />
      <Field name="id" label={texts().requestId} value={value('id')} error={errors.id} />
      {context.var.principal.role === 'admin' ? (
        <Choice
          name="channel"
          label={texts().channel}
          value={value('channel')}
          error={errors.channel}
          options={options}
        />
      ) : null}
      <Field name="from" label={texts().from} type="date" value={value('from')} error={errors.from} />
      <Field name="to" label={texts().to} type="date" value={value('to')} error={errors.to} />
      <button type="submit" class="secondary">
        {messages().form.filter}
      </button>
      <small>{texts().daysHelp}</small>
    </form>
  );
};

/** Returns the filters with a value. */
function asked(context: PageContext): URLSearchParams {
  const given = filterNames.flatMap((name) => {
    const value = context.req.query(name)?.trim();
    return value ? [[name, value] as [string, string]] : [];
  });
  return new URLSearchParams(given);
}
