// Asks before a token is deleted, and says what will stop.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { strings } from '../i18n/messages.ts';
import { Heading, Time } from './parts.tsx';

const words = () => strings().tokens;

export const TokenDelete: FC<{ token: Token }> = ({ token }) => (
  <div class="narrow">
    <Heading title={words().deleteTitle} />
    <article>
      <dl class="facts">
        <dt>{words().name}</dt>
        <dd>{token.name}</dd>
        <dt>{words().hint}</dt>
        <dd>
          <code>{token.hint}</code>
        </dd>
        <dt>{words().lastUsed}</dt>
        <dd>
          <Time at={token.last_used_at} />
        </dd>
      </dl>
    </article>
    <p>{words().deleteWarning}</p>
    <form method="post" class="actions">
      <button type="submit" class="danger">
        {words().deleteConfirm}
      </button>
      <a href={`/dashboard/tokens/${token.id}`}>{strings().form.cancel}</a>
    </form>
  </div>
);
