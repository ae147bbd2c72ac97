// A body's top-level members by a table: which neutral field each becomes, and what is left over.
import type { NeutralRequest } from './neutral.ts';
import type { JsonObject } from './observation.ts';

/** Wire name → neutral field; null: read with another field, or of no consequence to another format. */
export type FieldTable = Readonly<Record<string, keyof NeutralRequest | null>>;

/** The caller's names for the neutral fields that it gave. `prefix` is put before each: `generationConfig.`. */
export function pathsOf(body: JsonObject, table: FieldTable, prefix = ''): NeutralRequest['paths'] {
  const given = Object.entries(table).filter(([name, field]) => field !== null && isGiven(body[name]));
  return Object.fromEntries(given.map(([name, field]) => [field, prefix + name]));
}

/** Members that the table does not know, null ones left out. */
export function unknownFields(body: JsonObject, table: FieldTable): Record<string, unknown> {
  const unknown = Object.entries(body).filter(
    ([name, value]) => !Object.hasOwn(table, name) && isGiven(value),
  );
  return Object.fromEntries(unknown);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
