// The routes of channels: list and order, add, edit, keys, test, delete.
import { Hono } from 'hono';
import { errorTextOfBody } from '../../formats/error-text.ts';
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
import { addRemovalRoutes, channelPath, findChannel } from './channel-removal.tsx';
import { type DoneCode, redirectDone } from './done.tsx';
import { changedOnly } from './edit-form.tsx';
import { show } from './layout.tsx';
import { formOf, need, needAll, type PageContext, type PageEnv, textOf, type Values } from './page-env.ts';
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
    const channel = await findChannel(context);
    return showForm(context, channel, valuesOfChannel(channel), { errors: {} });
  });
  routes.post('/:id', editChannel);
  routes.post('/:id/test', testChannel);
  addRemovalRoutes(routes);
  return routes;
}

async function testChannel(context: PageContext) {
  const key = textOf(await formOf(context), 'key');
  const ask = key === '' ? {} : { key_id: key };
  const test = await need(context.var.api<ChannelTest>('POST', `${channelPath(context)}/test`, ask));
  if (key === '') return showList(context, { tested: { id: context.req.param('id') ?? '', test } });
  const channel = await findChannel(context);
  return showForm(context, channel, valuesOfChannel(channel), { errors: {}, test });
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
  const path = `/channels/${made.value.id}`;
  if (!isStaged) return afterSaving(context, made.value.id, values, 'channelAdded');
  const channel = await need(api<ChannelWithHealth>('GET', path));
  const list = await need(api<Discovery>('POST', `${path}/discover`));
  if (list.models === null || list.models.length === 0 || isAsked) {
    const draft = { ...values, draft: 'yes' };
    return showForm(context, channel, draft, { ...listOutcome(list), note: texts().staged });
  }
  const models = list.models.slice(0, mostModels);
  await need(api('PATCH', path, { models, enabled: body.enabled }));
  return afterSaving(context, made.value.id, values, 'channelAdded');
}

/** Shows the list; first tests the channel if the form was sent by the button that asks for it. */
async function afterSaving(context: PageContext, id: string, values: Values, code: DoneCode) {
  if (values.test === undefined) return redirectDone(context, listAddress, code);
  const test = await need(context.var.api<ChannelTest>('POST', `/channels/${id}/test`, {}));
  return showList(context, { tested: { id, test } });
}

/** As many as a channel may have. */
const mostModels = 1_000;

async function editChannel(context: PageContext) {
  const { api } = context.var;
  const values = await formOf(context);
  const before = await findChannel(context);
  if (values.discover !== undefined) {
    const list = await need(api<Discovery>('POST', `${channelPath(context)}/discover`));
    return showForm(context, before, values, listOutcome(list));
  }
  const edit = changedOnly(values, (sent) => channelEditBody(sent, before));
  const added = textOf(values, 'add_key').trim();
  const isAdding = values.add !== undefined;
  const keys = added !== '' || isAdding ? { add_keys: [added] } : {};
  const edited = await api('PATCH', channelPath(context), { ...edit, ...keys });
  if (!edited.ok) {
    const keyProblem = edited.errors.add_keys;
    return showForm(context, before, values, { ...edited, ...(keyProblem !== undefined && { keyProblem }) });
  }
  if (isAdding) return redirectDone(context, `/dashboard${channelPath(context)}`, 'keyAdded');
  return afterSaving(context, before.id, values, 'channelSaved');
}

/** Says in words why there is no list. */
function listOutcome({ models, error = '' }: Discovery): FormOutcome {
  if (models !== null && models.length > 0) return { errors: {}, found: models };
  const [, status = '', body = error] = /answered (\d{3}): (.*)$/s.exec(error) ?? [];
  const reason = errorTextOfBody(Number(status), body);
  const numbered = status === '' || reason.includes(status) ? reason : `${status}: ${reason}`;
  return { errors: {}, detail: error === '' ? texts().noList : `${texts().noList} (${numbered})` };
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
          id: tested.id,
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
