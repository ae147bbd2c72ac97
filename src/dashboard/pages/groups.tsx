// Groups: limits of every token in them, and their price. For admins.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { GroupView } from '../api/group-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Confirm } from './confirm.tsx';
import { redirectDone } from './done.tsx';
import { changedOnly, ShownWith } from './edit-form.tsx';
import { Alert, Choices, Field } from './form.tsx';
import { show } from './layout.tsx';
import { LimitFields, limitsChosen, ModelChoice, modelsChosen } from './model-choice.tsx';
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
import { count, Empty, Heading, Pager, TableFrame } from './parts.tsx';

const texts = () => messages().groups;
const listAddress = '/dashboard/groups';

/** The routes under /dashboard/groups. */
export function groupRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', showList);
  routes.get('/new', (context) => showForm(context, null, { price_multiplier: '1' }, {}));
  routes.post('/new', async (context) => {
    const values = await formOf(context);
    const body = { name: textOf(values, 'name').trim(), ...groupBody(values) };
    const made = await context.var.api('POST', '/groups', body);
    if (!made.ok) return showForm(context, null, values, made.errors, made.detail);
    return redirectDone(context, listAddress, 'groupSaved');
  });
  routes.get('/:name', async (context) => {
    const group = await find(context);
    return showForm(context, group, valuesOfGroup(group), {});
  });
  routes.post('/:name', async (context) => {
    const values = await formOf(context);
    const edited = await context.var.api('PATCH', pathOf(context), changedOnly(values, groupBody));
    if (edited.ok) return redirectDone(context, listAddress, 'groupSaved');
    return showForm(context, await find(context), values, edited.errors, edited.detail);
  });
  routes.get('/:name/delete', async (context) => showDelete(context));
  routes.post('/:name/delete', async (context) => {
    const deleted = await context.var.api('DELETE', pathOf(context));
    if (deleted.ok) return redirectDone(context, listAddress, 'groupDeleted');
    return showDelete(context, deleted.detail);
  });
  return routes;
}

interface Named {
  id: string;
  name: string;
}

async function showList(context: PageContext) {
  const { api, services } = context.var;
  const cursor = context.req.query('cursor');
  const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
  const [page, channels] = await Promise.all([
    need(api<{ data: GroupView[]; next_cursor: string | null }>('GET', `/groups${query}`)),
    services.liveChannels(),
  ]);
  const isLonely = page.data.length === 1 && cursor === undefined;
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead}>
        <a href={`${listAddress}/new`} class="button">
          {texts().add}
        </a>
      </Heading>
      <GroupTable groups={page.data} channels={channels} />
      {isLonely ? (
        <Empty>
          <p>{texts().empty}</p>
        </Empty>
      ) : null}
      <Pager url={context.req.url} next={page.next_cursor} />
    </>
  );
  return show(context, 'groups', texts().title, content);
}

const GroupTable: FC<{ groups: readonly GroupView[]; channels: readonly Named[] }> = ({
  groups,
  channels,
}) => {
  const names = new Map(channels.map(({ id, name }) => [id, name]));
  return (
    <TableFrame label={texts().title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts().name}</th>
            <th scope="col" class="number">
              {texts().multiplier}
            </th>
            <th scope="col">{texts().models}</th>
            <th scope="col">{texts().channels}</th>
            <th scope="col">{texts().limits}</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr>
              <td class="wide">
                <a href={`${listAddress}/${group.name}`}>{group.name}</a>
              </td>
              <td class="number">{`× ${group.price_multiplier}`}</td>
              <td class="wide">{group.models.join(', ') || texts().all}</td>
              <td class="wide">
                {group.channels.map((id) => names.get(id) ?? id).join(', ') || texts().all}
              </td>
              <td class="wide">{limitsText(group.limits)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
};

function limitsText(limits: GroupView['limits']): string {
  const said = (['rpm', 'tpm', 'concurrency'] as const).flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [`${messages().tokens[name]}: ${count(limit)}`];
  });
  return said.join(', ') || texts().noLimits;
}

async function showForm(
  context: PageContext,
  group: GroupView | null,
  values: Values,
  errors: Record<string, string>,
  detail?: string,
) {
  const { api, services } = context.var;
  const [models, channels] = await Promise.all([servedModels(services), needAll<Named>(api, '/channels')]);
  const title = group === null ? texts().add : group.name;
  const content = (
    <div class="narrow">
      <Heading title={title}>
        {group === null || group.name === 'default' ? null : (
          <a href={`${listAddress}/${group.name}/delete`} class="button outline danger small">
            {texts().delete}
          </a>
        )}
      </Heading>
      {detail === undefined ? null : (
        <Alert>{Object.keys(errors).length > 0 ? messages().form.notSaved : detail}</Alert>
      )}
      <form method="post" data-guard>
        {group === null ? null : <ShownWith values={values} record={valuesOfGroup(group)} />}
        {group === null ? (
          <Field
            name="name"
            label={texts().name}
            help={texts().nameHelp}
            value={textOf(values, 'name')}
            error={errors.name}
            autocomplete="off"
            required
          />
        ) : null}
        <Field
          name="price_multiplier"
          label={texts().multiplier}
          help={texts().multiplierHelp}
          type="number"
          min="0"
          step="any"
          value={textOf(values, 'price_multiplier')}
          error={errors.price_multiplier}
          required
        />
        <ModelChoice models={models} values={values} errors={errors} />
        <Choices
          name="channels"
          label={texts().channels}
          help={texts().channelsHelp}
          error={errors.channels}
          chosen={listOf(values, 'channels')}
          options={channels.map(({ id, name }) => [id, name] as const)}
        />
        <LimitFields values={values} errors={errors} />
        <p class="quiet">{texts().limitsHelp}</p>
        <div class="actions">
          <button type="submit">{messages().form.submit}</button>
          <a href={listAddress}>{messages().form.cancel}</a>
        </div>
      </form>
    </div>
  );
  return show(context, 'groups', title, content, detail === undefined ? 200 : 400);
}

async function showDelete(context: PageContext, problem?: string) {
  const { name } = await find(context);
  const content = (
    <Confirm
      title={texts().deleteTitle}
      facts={[[texts().name, name]]}
      warning={texts().deleteWarning}
      submit={texts().deleteConfirm}
      back={`${listAddress}/${name}`}
      problem={problem}
    />
  );
  return show(context, 'groups', texts().deleteTitle, content, problem === undefined ? 200 : 409);
}

function groupBody(values: Values): Record<string, unknown> {
  return {
    price_multiplier: Number(textOf(values, 'price_multiplier') || Number.NaN),
    models: modelsChosen(values),
    channels: listOf(values, 'channels'),
    limits: limitsChosen(values),
  };
}

function valuesOfGroup({ price_multiplier, models, channels, limits }: GroupView): Values {
  const text = (value: number | undefined) => (value === undefined ? '' : String(value));
  return {
    price_multiplier: String(price_multiplier),
    models,
    channels,
    rpm: text(limits.rpm),
    tpm: text(limits.tpm),
    concurrency: text(limits.concurrency),
  };
}

function find(context: PageContext): Promise<GroupView> {
  return need(context.var.api<GroupView>('GET', pathOf(context)));
}

function pathOf(context: PageContext): string {
  return `/groups/${encodeURIComponent(context.req.param('name') ?? '')}`;
}
