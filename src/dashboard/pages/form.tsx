// Form fields: a label, a control, a help text, and the error beside it.
import type { FC, PropsWithChildren } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';

interface Common {
  name: string;
  label: string;
  help?: string | undefined;
  error?: string | undefined;
}

interface TextField extends Common {
  value?: string | undefined;
  type?: 'text' | 'password' | 'email' | 'number' | 'date' | 'search' | 'datetime-local';
  required?: boolean;
  autocomplete?: string;
  step?: string;
  min?: string;
  list?: string;
  /** The id of the form that it belongs to, if it stands elsewhere. */
  form?: string;
  /** For a text area. */
  rows?: number;
  placeholder?: string;
}

/** Renders an input, or a text area if `rows` is given. */
export const Field: FC<TextField> = ({ name, label, help, error, rows, value, ...rest }) => {
  const attributes = {
    id: `field-${name}`,
    name,
    'aria-describedby': help || error ? `help-${name}` : undefined,
    'aria-invalid': error === undefined ? undefined : ('true' as const),
  };
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      {rows === undefined ? (
        <input {...attributes} {...rest} value={value ?? ''} />
      ) : (
        <textarea {...attributes} rows={rows} placeholder={rest.placeholder} required={rest.required}>
          {value ?? ''}
        </textarea>
      )}
      <Note name={name} help={help} error={error} />
    </div>
  );
};

interface ChoiceField extends Common {
  value?: string | undefined;
  options: readonly (readonly [value: string, label: string])[];
}

export const Choice: FC<ChoiceField> = ({ name, label, help, error, value, options }) => (
  <div class="field">
    <label for={`field-${name}`}>{label}</label>
    <select id={`field-${name}`} name={name} aria-describedby={help || error ? `help-${name}` : undefined}>
      {options.map(([key, text]) => (
        <option value={key} selected={key === (value ?? '')}>
          {text}
        </option>
      ))}
    </select>
    <Note name={name} help={help} error={error} />
  </div>
);

/** Renders check boxes. */
export const Choices: FC<Omit<ChoiceField, 'value'> & { chosen: readonly string[] }> = ({
  name,
  label,
  help,
  error,
  chosen,
  options,
}) => (
  <fieldset class="checks" tabindex={0}>
    <legend>{label}</legend>
    <Note name={name} help={help} error={error} />
    <div>
      {options.map(([value, text]) => (
        <label>
          <input type="checkbox" name={name} value={value} checked={chosen.includes(value)} />
          {text}
        </label>
      ))}
    </div>
  </fieldset>
);

const Note: FC<Pick<Common, 'name' | 'help' | 'error'>> = ({ name, help, error }) =>
  help || error ? (
    <small id={`help-${name}`}>
      {error === undefined ? null : <strong class="error">{error} </strong>}
      {help}
    </small>
  ) : null;

/** Renders the error of a whole form, which screen readers read when it appears. */
export const Alert: FC<PropsWithChildren<{ kind?: 'error' | 'good' }>> = ({ kind = 'error', children }) => (
  <p role="alert" class={`alert ${kind}`}>
    {children}
  </p>
);

/** Renders a button in a form of its own. */
export const ActionButton: FC<
  PropsWithChildren<{ action: string; look?: string; values?: Record<string, string> }>
> = ({ action, look = 'outline small', values = {}, children }) => (
  <form method="post" action={action} class="inline">
    {Object.entries(values).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    <button type="submit" class={look}>
      {children}
    </button>
  </form>
);

/** Renders a secret that is shown once, with a copy button. */
export const OnceValue: FC<{ id: string; label: string; value: string }> = ({ id, label, value }) => (
  <div class="once">
    <label for={id}>{label}</label>
    <div class="copyable">
      <input id={id} type="text" readonly value={value} autocomplete="off" spellcheck={false} />
      <CopyButton target={id} />
    </div>
  </div>
);

/** Appears only with script (dashboard.js). */
export const CopyButton: FC<{ target: string; label?: string }> = ({ target, label }) => (
  <button type="button" class="outline small" hidden data-copy={target} data-copied={messages().form.copied}>
    {label ?? messages().form.copy}
  </button>
);
