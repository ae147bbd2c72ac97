// The list of channels, with the state that the relay has seen each in.
import type { FC } from 'hono/jsx';
import type { LiveChannel } from '../../routing/catalog.ts';
import type { PlaceHealth } from '../../routing/health.ts';
import type { ChannelView } from '../api/channel-fields.ts';
import type { ChannelTest } from '../api/services.ts';
import { ActionButton, Alert } from './form.tsx';
import { Badge, Empty, Heading, TableFrame } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().channels;

interface ListFacts {
  channels: readonly ChannelView[];
  /** Of the environment, and the demo. */
  others: readonly LiveChannel[];
  health: Readonly<Record<string, PlaceHealth>>;
  now: number;
  tested?: { id: string; test: ChannelTest } | undefined;
}

export const ChannelList: FC<ListFacts> = ({ channels, others, health, now, tested }) => (
  <>
    <Heading title={words().title} lead={words().lead}>
      <a href="/dashboard/channels/new" class="button">
        {words().add}
      </a>
    </Heading>
    {tested === undefined ? null : <TestOutcome {...tested} channels={channels} />}
    {channels.length === 0 ? <Empty>{words().empty}</Empty> : null}
    {channels.length + others.length === 0 ? null : (
      <TableFrame label={words().title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words().name}</th>
              <th scope="col">{words().provider}</th>
              <th scope="col">{words().health}</th>
              <th scope="col">{words().models}</th>
              <th scope="col">{words().keys}</th>
              <th scope="col" class="number">
                {words().priority}
              </th>
              <th scope="col" class="number">
                {words().weight}
              </th>
              <th scope="col">{words().test}</th>
            </tr>
          </thead>
          <tbody>
            {channels.map((channel) => (
              <Row channel={channel} health={placesOf(channel.id, health)} now={now} />
            ))}
            {others.map(({ name, provider, models, priority, weight }) => (
              <tr>
                <td>{name}</td>
                <td>{provider}</td>
                <td>
                  <Badge kind="off">{words().fromEnvironment}</Badge>
                </td>
                <td>{modelsText(models)}</td>
                <td>–</td>
                <td class="number">{Number.isSafeInteger(priority) && priority > -1e9 ? priority : '–'}</td>
                <td class="number">{weight}</td>
                <td>–</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    )}
  </>
);

const Row: FC<{ channel: ChannelView; health: PlaceHealth[]; now: number }> = ({ channel, health, now }) => (
  <tr>
    <td>
      <a href={`/dashboard/channels/${channel.id}`}>{channel.name}</a>
    </td>
    <td>{channel.provider}</td>
    <td class="wide">
      <State isEnabled={channel.enabled} health={health} now={now} />
    </td>
    <td>{modelsText(channel.models)}</td>
    <td>
      {channel.keys.map(({ hint }) => (
        <code>{hint}</code>
      ))}
    </td>
    <td class="number">{channel.priority}</td>
    <td class="number">{channel.weight}</td>
    <td>
      <ActionButton action={`/dashboard/channels/${channel.id}/test`}>{words().test}</ActionButton>
    </td>
  </tr>
);

/** The worst of the channel's and its keys'. */
const State: FC<{ isEnabled: boolean; health: PlaceHealth[]; now: number }> = ({
  isEnabled,
  health,
  now,
}) => {
  const bad = health.filter(({ failures, isRefused }) => failures > 0 || isRefused);
  const firstByteMs = health.find((place) => place.firstByteMs !== null)?.firstByteMs ?? null;
  const error = bad.map(({ lastError }) => lastError).find((text) => text !== null);
  return (
    <>
      {stateBadge(isEnabled, bad, now)}
      {firstByteMs === null ? null : <span class="quiet">{` ${Math.round(firstByteMs)} ms`}</span>}
      {error === undefined ? null : <small>{` ${error}`}</small>}
    </>
  );
};

function stateBadge(isEnabled: boolean, bad: readonly PlaceHealth[], now: number) {
  if (!isEnabled) return <Badge kind="off">{words().off}</Badge>;
  if (bad.some(({ isRefused }) => isRefused)) return <Badge kind="bad">{words().refused}</Badge>;
  if (bad.some(({ coolUntilMs }) => coolUntilMs > now)) return <Badge kind="bad">{words().cooling}</Badge>;
  if (bad.length > 0) return <Badge kind="warn">{words().failing}</Badge>;
  return <Badge kind="good">{words().well}</Badge>;
}

const TestOutcome: FC<{ id: string; test: ChannelTest; channels: readonly ChannelView[] }> = ({
  id,
  test,
  channels,
}) => {
  const name = channels.find((channel) => channel.id === id)?.name ?? id;
  const figures = [test.status ?? '', `${Math.round(test.latency_ms)} ms`].join(' ').trim();
  return (
    <Alert kind={test.ok ? 'good' : 'error'}>
      {`${name}: ${test.ok ? words().testOk : words().testFailed} (${figures})${test.error ? ` ${test.error}` : ''}`}
    </Alert>
  );
};

function placesOf(channelId: string, health: ListFacts['health']): PlaceHealth[] {
  return Object.entries(health)
    .filter(([name]) => name === channelId || name.startsWith(`${channelId}/`))
    .map(([, place]) => place);
}

function modelsText(models: readonly string[]): string {
  const more = models.length - 2;
  return models.slice(0, 2).join(', ') + (more > 0 ? ` +${more}` : '');
}
