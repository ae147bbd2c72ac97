// Alerts: what is wrong at the moment, and the webhook endpoints that are notified. For admins.
import { Hono } from 'hono';
import type { EndpointView, IncidentView } from '../api/webhook-fields.ts';
import { messages } from '../i18n/messages.ts';
import { type AlertsFacts, AlertsOverview, EndpointForm, EndpointPage } from './alert-parts.tsx';
import { Confirm } from './confirm.tsx';
import { redirectDone } from './done.tsx';
import { Alert, OnceValue } from './form.tsx';
import { show } from './layout.tsx';
import { formOf, listOf, need, type PageContext, type PageEnv, textOf, type Values } from './page-env.ts';
import { Heading } from './parts.tsx';

const texts = () => messages().alerts;
const address = '/dashboard/alerts';

/** The routes under /dashboard/alerts. */
export function alertRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', showOverview);
  routes.get('/new', (context) => showForm(context, {}, {}));
  routes.post('/new', async (context) => {
    const values = await formOf(context);
    const made = await context.var.api<EndpointView & { secret: string }>(
      'POST',
      '/webhook-endpoints',
      bodyOf(values),
    );
    return made.ok ? showSecret(context, made.value) : showForm(context, values, made.errors, made.detail);
  });
  routes.get('/:id', (context) => showEndpoint(context));
  routes.post('/:id', async (context) => {
    const values = await formOf(context);
    const saved = await context.var.api('PATCH', pathOf(context), bodyOf(values));
    if (saved.ok) return showEndpoint(context, { good: texts().saved });
    return showEndpoint(context, { values, errors: saved.errors, problem: saved.detail });
  });
  routes.post('/:id/test', async (context) => {
    const { state, last_error } = await need(
      context.var.api<{ state: string; last_error: string | null }>('POST', `${pathOf(context)}/test`),
    );
    if (state === 'delivered') return showEndpoint(context, { good: texts().tested });
    return showEndpoint(context, { problem: `${texts().notTested} ${last_error ?? ''}` });
  });
  routes.post('/:id/deliveries/:delivery/resend', async (context) => {
    const delivery = encodeURIComponent(context.req.param('delivery'));
    await need(context.var.api('POST', `/webhook-endpoints/deliveries/${delivery}/resend`));
    return showEndpoint(context, { good: texts().resent });
  });
  routes.get('/:id/delete', showDelete);
  routes.post('/:id/delete', async (context) => {
    await need(context.var.api('DELETE', pathOf(context)));
    return redirectDone(context, address, 'endpointDeleted');
  });
  return routes;
}

async function showOverview(context: PageContext) {
  const { api } = context.var;
  const [incidents, endpoints] = await Promise.all([
    need(api<{ data: IncidentView[] }>('GET', '/incidents')),
    need(api<{ data: EndpointView[] }>('GET', '/webhook-endpoints')),
  ]);
  const facts: AlertsFacts = { incidents: incidents.data, endpoints: endpoints.data };
  return show(context, 'alerts', texts().title, <AlertsOverview {...facts} />);
}

function showForm(context: PageContext, values: Values, errors: Record<string, string>, detail?: string) {
  const content = (
    <div class="narrow">
      <Heading title={texts().add} />
      {detail === undefined ? null : <Alert>{problemText(errors, detail)}</Alert>}
      <EndpointForm values={values} errors={errors} back={address} />
    </div>
  );
  return show(context, 'alerts', texts().add, content, detail === undefined ? 200 : 400);
}

function showSecret(context: PageContext, { id, secret }: EndpointView & { secret: string }) {
  const content = (
    <>
      <Heading title={texts().secretTitle} lead={texts().secretLead}>
        <a href={`${address}/${id}`} class="button">
          {texts().done}
        </a>
      </Heading>
      <OnceValue id="webhook-secret" label={texts().secret} value={secret} />
    </>
  );
  return show(context, 'alerts', texts().secretTitle, content, 201);
}

/** What the page says about the action before it. */
interface Outcome {
  good?: string;
  problem?: string;
  values?: Values;
  errors?: Record<string, string>;
}

async function showEndpoint(context: PageContext, { good, problem, values, errors = {} }: Outcome = {}) {
  const { api } = context.var;
  const cursor = context.req.method === 'GET' ? context.req.query('cursor') : undefined;
  const id = context.req.param('id') ?? '';
  const page = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const [endpoint, deliveries] = await Promise.all([
    need(api<EndpointView>('GET', pathOf(context))),
    need(
      api<EndpointPageDeliveries>(
        'GET',
        `/webhook-endpoints/deliveries?endpoint=${encodeURIComponent(id)}${page}`,
      ),
    ),
  ]);
  const content = (
    <>
      {good === undefined ? null : <Alert kind="good">{good}</Alert>}
      {problem === undefined ? null : <Alert>{problemText(errors, problem)}</Alert>}
      <EndpointPage
        endpoint={endpoint}
        values={values ?? valuesOf(endpoint)}
        errors={errors}
        deliveries={deliveries.data}
        next={deliveries.next_cursor}
        pageUrl={new URL(`${address}/${id}`, context.req.url).href}
      />
    </>
  );
  return show(context, 'alerts', texts().title, content, values === undefined ? 200 : 400);
}

type EndpointPageDeliveries = {
  data: Parameters<typeof EndpointPage>[0]['deliveries'];
  next_cursor: string | null;
};

async function showDelete(context: PageContext) {
  const { id, url } = await need(context.var.api<EndpointView>('GET', pathOf(context)));
  const content = (
    <Confirm
      title={texts().deleteTitle}
      facts={[[texts().url, <code>{url}</code>]]}
      warning={texts().deleteWarning}
      submit={texts().deleteConfirm}
      back={`${address}/${id}`}
    />
  );
  return show(context, 'alerts', texts().deleteTitle, content);
}

function problemText(errors: Record<string, string>, detail: string): string {
  return Object.keys(errors).length > 0 ? messages().form.notSaved : detail;
}

function bodyOf(values: Values): Record<string, unknown> {
  return { url: textOf(values, 'url'), format: textOf(values, 'format'), events: listOf(values, 'events') };
}

function valuesOf({ url, format, events }: EndpointView): Values {
  return { url, format, events };
}

function pathOf(context: PageContext): string {
  return `/webhook-endpoints/${encodeURIComponent(context.req.param('id') ?? '')}`;
}
