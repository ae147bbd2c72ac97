// Asks before a channel is deleted, and says what will stop.
import type { FC } from 'hono/jsx';
import type { ChannelView } from '../api/channel-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Heading } from './parts.tsx';

const texts = () => messages().channels;

export const ChannelDelete: FC<{ channel: ChannelView }> = ({ channel }) => (
  <div class="narrow">
    <Heading title={`${texts().deleteTitle} ${channel.name}`} />
    <p>{texts().deleteWarning}</p>
    <form method="post" class="actions">
      <button type="submit" class="danger">
        {texts().deleteConfirm}
      </button>
      <a href={`/dashboard/channels/${channel.id}`}>{messages().form.cancel}</a>
    </form>
  </div>
);
