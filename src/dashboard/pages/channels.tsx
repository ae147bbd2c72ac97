// The routes of channels: list and order, add, edit, keys, test, delete.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { ChannelView } from '../api/channel-fields.ts';
import { type ChannelWithHealth, channelHealth } from '../api/channel-health.ts';
import type { ChannelTest, Discovery } from '../api/services.ts';
import { messages } from '../i18n/messages.ts';
import {
  channelEditBody,
  modelsNamed,
  modelsOfForm,
  newChannelBody,
  valuesOfChannel,
} from './channel-body.ts';
import { ChannelForm, type FormOutcome } from './channel-form.tsx';
import { ChannelKeys } from './channel-keys.tsx';
import { ChannelList, TestOutcome } from './channel-list.tsx';
import { Confirm } from './confirm.tsx';
import { type DoneCode, redirectDone } from './done.tsx';
import { changedOnly } from './edit-form.tsx';
import { show } from './layout.tsx';
import {
  formOf,
  need,
  needAll,
  type PageContext,
  type PageEnv,
  PageProblem,
  textOf,
  type Values,
} from './page-env.ts';
import { Heading } from './parts.tsx';
import type { UsageRow } from './usage-table.tsx';

const texts = () => messages().channels;
const listAddress = '/dashboard/channels';

/** The routes under /dashboard/channels. */
export function channelRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showList(context));
  routes.post('/order', saveOrder);
  routes.get('/new', (context) => showForm(context, null, {}, { errors: {} }));
  routes.post('/new', createChannel);
  routes.get('/:id', async (context) => {
    const channel = await find(context);
    return showForm(context, channel, valuesOfChannel(channel), { errors: {} });
  });
  routes.post('/:id', editChannel);
  routes.get('/:id/delete', async (context) =>
    show(context, 'channels', texts().deleteTitle, <ChannelDelete channel={await find(context)} />),
  );
  routes.post('/:id/delete', async (context) => {
    await need(context.var.api('DELETE', pathOf(context)));
    return redirectDone(context, listAddress, 'channelDeleted');
  });
  addKeyRoutes(routes);
  return routes;
}

function addKeyRoutes(routes: Hono<PageEnv>): void {
  routes.post('/:id/test', async (context) => {
    const key = textOf(await formOf(context), 'key');
    const ask = key === '' ? {} : { key_id: key };
    const test = await need(context.var.api<ChannelTest>('POST', `${pathOf(context)}/test`, ask));
    if (key === '') return showList(context, { tested: { id: context.req.param('id'), test } });
    const channel = await find(context);
    return showForm(context, channel, valuesOfChannel(channel), { errors: {}, test });
  });
  routes.post('/:id/keys', async (context) => {
    const key = textOf(await formOf(context), 'key').trim();
    return editKeys(context, { add_keys: [key] }, 'keyAdded');
  });
  routes.get('/:id/keys/:key/delete', async (context) => {
    const channel = await find(context);
    const key = channel.keys.find(({ id }) => id === context.req.param('key'));
    if (key === undefined) throw new PageProblem(404, messages().errors.notFound);
    return show(context, 'channels', texts().removeTitle, <KeyRemoval channel={channel} hint={key.hint} />);
  });
  routes.post('/:id/keys/:key/delete', (context) =>
    editKeys(context, { remove_key_ids: [context.req.param('key')] }, 'keyRemoved'),
  );
}

async function editKeys(context: PageContext, edit: Record<string, string[]>, code: DoneCode) {
  const edited = await context.var.api('PATCH', pathOf(context), edit);
  if (edited.ok) return redirectDone(context, `/dashboard${pathOf(context)}`, code);
  const channel = await find(context);
  const keyProblem = Object.values(edited.errors)[0] ?? edited.detail;
  return showForm(context, channel, valuesOfChannel(channel), { errors: {}, keyProblem });
}

/**
 * Adds a channel. To read its models from the upstream with its key, it is stored disabled first, and enabled
 * when it has them.
 */
async function createChannel(context: PageContext) {
  const { api } = context.var;
  const values = await formOf(context);
  const body = newChannelBody(values);
  const isAsked = values.discover !== undefined;
  const lacksModels = modelsOfForm(values).length === 0 && Object.keys(body.model_map ?? {}).length === 0;
  const isStaged = isAsked || lacksModels;
  const staged = { ...body, enabled: false, ...(lacksModels && { models: ['*'] }) };
  const made = await api<ChannelWithHealth>('POST', '/channels', isStaged ? staged : body);
  if (!made.ok) return showForm(context, null, values, made);
  if (!isStaged) return redirectDone(context, listAddress, 'channelAdded');
  const path = `/channels/${made.value.id}`;
  const channel = await need(api<ChannelWithHealth>('GET', path));
  const list = await need(api<Discovery>('POST', `${path}/discover`));
  if (list.models === null || list.models.length === 0 || isAsked) {
    return showForm(context, channel, values, { ...listOutcome(list), note: texts().staged });
  }
  const models = list.models.slice(0, mostModels);
  await need(api('PATCH', path, { models, enabled: body.enabled }));
  return redirectDone(context, listAddress, 'channelAdded');
}

