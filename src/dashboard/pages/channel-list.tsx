// The list of channels in the order in which they are tried, with the state that the relay sees.
import type { FC } from 'hono/jsx';
import { errorTextOfBody } from '../../formats/error-text.ts';
import type { LiveChannel } from '../../routing/catalog.ts';
import type { ChannelHealth, ChannelWithHealth } from '../api/channel-health.ts';
import type { ChannelTest } from '../api/services.ts';
import { messages } from '../i18n/messages.ts';
import { kindLabel } from './channel-picker.ts';
import { ChannelBadge, HealthBadge, isAnswering, lastErrorOf, worstHealth } from './channel-state.tsx';
import { ShownWith } from './edit-form.tsx';
import { ActionButton, Alert } from './form.tsx';
import type { Values } from './page-env.ts';
import { Badge, count, Empty, Heading, milliseconds, percent, TableFrame, Time } from './parts.tsx';
import type { UsageRow } from './usage-table.tsx';

const texts = () => messages().channels;

/** A channel of the environment, or of the demo, with its state. */
interface OtherChannel {
  channel: LiveChannel;
  state: ChannelHealth;
}

interface ListFacts {
  /** The first is tried first. */
  channels: readonly ChannelWithHealth[];
  others: readonly OtherChannel[];
  /** Of the last 24 hours, by channel id. */
  usage: ReadonlyMap<string, UsageRow>;
  tested?: { id: string; name: string; test: ChannelTest } | undefined;
  problem?: string | undefined;
}

export const ChannelList: FC<ListFacts> = ({ channels, others, usage, tested, problem }) => (
  <>
    <script src="/channels.js" type="module"></script>
    <Heading title={texts().title} lead={texts().lead}>
      <a href="/dashboard/channels/new" class="button">
        {texts().add}
      </a>
    </Heading>
    {problem === undefined ? null : <Alert>{problem}</Alert>}
    {tested === undefined ? null : <TestOutcome {...tested} />}
    {channels.length === 0 ? (
      <Empty>
        <p>{texts().empty}</p>
      </Empty>
    ) : null}
    {channels.length + others.length === 0 ? null : (
      <ChannelTable channels={channels} others={others} usage={usage} />
    )}
    {channels.length === 0 ? null : (
      <form id="order" method="post" action="/dashboard/channels/order" class="actions">
        <ShownWith values={{}} record={orderOf(channels)} />
        <button type="submit" class="secondary">
          {texts().saveOrder}
        </button>
        <span class="quiet" id="order-note" aria-live="polite" data-moved={texts().moved}>
          {texts().orderHelp}
        </span>
      </form>
    )}
  </>
);

/** The values that the order's form was shown with. */
function orderOf(channels: readonly ChannelWithHealth[]): Values {
  const places = channels.flatMap(({ id, priority, weight }) => [
    [`priority-${id}`, String(priority)],
    [`weight-${id}`, String(weight)],
  ]);
  return Object.fromEntries(places);
}

const ChannelTable: FC<Pick<ListFacts, 'channels' | 'others' | 'usage'>> = ({ channels, others, usage }) => (
  <TableFrame label={texts().title}>
    <table id="channels">
      <thead>
        <tr>
          <th scope="col">{texts().name}</th>
          <th scope="col">{texts().health}</th>
          <th scope="col" class="number">
            {texts().firstByteDay}
          </th>
          <th scope="col" class="number">
            {texts().errorRate}
          </th>
          <th scope="col">{texts().models}</th>
          <th scope="col" class="number">
            {texts().priority}
          </th>
          <th scope="col" class="number">
            {texts().weight}
          </th>
          <th scope="col">{texts().test}</th>
        </tr>
      </thead>
      <tbody>
        {channels.map((channel) => (
          <Row channel={channel} usage={usage.get(channel.id)} />
        ))}
      </tbody>
      {others.length === 0 ? null : (
        <tbody>
          {others.map(({ channel, state }) => (
            <OtherRow channel={channel} state={state} usage={usage.get(channel.id)} />
          ))}
        </tbody>
      )}
    </table>
  </TableFrame>
);

