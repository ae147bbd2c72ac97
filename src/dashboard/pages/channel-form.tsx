// The form of a channel. A new one needs only a provider and a key. channel-body.ts converts its values.
import type { FC } from 'hono/jsx';
import type { ChannelWithHealth } from '../api/channel-health.ts';
import { messages } from '../i18n/messages.ts';
import { valuesOfChannel } from './channel-body.ts';
import { locationSettings, pickerOptions } from './channel-picker.ts';
import { ShownWith } from './edit-form.tsx';
import { Alert, Choice, Choices, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';

const texts = () => messages().channels;

/** What is wrong with a submitted form, or the result of reading the upstream's list. */
export interface FormOutcome {
  errors: Record<string, string>;
  /** Absent: nothing is wrong. */
  detail?: string | undefined;
  /** The upstream's own list. */
  found?: readonly string[] | undefined;
  /** A message about what succeeded. */
  note?: string | undefined;
}

interface FormFacts {
  /** Null: a new one. */
  channel: ChannelWithHealth | null;
  values: Values;
  /** Names of all groups. */
  groups: readonly string[];
  outcome: FormOutcome;
}

export const ChannelForm: FC<FormFacts> = ({ channel, values, groups, outcome }) => {
  const { errors, detail, found, note } = outcome;
  const isKnown = Object.keys(errors).some((name) => fieldNames.has(name));
  return (
    <form method="post" action={`/dashboard/channels/${channel?.id ?? 'new'}`}>
      {channel === null ? null : <ShownWith values={values} record={valuesOfChannel(channel)} />}
      {detail === undefined ? null : <Alert>{isKnown ? messages().form.notSaved : detail}</Alert>}
      {note === undefined ? null : <Alert kind="good">{note}</Alert>}
      <Choice
        name="provider"
        label={texts().provider}
        value={textOf(values, 'provider') || 'openai'}
        error={errors.provider ?? errors.preset}
        options={pickerOptions}
      />
      <Field
        name={channel === null ? 'key' : 'keys'}
        label={channel === null ? texts().key : texts().keysAgain}
        help={channel === null ? texts().keyHelp : texts().keysAgainHelp}
        type="password"
        autocomplete="off"
        error={errors.keys}
      />
      {channel === null
        ? Object.entries(texts().keyForms).map(([provider, help]) => (
            <small class={`only-for for-${provider}`}>{help}</small>
          ))
        : null}
      {locationSettings.map(({ name, provider }) => (
        <div class={`only-for for-${provider}`}>
          <Field
            name={name}
            label={texts().places[name].label}
            help={texts().places[name].help}
            value={textOf(values, name)}
            error={errors[`settings.${name}`]}
          />
        </div>
      ))}
      {found === undefined ? null : <Found found={found} chosen={listOf(values, 'models')} />}
      <details open={channel !== null || detail !== undefined}>
        <summary>{texts().more}</summary>
        <More values={values} errors={errors} found={found ?? []} />
        <GroupChoice groups={groups} values={values} error={errors.groups} />
      </details>
      <div class="actions">
        <button type="submit">{messages().form.submit}</button>
        <button type="submit" name="discover" value="yes" class="outline">
          {texts().discover}
        </button>
        <a href="/dashboard/channels">{messages().form.cancel}</a>
      </div>
      <small>{channel === null ? texts().discoverNewHelp : texts().discoverHelp}</small>
    </form>
  );
};

/** Fields that show their error beside them. */
const fieldNames = new Set([
  ...['provider', 'preset', 'keys', 'name', 'models', 'model_map', 'base_url', 'priority', 'weight'],
  ...locationSettings.map(({ name }) => `settings.${name}`),
]);

const Found: FC<{ found: readonly string[]; chosen: readonly string[] }> = ({ found, chosen }) => (
  <fieldset class="checks" tabindex={0}>
    <legend>{texts().found}</legend>
    <small>{texts().foundHelp}</small>
    <div>
      {found.map((model) => (
        <label>
          <input type="checkbox" name="found" value={model} checked={chosen.includes(model)} />
          {model}
        </label>
      ))}
    </div>
  </fieldset>
);

const More: FC<{ values: Values; errors: Record<string, string>; found: readonly string[] }> = ({
  values,
  errors,
  found,
}) => (
  <>
    <Field
      name="name"
      label={texts().name}
      help={texts().nameHelp}
      value={textOf(values, 'name')}
      error={errors.name}
    />
    <Field
      name="models"
      label={texts().models}
      help={texts().modelsHelp}
      rows={4}
      value={listOf(values, 'models')
        .filter((name) => !found.includes(name))
        .join('\n')}
      error={errors.models}
    />
    <Field
      name="model_map"
      label={texts().modelMap}
      help={texts().modelMapHelp}
      rows={2}
      value={textOf(values, 'model_map')}
      error={errors.model_map}
    />
    <Field
      name="base_url"
      label={texts().baseUrl}
      help={texts().baseUrlHelp}
      value={textOf(values, 'base_url')}
      error={errors.base_url}
    />
    <div class="row">
      <Field
        name="priority"
        label={texts().priority}
        type="number"
        value={textOf(values, 'priority') || '0'}
        error={errors.priority}
      />
      <Field
        name="weight"
        label={texts().weight}
        type="number"
        min="0"
        value={textOf(values, 'weight') || '1'}
        error={errors.weight}
      />
      <Choice
        name="enabled"
        label={texts().health}
        value={textOf(values, 'enabled') || 'yes'}
        options={[
          ['yes', texts().enabled],
          ['no', texts().off],
        ]}
      />
    </div>
  </>
);

/** With only one group there is no choice, so the field is left out. */
const GroupChoice: FC<Pick<FormFacts, 'groups' | 'values'> & { error: string | undefined }> = ({
  groups,
  values,
  error,
}) =>
  groups.length < 2 ? null : (
    <>
      <input type="hidden" name="says_groups" value="yes" />
      <Choices
        name="groups"
        label={texts().groups}
        help={texts().groupsHelp}
        error={error}
        chosen={listOf(values, 'groups')}
        options={[...new Set([...groups, ...listOf(values, 'groups')])].map((name) => [name, name] as const)}
      />
    </>
  );
