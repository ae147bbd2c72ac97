// The choice of allowed models: boxes for served ones, and a text field for other names and wildcards. Also the
// limits beside it in the forms of tokens and groups.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';

const texts = () => messages().tokens;

interface FormPart {
  values: Values;
  errors: Record<string, string>;
}

export const ModelChoice: FC<FormPart & { models: readonly string[] }> = ({ models, values, errors }) => {
  const chosen = new Set(listOf(values, 'models'));
  return (
    <>
      {models.length === 0 ? null : (
        <fieldset class="checks" tabindex={0}>
          <legend>{texts().modelsServed}</legend>
          <small>{texts().modelsHelp}</small>
          <div>
            {models.map((model) => (
              <label>
                <input type="checkbox" name="models" value={model} checked={chosen.has(model)} />
                {model}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <Field
        name="more_models"
        label={texts().moreModels}
        help={texts().moreModelsHelp}
        rows={2}
        value={[
          ...listOf(values, 'more_models'),
          ...[...chosen].filter((name) => !models.includes(name)),
        ].join('\n')}
        error={errors.models}
      />
    </>
  );
};

/** Joins ticked and typed names. */
export function modelsChosen(values: Values): string[] {
  return [...new Set([...listOf(values, 'models'), ...listOf(values, 'more_models')])];
}

const limitNames = ['rpm', 'tpm', 'concurrency'] as const;

export const LimitFields: FC<FormPart> = ({ values, errors }) => (
  <div class="row">
    {limitNames.map((name) => (
      <Field
        name={name}
        label={texts()[name]}
        help={texts().limitHelp}
        type="number"
        min="1"
        step="1"
        value={textOf(values, name)}
        error={errors[name]}
      />
    ))}
  </div>
);

/** Returns every limit: null where the field is empty. */
export function limitsChosen(values: Values): Record<string, number | string | null> {
  return Object.fromEntries(limitNames.map((name) => [name, numberOrNull(values, name)]));
}

/**
 * Returns null if the field is empty. Text that is not a number stays text, so that the API refuses it: JSON
 * would turn it into null, which means no limit.
 */
export function numberOrNull(values: Values, name: string): number | string | null {
  const text = textOf(values, name).trim();
  if (text === '') return null;
  return Number.isFinite(Number(text)) ? Number(text) : text;
}
