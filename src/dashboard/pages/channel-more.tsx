// The fields of a channel that most channels leave as they are.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { Choice, Choices, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';

const texts = () => messages().channels;

export const More: FC<{ values: Values; errors: Record<string, string>; found: readonly string[] }> = ({
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
    <div class="row">
      <Field
        name="first_byte_s"
        label={texts().firstByteTimeout}
        help={texts().timeoutHelp}
        type="number"
        min="1"
        step="any"
        value={textOf(values, 'first_byte_s')}
        error={errors['settings.first_byte_ms']}
      />
      <Field
        name="idle_s"
        label={texts().idleTimeout}
        help={texts().timeoutHelp}
        type="number"
        min="1"
        step="any"
        value={textOf(values, 'idle_s')}
        error={errors['settings.idle_ms']}
      />
    </div>
    <Field
      name="headers"
      label={texts().headers}
      help={texts().headersHelp}
      rows={2}
      value={textOf(values, 'headers')}
      error={errors.headers}
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
export const GroupChoice: FC<{ groups: readonly string[]; values: Values; error: string | undefined }> = ({
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
