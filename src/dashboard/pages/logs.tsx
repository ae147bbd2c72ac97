// The request log: filters, pages, rows that open, CSV.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import { managementApi } from '../api/management-api.ts';
import { Alert, Field } from './form.tsx';
import { show } from './layout.tsx';
import { LogTable } from './log-table.tsx';
import type { PageContext, PageEnv } from './page-env.ts';
import { Empty, Heading, Pager } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().logs;
const filterNames = ['token', 'model', 'channel', 'status', 'from', 'to'] as const;

/** The routes under /dashboard/logs. */
export function logRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', showLogs);
  routes.get('/csv', (context) => {
    const { services, principal } = context.var;
    return managementApi(services, principal).request(`http://dashboard/logs.csv?${asked(context)}`);
  });
  return routes;
}

async function showLogs(context: PageContext) {
  const query = asked(context);
  const cursor = context.req.query('cursor');
  const paged = new URLSearchParams(query);
  if (cursor) paged.set('cursor', cursor);
  const page = await context.var.api<{ data: LogRowView[]; next_cursor: string | null }>(
    'GET',
    `/logs?${paged}`,
  );
  const rows = page.ok ? page.value.data : [];
  const content = (
    <>
      <Heading title={words().title} lead={words().lead}>
        <a href={`/dashboard/logs/csv?${query}`} class="button outline small">
          {words().csv}
        </a>
      </Heading>
      {page.ok ? null : <Alert>{page.detail}</Alert>}
      <Filters context={context} errors={page.ok ? {} : page.errors} />
      {rows.length === 0 ? <Empty>{words().empty}</Empty> : <LogTable rows={rows} />}
      <Pager url={context.req.url} next={page.ok ? page.value.next_cursor : null} />
    </>
  );
  return show(context, 'logs', words().title, content, page.ok ? 200 : page.status);
}

const Filters: FC<{ context: PageContext; errors: Record<string, string> }> = ({ context, errors }) => {
  const value = (name: string) => context.req.query(name) ?? '';
  return (
    <form method="get" class="filters">
      <Field name="model" label={words().model} value={value('model')} error={errors.model} />
      <Field
        name="status"
        label={words().status}
        type="number"
        value={value('status')}
        error={errors.status}
      />
      <Field name="token" label={words().tokenId} value={value('token')} error={errors.token} />
      {context.var.principal.role === 'admin' ? (
        <Field name="channel" label={words().channelId} value={value('channel')} error={errors.channel} />
      ) : null}
      <Field name="from" label={words().from} type="date" value={value('from')} error={errors.from} />
      <Field name="to" label={words().to} type="date" value={value('to')} error={errors.to} />
      <button type="submit" class="secondary">
        {strings().form.filter}
      </button>
    </form>
  );
};

/** The filters that were filled in. */
function asked(context: PageContext): URLSearchParams {
  const given = filterNames.flatMap((name) => {
    const value = context.req.query(name)?.trim();
    return value ? [[name, value] as [string, string]] : [];
  });
  return new URLSearchParams(given);
}
