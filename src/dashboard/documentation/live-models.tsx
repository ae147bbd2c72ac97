// The models that the reader can use now, above the page about models. Strangers learn where to see them.
import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { ServedModelView } from '../api/served-models.ts';
import { messages } from '../i18n/messages.ts';
import { ModelTable } from '../pages/model-table.tsx';
import type { PageEnv } from '../pages/page-env.ts';

/** Models that the page shows; the dashboard has all. */
const shownModels = 20;

/** Returns the reader's models with prices and limits, or a link for strangers. Leaves the table out if it cannot be read. */
export async function liveModels(context: Context<PageEnv>): Promise<Child> {
  const texts = messages().docs;
  const { api, services } = context.var;
  if (api === undefined)
    return (
      <p class="card">
        {services.hasPublicPricing ? (
          <a href="/pricing">{texts.liveAll}</a>
        ) : (
          <a href="/dashboard/login">{texts.liveSignIn}</a>
        )}
      </p>
    );
  const answer = await api<{ data: ServedModelView[] }>('GET', `/served-models?limit=${shownModels}`);
  const models = answer.ok ? answer.value.data : [];
  // Its headings sort the dashboard's list.
  const url = new URL('/dashboard/models', context.req.url).href;
  return (
    <>
      <h2>{texts.live}</h2>
      {models.length === 0 ? <p>{texts.noModels}</p> : null}
      {models.length === 0 ? null : (
        <ModelTable models={models} url={url} view="public" today={today(services.now())} />
      )}
      <p>
        {texts.liveHelp} <a href="/dashboard/models">{texts.liveAll}</a>
      </p>
    </>
  );
}

function today(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
