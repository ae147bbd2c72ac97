// The models that the reader can use now, above the page about models. Strangers learn that they have to sign in.
import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import type { PageEnv } from '../pages/page-env.ts';

/** A link to the live list, which has the reader's models, prices, and limits. */
export async function liveModels(context: Context<PageEnv>): Promise<Child> {
  const texts = messages().docs;
  return (
    <p class="card">
      {context.var.api === undefined ? (
        <a href="/dashboard/login">{texts.liveSignIn}</a>
      ) : (
        <a href="/dashboard/models">{texts.liveAll}</a>
      )}
    </p>
  );
}