const Row: FC<{ channel: ChannelWithHealth; usage: UsageRow | undefined }> = ({ channel, usage }) => (
  <tr data-name={channel.name}>
    <td>
      <button type="button" class="grip" hidden aria-label={`${texts().move}: ${channel.name}`}>
        ⠿
      </button>
      <a href={`/dashboard/channels/${channel.id}`}>{channel.name}</a>
      <small>{subtitle(channel)}</small>
    </td>
    <td class="wide">
      <ChannelBadge channel={channel} isTried={usage !== undefined} />
      <LastError channel={channel} />
    </td>
    <Figures usage={usage} />
    <td class="wide">{shortList(channel.models)}</td>
    {(['priority', 'weight'] as const).map((name) => (
      <td class="number">
        <input
          form="order"
          type="number"
          step="1"
          min={name === 'weight' ? '0' : undefined}
          name={`${name}-${channel.id}`}
          value={channel[name]}
          aria-label={`${texts()[name]}: ${channel.name}`}
          required
        />
      </td>
    ))}
    <td>
      <ActionButton action={`/dashboard/channels/${channel.id}/test`}>{texts().test}</ActionButton>
    </td>
  </tr>
);

const OtherRow: FC<OtherChannel & { usage: UsageRow | undefined }> = ({ channel, state, usage }) => (
  <tr>
    <td>
      {channel.name}
      <small>{texts().fromEnvironment}</small>
    </td>
    <td class="wide">
      <HealthBadge health={worstHealth(state)} isTried={usage !== undefined || isAnswering(state)} />
      <LastError channel={state} />
    </td>
    <Figures usage={usage} />
    <td class="wide">{shortList(channel.models)}</td>
    <td class="number">
      {channel.lastResort ? <Badge kind="off">{texts().lastResort}</Badge> : channel.priority}
    </td>
    <td class="number">{channel.weight}</td>
    <td>–</td>
  </tr>
);

const Figures: FC<{ usage: UsageRow | undefined }> = ({ usage }) => (
  <>
    <td class="number">{milliseconds(usage?.ttfb_ms ?? null)}</td>
    <td class="number">
      {usage === undefined ? (
        '–'
      ) : (
        <>
          {percent(usage.errors ?? 0, usage.attempts ?? usage.requests)}
          <small>{`${texts().of} ${count(usage.attempts ?? usage.requests)}`}</small>
        </>
      )}
    </td>
  </>
);

const LastError: FC<{ channel: Parameters<typeof lastErrorOf>[0] }> = ({ channel }) => {
  const error = lastErrorOf(channel);
  if (error === null) return null;
  return (
    <small class="last-error">
      {`${texts().lastError}: ${error.text} `}
      {error.at === null ? null : <Time at={error.at} />}
    </small>
  );
};

/** The outcome in words: what the provider said, and what to do. */
/** `id`: of a channel on another page, where it is fixed. */
export const TestOutcome: FC<{ id?: string; name: string; test: ChannelTest }> = ({ id, name, test }) => {
  if (test.ok)
    return <Alert kind="good">{`${name}: ${texts().testOk} · ${milliseconds(test.latency_ms)}`}</Alert>;
  const said = errorTextOfBody(test.status ?? 0, test.error ?? '');
  const status = test.status === null || said.includes(String(test.status)) ? '' : `${test.status} `;
  const shown = said.slice(0, shownCharacters);
  return (
    <Alert>
      {`${name}: ${texts().testFailed} · ${status}${shown}`} {texts().testNext[nextStepOf(test.status)]}{' '}
      {id === undefined ? null : <a href={`/dashboard/channels/${id}`}>{texts().edit}</a>}
    </Alert>
  );
};

/** Of what the provider said. The API has all of it. */
const shownCharacters = 300;

function nextStepOf(status: number | null): keyof ReturnType<typeof texts>['testNext'] {
  if (status === null) return 'unreachable';
  if (status === 401 || status === 402 || status === 403) return 'key';
  if (status === 429) return 'limited';
  return status >= 500 ? 'provider' : 'address';
}

/** The kind of a channel, and the hints of its keys. */
function subtitle(channel: ChannelWithHealth): string {
  const hints = channel.keys.map(({ hint }) => hint);
  return hints.length === 0 ? kindLabel(channel) : `${kindLabel(channel)} · ${shortList(hints)}`;
}

/** The first two, and the number of others. */
function shortList(names: readonly string[]): string {
  const more = names.length - 2;
  return names.slice(0, 2).join(', ') + (more > 0 ? ` +${more}` : '');
}
