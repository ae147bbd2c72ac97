// What is removed of channels: a channel, one of its keys, and a draft that was never submitted. Pages that ask first.
import type { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { ChannelView } from '../api/channel-fields.ts';
import type { ChannelWithHealth } from '../api/channel-health.ts';
import { messages } from '../i18n/messages.ts';
import { Confirm } from './confirm.tsx';
import { redirectDone } from './done.tsx';
import { show } from './layout.tsx';
import { need, type PageContext, type PageEnv, PageProblem } from './page-env.ts';

const texts = () => messages().channels;
const listAddress = '/dashboard/channels';

/** Adds the routes under /dashboard/channels. */
export function addRemovalRoutes(routes: Hono<PageEnv>): void {
  routes.get('/:id/delete', async (context) =>
    show(context, 'channels', texts().deleteTitle, <ChannelDelete channel={await findChannel(context)} />),
  );
  routes.post('/:id/delete', async (context) => {
    await need(context.var.api('DELETE', channelPath(context)));
    return redirectDone(context, listAddress, 'channelDeleted');
  });
  routes.post('/:id/discard', discardDraft);
  routes.get('/:id/keys/:key/delete', async (context) => {
    const channel = await findChannel(context);
    const key = channel.keys.find(({ id }) => id === context.req.param('key'));
    if (key === undefined) throw new PageProblem(404, messages().errors.notFound);
    return show(context, 'channels', texts().removeTitle, <KeyRemoval channel={channel} hint={key.hint} />);
  });
  routes.post('/:id/keys/:key/delete', async (context) => {
    await need(
      context.var.api('PATCH', channelPath(context), { remove_key_ids: [context.req.param('key')] }),
    );
    return redirectDone(context, `/dashboard${channelPath(context)}`, 'keyRemoved');
  });
}

/** Deletes a draft, which is a disabled channel that only its form knows of. */
async function discardDraft(context: PageContext) {
  const { enabled } = await findChannel(context);
  if (!enabled) await need(context.var.api('DELETE', channelPath(context)));
  return context.redirect(listAddress, 303);
}

export function findChannel(context: PageContext): Promise<ChannelWithHealth> {
  return need(context.var.api<ChannelWithHealth>('GET', channelPath(context)));
}

export function channelPath(context: PageContext): string {
  return `/channels/${encodeURIComponent(context.req.param('id') ?? '')}`;
}

/** Asks before a channel is deleted. */
const ChannelDelete: FC<{ channel: ChannelView }> = ({ channel }) => (
  <Confirm
    title={texts().deleteTitle}
    facts={[
      [texts().name, channel.name],
      [texts().models, channel.models.join(', ')],
      [texts().keys, channel.keys.map(({ hint }) => hint).join(', ') || '–'],
    ]}
    warning={texts().deleteWarning}
    submit={texts().deleteConfirm}
    back={`${listAddress}/${channel.id}`}
  />
);

/** Asks before a key is removed. */
const KeyRemoval: FC<{ channel: ChannelView; hint: string }> = ({ channel, hint }) => (
  <Confirm
    title={texts().removeTitle}
    facts={[
      [messages().logs.channel, channel.name],
      [texts().key, <code>{hint}</code>],
    ]}
    warning={channel.keys.length === 1 ? texts().removeLastWarning : texts().removeWarning}
    submit={texts().removeConfirm}
    back={`${listAddress}/${channel.id}`}
  />
);
