// Concurrent edits: a form returns the values that it was shown with, so that only changed fields are saved, and
// no change is undone by a page that somebody else had open.
import type { FC } from 'hono/jsx';
import { z } from 'zod';
import { textOf, type Values } from './page-env.ts';

/** The values that the form was shown with. `record`: of the stored object. A returned form contains its own. */
export const ShownWith: FC<{ values: Values; record: Values }> = ({ values, record }) => (
  <input type="hidden" name="shown" value={textOf(values, 'shown') || JSON.stringify(record)} />
);

/** Returns the fields that differ from what the form was shown with, or all fields if that is unknown. */
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

/** Returns null if it is missing, or not from one of our forms. */
function valuesShown(values: Values): Values | null {
  try {
    return shownSchema.parse(JSON.parse(textOf(values, 'shown')));
  } catch {
    return null;
  }
}
