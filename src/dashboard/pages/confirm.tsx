// The page that asks before something is changed that cannot be undone, or that stops others.
import type { FC, PropsWithChildren } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { Alert } from './form.tsx';
import { Heading } from './parts.tsx';

interface Question {
  title: string;
  /** What it is about: names and values. */
  facts?: readonly (readonly [label: string, value: unknown])[];
  /** What happens, and whether it can be undone. */
  warning: string;
  /** Where the form is sent. Absent: to the page's own address. */
  action?: string;
  values?: Readonly<Record<string, string | readonly string[]>>;
  submit: string;
  /** Where Cancel leads. */
  back: string;
  /** Why the change was refused before. */
  problem?: string | undefined;
  isHarmless?: boolean;
}

/** `children`: further fields of the form. */
export const Confirm: FC<PropsWithChildren<Question>> = ({
  title,
  facts = [],
  warning,
  action,
  values = {},
  submit,
  back,
  problem,
  isHarmless = false,
  children,
}) => (
  <div class="narrow">
    <Heading title={title} />
    {problem === undefined ? null : <Alert>{problem}</Alert>}
    {facts.length === 0 ? null : (
      <article>
        <dl class="facts">
          {facts.map(([label, value]) => (
            <>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </article>
    )}
    <p>{warning}</p>
    <form method="post" action={action}>
      {Object.entries(values).flatMap(([name, value]) =>
        [value].flat().map((one) => <input type="hidden" name={name} value={one} />),
      )}
      {children}
      <div class="actions">
        <button type="submit" class={isHarmless ? undefined : 'danger'}>
          {submit}
        </button>
        <a href={back}>{messages().form.cancel}</a>
      </div>
    </form>
  </div>
);
