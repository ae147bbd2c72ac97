// The form of a channel. A new one needs only a provider and a key. channel-body.ts converts its values.
import type { FC } from 'hono/jsx';
import type { ChannelWithHealth } from '../api/channel-health.ts';
import { messages } from '../i18n/messages.ts';
import { valuesOfChannel } from './channel-body.ts';
import { GroupChoice, More } from './channel-more.tsx';
import { locationSettings, pickerOptions } from './channel-picker.ts';
import { ShownWith } from './edit-form.tsx';
import { Alert, Choice, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';

const texts = () => messages().channels;

/** The id of the form. The field of a further key belongs to it. */
export const channelFormId = 'channel-form';

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
  const isDraft = textOf(values, 'draft') !== '';
  const isKnown = Object.keys(errors).some((name) => fieldNames.has(name));
  return (
    <form id={channelFormId} method="post" action={`/dashboard/channels/${channel?.id ?? 'new'}`} data-guard>
      <script src="/channels.js" type="module"></script>
      {channel === null ? null : <ShownWith values={values} record={valuesOfChannel(channel)} />}
      {isDraft ? <input type="hidden" name="draft" value="yes" /> : null}
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
      <Field
        name="base_url"
        label={texts().baseUrl}
        help={texts().baseUrlHelp}
        value={textOf(values, 'base_url')}
        error={errors.base_url}
      />
      {found === undefined ? null : <Found found={found} chosen={listOf(values, 'models')} />}
      <details open={channel !== null || detail !== undefined}>
        <summary>{texts().more}</summary>
        <More values={values} errors={errors} found={found ?? []} />
        <GroupChoice groups={groups} values={values} error={errors.groups} />
      </details>
      <div class="actions">
        <button type="submit">{messages().form.submit}</button>
        <button type="submit" name="test" value="yes" class="outline">
          {texts().saveAndTest}
        </button>
        <button type="submit" name="discover" value="yes" class="outline">
          {texts().discover}
        </button>
        {channel !== null && isDraft ? (
          <button
            type="submit"
            class="outline secondary"
            formaction={`/dashboard/channels/${channel.id}/discard`}
            formnovalidate
          >
            {messages().form.cancel}
          </button>
        ) : (
          <a href="/dashboard/channels">{messages().form.cancel}</a>
        )}
      </div>
      <small>{channel === null ? texts().discoverNewHelp : texts().discoverHelp}</small>
    </form>
  );
};

/** Fields that show their error beside them. */
const fieldNames = new Set([
  ...[
    'provider',
    'preset',
    'keys',
    'add_keys',
    'name',
    'models',
    'model_map',
    'base_url',
    'priority',
    'weight',
  ],
  ...['headers', 'settings.first_byte_ms', 'settings.idle_ms'],
  ...locationSettings.map(({ name }) => `settings.${name}`),
]);

const Found: FC<{ found: readonly string[]; chosen: readonly string[] }> = ({ found, chosen }) => (
  <fieldset class="checks" tabindex={0}>
    <legend>{texts().found}</legend>
    <small>{texts().foundHelp}</small>
    <p class="actions" data-found hidden>
      <input type="search" aria-label={texts().foundSearch} placeholder={texts().foundSearch} />
      <button type="button" class="outline small" data-select="all">
        {texts().selectAll}
      </button>
      <button type="button" class="outline small" data-select="none">
        {texts().selectNone}
      </button>
    </p>
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
