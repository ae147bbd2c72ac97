// What the packed index of the log says about a block of rows: for each value of a dimension, the positions of the rows
// that have it. Values share rows of the index by buckets, so that a block writes few rows, however many values it has. Pure.
import { encodePositions } from '../lib/position-set.ts';

/** Limits of the index. */
export const blockLimits = {
  /** Rows of a block. Its index has some hundred rows, hardly a twentieth of that. */
  rows: 8_192,
  /** Times in one row of log_times. */
  timesInPart: 512,
  /** Characters of a value that stands for itself; of a longer one its hash does. Names of models are never hashed. */
  keyCharacters: 24,
} as const;

/** The dimensions: their column in the log, and over how many buckets their values are spread. */
export const dimensions = {
  token: { column: 'token_id', buckets: 64 },
  account: { column: 'account_id', buckets: 64 },
  model: { column: 'requested_model', buckets: 16 },
  channel: { column: 'channel_id', buckets: 16 },
  status: { column: 'status', buckets: 1 },
  error_code: { column: 'error_code', buckets: 8 },
  error_class: { column: 'error_class', buckets: 1 },
  end_user: { column: 'end_user', buckets: 64 },
  session: { column: 'session', buckets: 64 },
  tag: { column: 'tags', buckets: 16 },
} as const;

export type Dimension = keyof typeof dimensions;

/** The columns that the index is made from. */
export const indexedColumns = Object.values(dimensions).map(({ column }) => column);

type Stored = Readonly<Record<string, string | number | null>>;

/** One row of the index. `positions` is JSON: from keys to encoded positions. */
export interface Posting {
  dimension: Dimension;
  bucket: number;
  positions: string;
}

/** Returns the index of a block of rows, which are in the order of time. */
export function postingsOf(rows: readonly Stored[]): Posting[] {
  return (Object.keys(dimensions) as Dimension[]).flatMap((dimension) => {
    const positions = new Map<string, number[]>();
    rows.forEach((row, position) => {
      for (const value of valuesOf(row, dimension)) {
        const known = positions.get(value);
        if (known === undefined) positions.set(value, [position]);
        else known.push(position);
      }
    });
    return bucketsOf(dimension, positions, rows.length);
  });
}

function valuesOf(row: Stored, dimension: Dimension): string[] {
  const value = row[dimensions[dimension].column] ?? null;
  if (value === null) return [];
  return dimension === 'tag' ? [...new Set<string>(JSON.parse(String(value)))] : [String(value)];
}

function bucketsOf(dimension: Dimension, positions: Map<string, number[]>, size: number): Posting[] {
  const buckets = new Map<number, Record<string, string>>();
  // Two long values with one hash: their rows are together, and the reader looks at the rows anyway.
  const byKey = Map.groupBy(positions, ([value]) => keyOf(dimension, value));
  for (const [key, values] of byKey) {
    const bucket = bucketOf(dimension, values[0]?.[0] ?? '');
    const all = values.flatMap(([, each]) => each);
    const encoded = encodePositions(all, size);
    buckets.set(bucket, { ...(buckets.get(bucket) ?? {}), [key]: encoded });
  }
  return [...buckets].map(([bucket, keys]) => ({ dimension, bucket, positions: JSON.stringify(keys) }));
}

/** Returns the key under which the index has a value. */
export function keyOf(dimension: Dimension, value: string): string {
  if (dimension === 'model' || value.length <= blockLimits.keyCharacters) return value;
  return `#${hashOf(value).toString(36)}`;
}

/** Returns the bucket of a value. */
export function bucketOf(dimension: Dimension, value: string): number {
  return hashOf(keyOf(dimension, value)) % dimensions[dimension].buckets;
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ (2026-12). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Returns the times of a block, in parts: 13 digits each, so that a position is an offset. */
export function timesOf(times: readonly number[]): string[] {
  const parts: string[] = [];
  for (let at = 0; at < times.length; at += blockLimits.timesInPart) {
    const part = times.slice(at, at + blockLimits.timesInPart);
    parts.push(part.map((time) => String(time).padStart(timeDigits, '0')).join(''));
  }
  return parts;
}

/** Digits of a time in log_times: enough until the year 2286. */
export const timeDigits = 13;
