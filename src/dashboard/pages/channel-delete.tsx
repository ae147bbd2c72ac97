// Asks before a channel is deleted, and says what will stop.
import type { FC } from 'hono/jsx';
import type { ChannelView } from '../api/channel-fields.ts';
import { strings } from '../i18n/messages.ts';
import { Heading } from './parts.tsx';

const words = () => strings().channels;

export const ChannelDelete: FC<{ channel: ChannelView }> = ({ channel }) => (
  <div class="narrow">
    <Heading title={`${words().deleteTitle} ${channel.name}`} />
    <p>{words().deleteWarning}</p>
    <form method="post" class="actions">
      <button type="submit" class="danger">
        {words().deleteConfirm}
      </button>
      <a href={`/dashboard/channels/${channel.id}`}>{strings().form.cancel}</a>
    </form>
  </div>
);
