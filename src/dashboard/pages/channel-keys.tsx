// The keys of a channel: each with its hint, its state, and what can be done to it. Their values are never here.
import type { FC } from 'hono/jsx';
import type { ChannelWithHealth } from '../api/channel-health.ts';
import { strings } from '../i18n/messages.ts';
import { HealthBadge } from './channel-state.tsx';
import { ActionButton, Alert, Field } from './form.tsx';
import { TableFrame } from './parts.tsx';

const words = () => strings().channels;

export const ChannelKeys: FC<{ channel: ChannelWithHealth; problem?: string | undefined }> = ({
  channel,
  problem,
}) => {
  const address = `/dashboard/channels/${channel.id}/keys`;
  return (
    <article>
      <h2>{words().keys}</h2>
      {problem === undefined ? null : <Alert>{problem}</Alert>}
      {channel.keys.length === 0 ? (
        <p class="quiet">{words().noKeys}</p>
      ) : (
        <KeyTable channel={channel} address={address} />
      )}
      <form method="post" action={address} class="filters">
        <Field name="key" label={words().newKey} type="password" autocomplete="off" required />
        <button type="submit" class="secondary">
          {words().addKey}
        </button>
      </form>
      <small>{words().keyHelp}</small>
    </article>
  );
};

const KeyTable: FC<{ channel: ChannelWithHealth; address: string }> = ({ channel, address }) => (
  <TableFrame label={words().keys}>
    <table>
      <thead>
        <tr>
          <th scope="col">{words().key}</th>
          <th scope="col">{words().health}</th>
          <th scope="col">{words().edit}</th>
        </tr>
      </thead>
      <tbody>
        {channel.keys.map(({ id, hint, health }) => (
          <tr>
            <td>
              <code>{hint}</code>
            </td>
            <td class="wide">
              <HealthBadge health={health} />
              {health.last_error === null ? null : <small class="last-error">{health.last_error}</small>}
              {channel.model_health
                .filter(({ key_id }) => key_id === id)
                .map(({ model, health: { last_error } }) => (
                  <small class="last-error">{`${model}: ${last_error}`}</small>
                ))}
            </td>
            <td>
              <span class="actions">
                <ActionButton action={`/dashboard/channels/${channel.id}/test`} values={{ key: id }}>
                  {words().test}
                </ActionButton>
                <ActionButton action={`${address}/${id}/delete`} look="outline danger small">
                  {words().removeKey}
                </ActionButton>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
