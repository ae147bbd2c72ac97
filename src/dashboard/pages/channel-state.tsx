// The state of a channel or a key, as a word and a color.
import type { FC } from 'hono/jsx';
import type { ChannelHealth, HealthView } from '../api/channel-health.ts';
import { messages } from '../i18n/messages.ts';
import { Badge } from './parts.tsx';

const texts = () => messages().channels;

/** The state of one target. `isTried`: requests have gone there lately. */
export const HealthBadge: FC<{ health: HealthView; isTried: boolean }> = ({ health, isTried }) => {
  switch (health.state) {
    case 'refused':
      return <Badge kind="bad">{texts().refused}</Badge>;
    case 'cooling':
      return <Badge kind="bad">{texts().cooling}</Badge>;
    case 'probe':
      return <Badge kind="warn">{texts().failing}</Badge>;
    case 'test_failed':
      return <Badge kind="bad">{texts().testFailed}</Badge>;
    case 'ready':
      return isTried || health.first_byte_ms !== null ? (
        <Badge kind="good">{texts().well}</Badge>
      ) : (
        <Badge kind="off">{texts().untested}</Badge>
      );
  }
};

/** The state of a channel with its keys: the worst of them, or `off` when it is disabled. */
export const ChannelBadge: FC<{ channel: ChannelHealth & { enabled: boolean }; isTried: boolean }> = ({
  channel,
  isTried,
}) =>
  channel.enabled ? (
    <HealthBadge health={worstHealth(channel)} isTried={isTried || isAnswering(channel)} />
  ) : (
    <Badge kind="off">{texts().off}</Badge>
  );

/** Returns whether anything has come from the channel or from one of its keys of late. */
export function isAnswering({ health, keys }: ChannelHealth): boolean {
  return [health, ...keys.map((key) => key.health)].some(({ first_byte_ms }) => first_byte_ms !== null);
}

const badness = { ready: 0, test_failed: 1, probe: 2, cooling: 3, refused: 4 } as const;

export function worstHealth({ health, keys, model_health }: ChannelHealth): HealthView {
  return [health, ...[...keys, ...model_health].map((part) => part.health)].reduce((worst, next) =>
    badness[next.state] > badness[worst.state] ? next : worst,
  );
}

/** Returns the newest error of the channel in one line, or null if there was none recently. */
export function lastErrorOf({ last_error }: ChannelHealth): { text: string; at: string | null } | null {
  if (last_error === null) return null;
  const { at, status, message } = last_error;
  const isNamed = status === null || message.includes(String(status));
  return { text: isNamed ? message : `${status}: ${message}`, at };
}
