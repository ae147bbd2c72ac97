// An operator's own prices and aliases: the forms, the lists, and the questions before one is removed.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { type Alias, AliasForm, AliasTable } from './aliases.tsx';
import { redirectDone } from './done.tsx';
import { show } from './layout.tsx';
import {
  formOf,
  listOf,
  need,
  needAll,
  type PageContext,
  type PageEnv,
  servedModels,
  textOf,
  type Values,
} from './page-env.ts';
import { Heading } from './parts.tsx';
import { OwnPrices, type Price, PriceForm, priceBody, valuesOfPrice } from './price-form.tsx';

const texts = () => messages().models;
const listPath = '/dashboard/models/prices';

/** The routes under /dashboard/models that change prices and aliases. */
export function priceRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/prices', (context) => showPrices(context));
  routes.post('/prices', async (context) => {
    const values = await formOf(context);
    const wrong = wrongName('model', textOf(values, 'model'));
    if (wrong !== null) return showPrices(context, { values, price: wrong });
    const set = await context.var.api('PUT', pathOf(textOf(values, 'model')), priceBody(values));
    if (!set.ok) return showPrices(context, { values, price: besideFields(set) });
    return redirectDone(context, listPath, 'priceSaved');
  });
  routes.post('/aliases', async (context) => {
    const values = await formOf(context);
    const wrong = wrongName('name', textOf(values, 'alias'));
    if (wrong !== null) return showPrices(context, { values, alias: wrong });
    const models = listOf(values, 'alias_models');
    const set = await context.var.api('PUT', aliasPath(textOf(values, 'alias')), { models });
    if (!set.ok) return showPrices(context, { values, alias: besideFields(set) });
    return redirectDone(context, listPath, 'aliasSaved');
  });
  addRemovals(routes);
  return routes;
}

function addRemovals(routes: Hono<PageEnv>): void {
  routes.get('/prices/delete', (context) => {
    const name = context.req.query('model') ?? '';
    const question = {
      title: texts().resetTitle,
      warning: texts().resetWarning,
      confirm: texts().resetPrice,
    };
    return show(context, 'prices', question.title, <Removal {...question} field="model" name={name} />);
  });
  routes.post('/prices/delete', async (context) => {
    await need(context.var.api('DELETE', pathOf(textOf(await formOf(context), 'model'))));
    return redirectDone(context, listPath, 'priceReset');
  });
  routes.get('/aliases/delete', (context) => {
    const name = context.req.query('alias') ?? '';
    const question = {
      title: texts().removeTitle,
      warning: texts().removeWarning,
      confirm: texts().removeAlias,
    };
    return show(context, 'prices', question.title, <Removal {...question} field="alias" name={name} />);
  });
  routes.post('/aliases/delete', async (context) => {
    await need(context.var.api('DELETE', aliasPath(textOf(await formOf(context), 'alias'))));
    return redirectDone(context, listPath, 'aliasRemoved');
  });
}

const Removal: FC<{ title: string; warning: string; confirm: string; field: string; name: string }> = ({
  title,
  warning,
  confirm,
  field,
  name,
}) => (
  <div class="narrow">
    <Heading title={title} />
    <article>
      <code>{name}</code>
    </article>
    <p>{warning}</p>
    <form method="post" class="actions">
      <input type="hidden" name={field} value={name} />
      <button type="submit" class="danger">
        {confirm}
      </button>
      <a href={listPath}>{messages().form.cancel}</a>
    </form>
  </div>
);

/** The errors stand beside their fields; the message above does not repeat them. */
function besideFields({ detail, errors }: Wrong): Wrong {
  return { detail: Object.keys(errors).length > 0 ? messages().form.notSaved : detail, errors };
}

/** Returns an error for a name that no URL can contain, or null. */
function wrongName(field: string, name: string): Wrong | null {
  if (!/^\.{0,2}$/.test(name.trim())) return null;
  return { detail: messages().form.notSaved, errors: { [field]: texts().noName } };
}

function pathOf(model: string): string {
  return `/prices/${encodeURIComponent(model.trim())}`;
}

function aliasPath(name: string): string {
  return `/aliases/${encodeURIComponent(name.trim())}`;
}

/** The submitted values, and what is wrong with them. */
interface Outcome {
  values?: Values;
  price?: Wrong;
  alias?: Wrong;
}

interface Wrong {
  detail: string;
  errors: Record<string, string>;
}

async function showPrices(context: PageContext, { values = {}, price, alias }: Outcome = {}) {
  const { api, services } = context.var;
  const [own, aliases, names] = await Promise.all([
    needAll<Price>(api, '/prices'),
    needAll<Alias>(api, '/aliases'),
    servedModels(services),
  ]);
  const model = context.req.query('model');
  const known = own.find((one) => one.model === model);
  const shown = known === undefined ? { model } : valuesOfPrice(known);
  const content = (
    <>
      <Heading title={texts().pricesTitle} lead={texts().pricesLead}>
        <a href="/dashboard/models" class="button outline">
          {texts().back}
        </a>
      </Heading>
      <div class="columns">
        <PriceForm values={price === undefined ? shown : values} names={names} wrong={price} />
        <AliasForm values={alias === undefined ? {} : values} wrong={alias} />
      </div>
      <h2>{texts().overrides}</h2>
      {own.length === 0 ? <p class="quiet">{texts().noOverrides}</p> : <OwnPrices prices={own} />}
      <h2 id="aliases">{texts().aliases}</h2>
      {aliases.length === 0 ? <p class="quiet">{texts().noAliases}</p> : <AliasTable aliases={aliases} />}
    </>
  );
  const isWrong = price !== undefined || alias !== undefined;
  return show(context, 'prices', texts().pricesTitle, content, isWrong ? 400 : 200);
}
