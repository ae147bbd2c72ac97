// Lists come in pages: `?limit=&cursor=` in, `{data, next_cursor}` out. A cursor names the last row seen, so
// that rows which come and go meanwhile neither repeat nor hide others.
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

/** The parameters of a list that is short enough to be answered whole: without a limit it is. */
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

/** A page of a short list that is all at hand, in the order of its times and then of its ids. */
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

/** Cuts a page off rows of which one more than `limit` was asked for. */
export function cutPage<Row>(rows: Row[], limit: number, positionOf: (row: Row) => unknown) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null;
  return { page, next_cursor: next };
}

const timePosition = z.object({ createdAtMs: z.int(), id: z.string() });
type TimePosition = z.infer<typeof timePosition>;

/** The position that a cursor of a newest-first list names; null without a cursor. */
export function timeCursor(cursor: string | undefined): TimePosition | null {
  return decodeCursor(cursor, timePosition);
}

const sortedPosition = z.object({
  sort: z.string(),
  value: z.union([z.string(), z.number()]),
  id: z.string(),
});

/** The position that a cursor of a list in any order names; null without a cursor. One of another order is refused. */
export function sortCursor(cursor: string | undefined, sort: string): z.infer<typeof sortedPosition> | null {
  return decodeCursor(cursor, sortedPosition.extend({ sort: z.literal(sort) }));
}

/** The position that a cursor of a list in the order of names names; null without a cursor. */
export function nameCursor(cursor: string | undefined): string | null {
  return decodeCursor(cursor, z.string());
}

/** A position as the opaque text that a caller sends back. */
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
    throw fieldProblem('cursor', 'this is not a `next_cursor` of this list; leave it out to begin anew');
  }
}
