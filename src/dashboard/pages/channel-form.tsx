// The form of a channel: a provider and a key are enough for a new one.
import type { FC } from 'hono/jsx';
import { type ProviderName, providerNames } from '../../routing/channel.ts';
import type { ChannelView, SettingsView } from '../api/channel-fields.ts';
import { placeSettings, providerFacts } from './channel-providers.ts';
import { Alert, Choice, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';
import { Heading } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().channels;

interface FormFacts {
  /** null: a new one. */
  channel: ChannelView | null;
  values: Values;
  errors: Record<string, string>;
  detail?: string | undefined;
}

export const ChannelForm: FC<FormFacts> = ({ channel, values, errors, detail }) => (
  <div class="narrow">
    <Heading title={channel === null ? words().add : channel.name}>
      {channel === null ? null : (
        <a href={`/dashboard/channels/${channel.id}/delete`} class="button outline danger small">
          {words().delete}
        </a>
      )}
    </Heading>
    {detail === undefined ? null : <Alert>{strings().form.notSaved}</Alert>}
    <form method="post">
      <Choice
        name="provider"
        label={words().provider}
        value={textOf(values, 'provider') || 'openai'}
        error={errors.provider}
        options={providerNames.map((name) => [name, providerFacts[name].label])}
      />
      {channel === null ? null : (
        <p>
          {`${words().keys}: `}
          {channel.keys.map(({ hint }) => (
            <code>{hint}</code>
          ))}
        </p>
      )}
      <Field
        name="key"
        label={channel === null ? words().key : words().newKey}
        help={words().keyHelp}
        type="password"
        autocomplete="off"
        error={errors.keys ?? errors.add_keys}
      />
      {Object.entries(words().keyForms).map(([provider, help]) => (
        <small class={`only-for for-${provider}`}>{help}</small>
      ))}
      {placeSettings.map(({ name, provider }) => (
        <div class={`only-for for-${provider}`}>
          <Field
            name={name}
            label={words().places[name].label}
            help={words().places[name].help}
            value={textOf(values, name)}
            error={errors[`settings.${name}`]}
          />
        </div>
      ))}
      <details open={channel !== null || detail !== undefined}>
        <summary>{words().more}</summary>
        <More values={values} errors={errors} />
      </details>
      <div class="actions">
        <button type="submit">{strings().form.submit}</button>
        <a href="/dashboard/channels">{strings().form.cancel}</a>
      </div>
    </form>
  </div>
);

const More: FC<Pick<FormFacts, 'values' | 'errors'>> = ({ values, errors }) => (
  <>
    <Field
      name="name"
      label={words().name}
      help={words().nameHelp}
      value={textOf(values, 'name')}
      error={errors.name}
    />
    <Field
      name="models"
      label={words().models}
      help={words().modelsHelp}
      rows={4}
      value={listOf(values, 'models').join('\n')}
      error={errors.models}
    />
    <Field
      name="base_url"
      label={words().baseUrl}
      help={words().baseUrlHelp}
      value={textOf(values, 'base_url')}
      error={errors.base_url}
    />
    <div class="row">
      <Field
        name="priority"
        label={words().priority}
        type="number"
        value={textOf(values, 'priority') || '0'}
        error={errors.priority}
      />
      <Field
        name="weight"
        label={words().weight}
        type="number"
        min="0"
        value={textOf(values, 'weight') || '1'}
        error={errors.weight}
      />
    </div>
    <Choice
      name="enabled"
      label={words().health}
      value={textOf(values, 'enabled') || 'yes'}
      options={[
        ['yes', words().enabled],
        ['no', words().off],
      ]}
    />
  </>
);

/** What a form says, as the management API takes it. `before`: the channel that is edited; null: a new one. */
export function channelBody(values: Values, before: ChannelView | null): Record<string, unknown> {
  const provider = textOf(values, 'provider');
  const key = textOf(values, 'key').trim();
  const models = listOf(values, 'models');
  const facts = Object.hasOwn(providerFacts, provider) ? providerFacts[provider as ProviderName] : undefined;
  const keys = key === '' ? [] : [key];
  return {
    provider,
    name: textOf(values, 'name').trim() || (facts?.label ?? provider),
    models: models.length > 0 ? models : (facts?.models ?? []),
    base_url: textOf(values, 'base_url').trim() || null,
    priority: Number(textOf(values, 'priority') || '0'),
    weight: Number(textOf(values, 'weight') || '1'),
    enabled: textOf(values, 'enabled') !== 'no',
    settings: settingsBody(values, provider, before),
    ...(before === null ? { keys } : keys.length > 0 ? { add_keys: keys } : {}),
  };
}

/** The settings that the form does not show stay as they are; those of another provider go. */
function settingsBody(values: Values, provider: string, before: ChannelView | null): SettingsView {
  const { region, project, location, ...kept } = before?.settings ?? {};
  const own = placeSettings.filter((setting) => setting.provider === provider);
  const given = own.map(({ name }) => [name, textOf(values, name).trim()] as const);
  return { ...kept, ...Object.fromEntries(given.filter(([, value]) => value !== '')) };
}

/** A channel as the form shows it. */
export function valuesOfChannel(channel: ChannelView): Values {
  return {
    provider: channel.provider,
    name: channel.name,
    models: channel.models,
    base_url: channel.base_url ?? '',
    priority: String(channel.priority),
    weight: String(channel.weight),
    enabled: channel.enabled ? 'yes' : 'no',
    ...Object.fromEntries(placeSettings.map(({ name }) => [name, channel.settings[name] ?? ''])),
  };
}
