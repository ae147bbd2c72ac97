// The keys of a channel, each with its hint, state, and actions. The page never has their values.
import type { FC } from 'hono/jsx';
import type { ChannelWithHealth } from '../api/channel-health.ts';
import { messages } from '../i18n/messages.ts';
import { channelFormId } from './channel-form.tsx';
import { HealthBadge } from './channel-state.tsx';
import { ActionButton, Alert, Field } from './form.tsx';
import { TableFrame } from './parts.tsx';

const texts = () => messages().channels;

/** A key is added by the channel's form, so that what was edited there is saved, and not lost. */
export const ChannelKeys: FC<{ channel: ChannelWithHealth; problem?: string | undefined }> = ({
  channel,
  problem,
}) => {
  const address = `/dashboard/channels/${channel.id}/keys`;
  return (
    <article>
      <h2>{texts().keys}</h2>
      {problem === undefined ? null : <Alert>{problem}</Alert>}
      {channel.keys.length === 0 ? (
        <p class="quiet">{texts().noKeys}</p>
      ) : (
        <KeyTable channel={channel} address={address} />
      )}
      <div class="filters">
        <Field
          name="add_key"
          label={texts().newKey}
          type="password"
          autocomplete="off"
          form={channelFormId}
        />
        <button type="submit" name="add" value="yes" form={channelFormId} class="secondary">
          {texts().addKey}
        </button>
      </div>
      <small>{texts().keyHelp}</small>
    </article>
  );
};

const KeyTable: FC<{ channel: ChannelWithHealth; address: string }> = ({ channel, address }) => (
  <TableFrame label={texts().keys}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().key}</th>
          <th scope="col">{texts().health}</th>
          <th scope="col">{texts().edit}</th>
        </tr>
      </thead>
      <tbody>
        {channel.keys.map(({ id, hint, health }) => (
          <tr>
            <td>
              <code>{hint}</code>
            </td>
            <td class="wide">
              <HealthBadge health={health} isTried={false} />
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
                  {texts().test}
                </ActionButton>
                <a href={`${address}/${id}/delete`} class="button outline danger small">
                  {texts().removeKey}
                </a>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
