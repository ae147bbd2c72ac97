// The routes of channels: list, add, edit, test, delete.
import { Hono } from 'hono';
import type { ChannelView } from '../api/channel-fields.ts';
import type { ChannelTest } from '../api/services.ts';
import { ChannelDelete } from './channel-delete.tsx';
import { ChannelForm, channelBody, valuesOfChannel } from './channel-form.tsx';
import { ChannelList } from './channel-list.tsx';
import { show } from './layout.tsx';
import { formOf, need, type PageContext, type PageEnv, type Values } from './page-env.ts';
import { strings } from './strings.ts';

const words = () => strings().channels;

/** The routes under /dashboard/channels. */
export function channelRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showList(context));
  routes.get('/new', (context) => showForm(context, null, {}, {}));
  routes.post('/new', async (context) => {
    const values = await formOf(context);
    const made = await context.var.api('POST', '/channels', channelBody(values, null));
    if (!made.ok) return showForm(context, null, values, made.errors, made.detail);
    return context.redirect('/dashboard/channels', 303);
  });
  routes.get('/:id', async (context) => {
    const channel = await find(context);
    return showForm(context, channel, valuesOfChannel(channel), {});
  });
  routes.post('/:id', async (context) => {
    const values = await formOf(context);
    const channel = await find(context);
    const edited = await context.var.api('PATCH', pathOf(context), channelBody(values, channel));
    if (edited.ok) return context.redirect('/dashboard/channels', 303);
    return showForm(context, channel, values, edited.errors, edited.detail);
  });
  routes.post('/:id/test', async (context) => {
    const test = await need(context.var.api<ChannelTest>('POST', `${pathOf(context)}/test`, {}));
    return showList(context, { id: context.req.param('id'), test });
  });
  routes.get('/:id/delete', async (context) =>
    show(context, 'channels', words().deleteTitle, <ChannelDelete channel={await find(context)} />),
  );
  routes.post('/:id/delete', async (context) => {
    await need(context.var.api('DELETE', pathOf(context)));
    return context.redirect('/dashboard/channels', 303);
  });
  return routes;
}

async function showList(context: PageContext, tested?: { id: string; test: ChannelTest }) {
  const { api, services } = context.var;
  const [page, live, health] = await Promise.all([
    need(api<{ data: ChannelView[] }>('GET', '/channels?limit=200')),
    services.liveChannels(),
    services.health(),
  ]);
  const stored = new Set(page.data.map(({ id }) => id));
  const others = live.filter(({ id }) => !stored.has(id));
  const list = (
    <ChannelList channels={page.data} others={others} health={health} now={services.now()} tested={tested} />
  );
  return show(context, 'channels', words().title, list);
}

function showForm(
  context: PageContext,
  channel: ChannelView | null,
  values: Values,
  errors: Record<string, string>,
  detail?: string,
) {
  const title = channel === null ? words().add : `${words().edit}: ${channel.name}`;
  const form = <ChannelForm channel={channel} values={values} errors={errors} detail={detail} />;
  return show(context, 'channels', title, form, detail === undefined ? 200 : 400);
}

function find(context: PageContext): Promise<ChannelView> {
  return need(context.var.api<ChannelView>('GET', pathOf(context)));
}

function pathOf(context: PageContext): string {
  return `/channels/${encodeURIComponent(context.req.param('id') ?? '')}`;
}
