// Two people edit the same thing: what a form was shown with comes back with it, so that only what was changed on the
// page is changed, and nobody's change is undone by a page that somebody else had open.
import type { FC } from 'hono/jsx';
import { z } from 'zod';
import { textOf, type Values } from './page-env.ts';

/** What the form was shown with. `record`: of the thing itself; a form that comes back says for itself what it began with. */
export const ShownWith: FC<{ values: Values; record: Values }> = ({ values, record }) => (
  <input type="hidden" name="shown" value={textOf(values, 'shown') || JSON.stringify(record)} />
);

/** The fields of a body that are other than the form was shown with; all where it does not say that. */
export function changedOnly(
  values: Values,
  bodyOf: (values: Values) => Record<string, unknown>,
): Record<string, unknown> {
  const shown = valuesShown(values);
  const body = bodyOf(values);
  if (shown === null) return body;
  const before = bodyOf(shown);
  const isChanged = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(before[name]);
  return Object.fromEntries(Object.entries(body).filter(isChanged));
}

const shownSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/** null: it is not said, or in no form of ours. */
function valuesShown(values: Values): Values | null {
  try {
    return shownSchema.parse(JSON.parse(textOf(values, 'shown')));
  } catch {
    return null;
  }
}
