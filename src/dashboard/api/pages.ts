// Lists come in pages: `?limit=&cursor=` in, `{data, next_cursor}` out. A cursor names the last row of a page, so
// that rows that are added or removed meanwhile neither repeat nor hide others.
import { z } from '@hono/zod-openapi';
import { managementLimits } from './limits.ts';
import { fieldProblem } from './problem.ts';

/** The parameters of every list. */
export const pageParameters = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(managementLimits.pageRows)
    .default(managementLimits.pageRowsUsually)
    .openapi({ description: 'Rows of a page.' }),
  cursor: z.string().optional().openapi({ description: 'The `next_cursor` of the page before.' }),
};

/** The parameters of a list that is short enough to be returned whole, which it is without a limit. */
export const shortListParameters = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(managementLimits.pageRows)
    .optional()
    .openapi({ description: 'Rows of a page; else all.' }),
  cursor: pageParameters.cursor,
};

/** Returns a page of a short list in memory, ordered by time and then by id. */
export function pageOfAll<Row extends { createdAtMs: number; id: string }>(
  rows: Row[],
  { limit, cursor }: { limit?: number | undefined; cursor?: string | undefined },
  order: 'oldest-first' | 'newest-first',
) {
  const sign = order === 'oldest-first' ? 1 : -1;
  const compare = (one: TimePosition, other: TimePosition) =>
    sign * (one.createdAtMs - other.createdAtMs) || (one.id < other.id ? -1 : Number(one.id > other.id));
  const after = timeCursor(cursor);
  const rest = rows.toSorted(compare).filter((row) => after === null || compare(row, after) > 0);
  return cutPage(rest, limit ?? rest.length, ({ createdAtMs, id }) => ({ createdAtMs, id }));
}

export function pageOf<Schema extends z.ZodType>(item: Schema) {
  return z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().openapi({ description: 'null: this was the last page.' }),
  });
}

/** Cuts a page from rows, of which one more than `limit` was read. */
export function cutPage<Row>(rows: Row[], limit: number, positionOf: (row: Row) => unknown) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null;
  return { page, next_cursor: next };
}

const timePosition = z.object({ createdAtMs: z.int(), id: z.string() });
type TimePosition = z.infer<typeof timePosition>;

/** Returns the position that a cursor of a newest-first list names, or null without a cursor. */
export function timeCursor(cursor: string | undefined): TimePosition | null {
  return decodeCursor(cursor, timePosition);
}

const sortedPosition = z.object({
  sort: z.string(),
  value: z.union([z.string(), z.number()]),
  id: z.string(),
});

/**
 * Returns the position that a cursor of a list in any order names, or null without a cursor. Refuses a cursor of
 * another order.
 */
export function sortCursor(cursor: string | undefined, sort: string): z.infer<typeof sortedPosition> | null {
  return decodeCursor(cursor, sortedPosition.extend({ sort: z.literal(sort) }));
}

/** Returns the position that a cursor of a list ordered by name names, or null without a cursor. */
export function nameCursor(cursor: string | undefined): string | null {
  return decodeCursor(cursor, z.string());
}

/** Encodes a position as opaque text for the caller to send back. */
export function encodeCursor(position: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(position));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function decodeCursor<Position>(cursor: string | undefined, schema: z.ZodType<Position>): Position | null {
  if (cursor === undefined) return null;
  try {
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw fieldProblem('cursor', 'this is not a `next_cursor` of this list; leave it out to start again');
  }
}