/** As many as a channel may have. */
const mostModels = 1_000;

async function editChannel(context: PageContext) {
  const { api } = context.var;
  const values = await formOf(context);
  const before = await find(context);
  if (values.discover !== undefined) {
    const list = await need(api<Discovery>('POST', `${pathOf(context)}/discover`));
    return showForm(context, before, values, listOutcome(list));
  }
  const edit = changedOnly(values, (said) => channelEditBody(said, before));
  const edited = await api('PATCH', pathOf(context), edit);
  if (edited.ok) return redirectDone(context, listAddress, 'channelSaved');
  return showForm(context, before, values, edited);
}

function listOutcome({ models, error }: Discovery): FormOutcome {
  if (models !== null && models.length > 0) return { errors: {}, found: models };
  return { errors: {}, detail: `${texts().noList} ${error ?? ''}`.trim() };
}

/** Saves priorities and weights of the whole list; writes only those that differ. */
async function saveOrder(context: PageContext) {
  const { api } = context.var;
  const values = await formOf(context);
  const data = await needAll<ChannelWithHealth>(api, '/channels');
  const changed = changedOnly(values, (said) => said) as Values;
  for (const channel of data) {
    const edit = Object.fromEntries(
      (['priority', 'weight'] as const).flatMap((name) => {
        const said = changed[`${name}-${channel.id}`];
        return said === undefined || said === String(channel[name])
          ? []
          : [[name, Number(said || Number.NaN)]];
      }),
    );
    if (Object.keys(edit).length === 0) continue;
    const edited = await api('PATCH', `/channels/${channel.id}`, edit);
    if (!edited.ok) {
      const [field, problem] = Object.entries(edited.errors)[0] ?? ['', edited.detail];
      return showList(context, { problem: `${channel.name}: ${field} ${problem}` });
    }
  }
  return redirectDone(context, listAddress, 'orderSaved');
}

interface ListOutcome {
  tested?: { id: string; test: ChannelTest };
  problem?: string;
}

const hourMs = 3_600_000;

async function showList(context: PageContext, { tested, problem }: ListOutcome = {}) {
  const { api, services } = context.var;
  const from = new Date(Math.floor(services.now() / hourMs) * hourMs - 23 * hourMs).toISOString();
  const [known, live, usage] = await Promise.all([
    needAll<ChannelWithHealth>(api, '/channels'),
    services.liveChannels(),
    need(api<{ data: UsageRow[] }>('GET', `/usage?group_by=channel&from=${from}`)),
  ]);
  const stored = new Set(known.map(({ id }) => id));
  const unstored = live.filter(({ id }) => !stored.has(id));
  const health = unstored.length === 0 ? {} : await services.channelHealth();
  const list = (
    <ChannelList
      channels={known.toSorted(
        (one, other) => other.priority - one.priority || one.name.localeCompare(other.name),
      )}
      others={unstored.map((channel) => ({
        channel,
        state: channelHealth(channel.id, [], health, services.now()),
      }))}
      usage={new Map(usage.data.map((row) => [row.key, row]))}
      tested={
        tested && {
          name: known.find(({ id }) => id === tested.id)?.name ?? tested.id,
          test: tested.test,
        }
      }
      problem={problem}
    />
  );
  return show(context, 'channels', texts().title, list, problem === undefined ? 200 : 400);
}

type PageOutcome = FormOutcome & { test?: ChannelTest; keyProblem?: string };

async function showForm(
  context: PageContext,
  channel: ChannelWithHealth | null,
  values: Values,
  outcome: PageOutcome,
) {
  const { test, keyProblem, detail } = outcome;
  const groups = await needAll<{ name: string }>(context.var.api, '/groups');
  const title = channel === null ? texts().add : `${texts().edit}: ${channel.name}`;
  const kept = { ...values, models: modelsNamed(values) };
  const content = (
    <div class="narrow">
      <Heading title={channel === null ? texts().add : channel.name}>
        {channel === null ? null : (
          <a href={`${listAddress}/${channel.id}/delete`} class="button outline danger small">
            {texts().delete}
          </a>
        )}
      </Heading>
      {test === undefined || channel === null ? null : <TestOutcome name={channel.name} test={test} />}
      <ChannelForm
        channel={channel}
        values={kept}
        groups={groups.map(({ name }) => name)}
        outcome={outcome}
      />
      {channel === null ? null : <ChannelKeys channel={channel} problem={keyProblem} />}
    </div>
  );
  const isWrong = detail !== undefined || keyProblem !== undefined;
  return show(context, 'channels', title, content, isWrong ? 400 : 200);
}

function find(context: PageContext): Promise<ChannelWithHealth> {
  return need(context.var.api<ChannelWithHealth>('GET', pathOf(context)));
}

function pathOf(context: PageContext): string {
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
