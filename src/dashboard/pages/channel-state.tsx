// How a channel or a key fares, in a word and a colour.
import type { FC } from 'hono/jsx';
import type { ChannelWithHealth, HealthView } from '../api/channel-health.ts';
import { Badge } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().channels;

/** Of one place. */
export const HealthBadge: FC<{ health: HealthView }> = ({ health }) => {
  switch (health.state) {
    case 'refused':
      return <Badge kind="bad">{words().refused}</Badge>;
    case 'cooling':
      return <Badge kind="bad">{words().cooling}</Badge>;
    case 'probe':
      return <Badge kind="warn">{words().failing}</Badge>;
    case 'ready':
      return <Badge kind="good">{words().well}</Badge>;
  }
};

/** Of a channel with its keys: the worst of them, but `off` when it is disabled. */
export const ChannelBadge: FC<{ channel: Pick<ChannelWithHealth, 'enabled' | 'health' | 'keys'> }> = ({
  channel,
}) =>
  channel.enabled ? <HealthBadge health={worstHealth(channel)} /> : <Badge kind="off">{words().off}</Badge>;

const badness = { ready: 0, probe: 1, cooling: 2, refused: 3 } as const;

export function worstHealth({ health, keys }: Pick<ChannelWithHealth, 'health' | 'keys'>): HealthView {
  return [health, ...keys.map((key) => key.health)].reduce((worst, next) =>
    badness[next.state] > badness[worst.state] ? next : worst,
  );
}

/** The newest error of the channel or of one of its keys; null: there was none of late. */
export function lastErrorOf({
  health,
  keys,
}: Pick<ChannelWithHealth, 'health' | 'keys'>): { text: string; at: string | null } | null {
  const all = [health, ...keys.map((key) => key.health)].filter(({ last_error }) => last_error !== null);
  const [newest] = all.sort((one, other) =>
    (other.last_error_at ?? '').localeCompare(one.last_error_at ?? ''),
  );
  return newest === undefined ? null : { text: newest.last_error ?? '', at: newest.last_error_at };
}
