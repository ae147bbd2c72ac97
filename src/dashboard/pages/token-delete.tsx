// Asks before a token is deleted, and says what will stop.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Heading, Time } from './parts.tsx';

const texts = () => messages().tokens;

export const TokenDelete: FC<{ token: Token }> = ({ token }) => (
  <div class="narrow">
    <Heading title={texts().deleteTitle} />
    <article>
      <dl class="facts">
        <dt>{texts().name}</dt>
        <dd>{token.name}</dd>
        <dt>{texts().hint}</dt>
        <dd>
          <code>{token.hint}</code>
        </dd>
        <dt>{texts().lastUsed}</dt>
        <dd>
          <Time at={token.last_used_at} />
        </dd>
      </dl>
    </article>
    <p>{texts().deleteWarning}</p>
    <form method="post" class="actions">
      <button type="submit" class="danger">
        {texts().deleteConfirm}
      </button>
      <a href={`/dashboard/tokens/${token.id}`}>{messages().form.cancel}</a>
    </form>
  </div>
);
