// The served models, their channels and prices, and an operator's own prices.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { type Alias, Aliases } from './aliases.tsx';
import { Alert } from './form.tsx';
import { show } from './layout.tsx';
import {
  formOf,
  listOf,
  need,
  needAll,
  type PageContext,
  type PageEnv,
  textOf,
  type Values,
} from './page-env.ts';
import { Badge, Empty, Heading, priceText, TableFrame } from './parts.tsx';
import { OwnPrices, type Price, PriceForm, priceBody, valuesOfPrice } from './price-form.tsx';
import { type Served, servedOf } from './served-prices.ts';

const texts = () => messages().models;

/** The routes under /dashboard/models. */
export function modelRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showModels(context, { values: { model: context.req.query('price') } }));
  routes.post('/prices', async (context) => {
    const values = await formOf(context);
    const wrong = wrongName('model', textOf(values, 'model'));
    if (wrong !== null) return showModels(context, { values, price: wrong });
    const set = await context.var.api('PUT', pathOf(textOf(values, 'model')), priceBody(values));
    if (!set.ok) return showModels(context, { values, price: set });
    return context.redirect('/dashboard/models', 303);
  });
  routes.post('/aliases', async (context) => {
    const values = await formOf(context);
    const models = listOf(values, 'alias_models');
    const wrong = wrongName('name', textOf(values, 'alias'));
    if (wrong !== null) return showModels(context, { values, alias: wrong });
    const set = await context.var.api('PUT', aliasPath(textOf(values, 'alias')), { models });
    if (!set.ok) return showModels(context, { values, alias: set });
    return context.redirect('/dashboard/models', 303);
  });
  routes.post('/aliases/delete', async (context) => {
    await need(context.var.api('DELETE', aliasPath(textOf(await formOf(context), 'alias'))));
    return context.redirect('/dashboard/models', 303);
  });
  routes.post('/prices/delete', async (context) => {
    await need(context.var.api('DELETE', pathOf(textOf(await formOf(context), 'model'))));
    return context.redirect('/dashboard/models', 303);
  });
  return routes;
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

async function showModels(context: PageContext, { values = {}, price, alias }: Outcome = {}) {
  const { api, services } = context.var;
  const [live, own, aliases] = await Promise.all([
    services.liveChannels(),
    needAll<Price>(api, '/prices'),
    needAll<Alias>(api, '/aliases'),
  ]);
  const detail = price?.detail ?? alias?.detail;
  const errors = price?.errors ?? {};
  // The page is requested with a model to set a price for. If it has a price, that one is edited.
  const asked = own.find(({ model }) => model === context.req.query('price'));
  const known = asked === undefined ? {} : valuesOfPrice(asked);
  const served = servedOf(live, own, new Date(services.now()));
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead} />
      {detail === undefined ? null : <Alert>{detail}</Alert>}
      {served.length === 0 ? <Empty>{texts().empty}</Empty> : <ModelTable served={served} />}
      <h2>{texts().overrides}</h2>
      {own.length === 0 ? <p class="quiet">{texts().noOverrides}</p> : <OwnPrices prices={own} />}
      <PriceForm values={{ ...known, ...values }} errors={errors} />
      <Aliases aliases={aliases} values={values} errors={alias?.errors ?? {}} />
    </>
  );
  return show(context, 'models', texts().title, content, detail === undefined ? 200 : 400);
}

const ModelTable: FC<{ served: readonly Served[] }> = ({ served }) => (
  <TableFrame label={texts().title}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().model}</th>
          <th scope="col">{texts().channels}</th>
          <th scope="col" class="number">
            {texts().input}
          </th>
          <th scope="col" class="number">
            {texts().output}
          </th>
          <th scope="col">{texts().source}</th>
        </tr>
      </thead>
      <tbody>
        {served.map(({ model, channels, input, output, others, source }) => (
          <tr>
            <td class="wide">
              <code>{model}</code>
              {others.map(([name, usd]) => (
                <small>{`${texts().prices[name]} ${priceText(usd)}`}</small>
              ))}
            </td>
            <td class="wide">{channels.join(', ')}</td>
            <td class="number">{input === null ? '–' : priceText(input)}</td>
            <td class="number">{output === null ? '–' : priceText(output)}</td>
            <td>
              <Badge kind={source === 'none' && !model.includes('*') ? 'warn' : 'off'}>
                {source === 'none' && model.includes('*') ? '–' : texts()[source]}
              </Badge>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
