// The statements of a filtered page of the log. Tests check their query plans.
import { type Condition, type LogFilter, type LogPosition, rangeOf, type Where } from './filter-log.ts';
import { blockLimits, bucketOf, keyOf, timeDigits } from './postings.ts';

/** Limits of a page that is filtered. */
export const searchLimits = {
  /** Rows outside of blocks that a page examines. */
  rowsExamined: 10_000,
  /** Ranges without blocks that are read together. There are few, but while earlier rows are moved. */
  gapsAtATime: 4,
  /** Blocks whose index a page looks up: in one step as a rule, in a second one if too few rows match. */
  blocksAtATime: [160, 400],
} as const;

/** A row's place in the index. */
export type Candidate = readonly [toMs: number, position: number];

/** What is searched for: rows before the position. */
export interface Search {
  filter: LogFilter;
  conditions: readonly Condition[];
  position: LogPosition;
  limit: number;
}

/** The last millisecond in which rows before the position can be. */
export function lastMsOf({ createdAtMs, id }: LogPosition): number {
  return id === '' ? createdAtMs - 1 : createdAtMs;
}

/** The newest blocks up to a time (?1), back to another (?2), so many (?3). The first may hold rows after ?1 too. */
const blocksSql = `SELECT to_at, after_at, row_count FROM log_blocks
  WHERE to_at <= COALESCE((SELECT MIN(to_at) FROM log_blocks WHERE to_at >= ?1), ?1) AND to_at >= ?2
  ORDER BY to_at DESC LIMIT ?3`;

/** The part of the times of the block around ?1 in which ?1 is. */
const boundSql = `SELECT part, times FROM log_times
  WHERE to_at = (SELECT MIN(to_at) FROM log_blocks WHERE to_at >= ?1) AND substr(times, 1, ${timeDigits}) <= ?2
  ORDER BY part DESC LIMIT 1`;

/**
 * Returns the statements of a lookup: the blocks, the place of the position in the first one, what is not in blocks,
 * and the postings of each condition.
 */
export function lookupQueries(
  conditions: readonly Condition[],
  upperMs: number,
  fromMs: number,
  blockCount: number,
): Where[] {
  const range = [upperMs, fromMs, blockCount];
  return [
    { sql: blocksSql, values: range },
    { sql: boundSql, values: [upperMs, digitsOf(upperMs)] },
    { sql: othersSql, values: range },
    ...conditions.map(({ dimension, lookup }) => {
      const values = 'values' in lookup ? lookup.values : [];
      const keys = values.map((value) => keyOf(dimension, value));
      const buckets =
        'values' in lookup ? [...new Set(values.map((value) => bucketOf(dimension, value)))] : [0];
      const isKey =
        'values' in lookup
          ? 'entry.key IN (SELECT value FROM json_each(?6))'
          : 'CAST(entry.key AS INTEGER) BETWEEN ?6 AND ?7';
      const wanted = 'values' in lookup ? [JSON.stringify(keys)] : [lookup.from, lookup.to];
      return { sql: postingsSql(isKey), values: [...range, dimension, JSON.stringify(buckets), ...wanted] };
    }),
  ];
}

/** Whether rows arrived late in those blocks, and whether there are rows in the range before them. */
const othersSql = `SELECT
  EXISTS (SELECT 1 FROM log_late WHERE created_at <= ?1 AND created_at > (SELECT MIN(after_at) FROM (${blocksSql}))) AS late,
  EXISTS (SELECT 1 FROM request_log WHERE created_at <= (SELECT MIN(after_at) FROM (${blocksSql})) AND created_at >= ?2) AS older`;

const postingsSql = (isKey: string) => `SELECT posting.to_at, entry.value AS positions
  FROM (${blocksSql}) AS block
  CROSS JOIN json_each(?5) AS bucket
  CROSS JOIN log_postings AS posting
    ON posting.dimension = ?4 AND posting.bucket = bucket.value AND posting.to_at = block.to_at
  CROSS JOIN json_each(posting.positions) AS entry WHERE ${isKey}`;

const digitsOf = (ms: number) => String(Math.min(ms, 10 ** timeDigits - 1)).padStart(timeDigits, '0');

const whereOf = ({ conditions, filter, position }: Search): Where[] => [
  ...rangeOf({ fromMs: filter.fromMs }, position.createdAtMs === Number.MAX_SAFE_INTEGER ? null : position),
  ...conditions,
];

const joined = (conditions: readonly Where[]) => conditions.map(({ sql }) => sql).join(' AND ');
const valuesOf = (conditions: readonly Where[]) => conditions.flatMap(({ values }) => values);

/** Reads rows by their places in the index. */
export function candidatesQuery(search: Search, candidates: readonly Candidate[]): Where {
  const where = whereOf(search);
  const sql = `SELECT request_log.* FROM (SELECT value ->> 0 AS ends_at, value ->> 1 AS place FROM json_each(?)) AS candidate
    CROSS JOIN log_times ON log_times.to_at = candidate.ends_at
      AND log_times.part = candidate.place / ${blockLimits.timesInPart}
    CROSS JOIN request_log ON request_log.created_at = CAST(substr(log_times.times,
      1 + ${timeDigits} * (candidate.place % ${blockLimits.timesInPart}), ${timeDigits}) AS INTEGER)
    WHERE ${joined(where)}`;
  return { sql, values: [JSON.stringify(candidates), ...valuesOf(where)] };
}

/** Finds the time of a place in the index. */
export function cutQuery(cutAt: Candidate | null): Where {
  const [toMs, place] = cutAt ?? [-1, 0];
  const offset = 1 + timeDigits * (place % blockLimits.timesInPart);
  return {
    sql: `SELECT CAST(substr(times, ?, ${timeDigits}) AS INTEGER) AS at FROM log_times WHERE to_at = ? AND part = ?`,
    values: [offset, toMs, Math.floor(place / blockLimits.timesInPart)],
  };
}

/** Reads rows that arrived after their block was made. */
export function lateQuery(search: Search, fromMs: number): Where {
  const range = {
    sql: 'late.created_at > ? AND late.created_at <= ?',
    values: [fromMs, lastMsOf(search.position)],
  };
  const all = [range, ...search.conditions];
  const sql = `SELECT request_log.* FROM log_late AS late
    CROSS JOIN request_log ON request_log.created_at = late.created_at AND request_log.id = late.id
    WHERE ${joined(all)} ORDER BY late.created_at DESC, late.id DESC LIMIT ${searchLimits.rowsExamined}`;
  return { sql, values: valuesOf(all) };
}

/** Reads the rows that are newer than every block; `edge` is the last one that is examined. */
export function newestQuery(search: Search): { page: Where; edge: Where } {
  const { fromMs = -1 } = search.filter;
  const range: Where[] = [
    {
      sql: 'created_at >= MAX(?, COALESCE((SELECT MAX(to_at) + 1 FROM log_blocks), 0))',
      values: [fromMs],
    },
    beforeOf(search.position),
  ];
  return scanQueries(search, range);
}

function beforeOf({ createdAtMs, id }: LogPosition): Where {
  return { sql: '(created_at, id) < (?, ?)', values: [createdAtMs, id] };
}

/** Reads rows of a range without blocks; `edge` is the last one that is examined. */
export function gapQuery(
  search: Search,
  { afterMs, toMs }: { afterMs: number; toMs: number },
): { page: Where; edge: Where } {
  const { fromMs = -1 } = search.filter;
  const isFirst = toMs === lastMsOf(search.position) && search.position.id !== '';
  const range: Where[] = [
    { sql: 'created_at >= ?', values: [Math.max(afterMs + 1, fromMs)] },
    isFirst ? beforeOf(search.position) : { sql: 'created_at <= ?', values: [toMs] },
  ];
  return scanQueries(search, range);
}

function scanQueries(search: Search, range: readonly Where[]): { page: Where; edge: Where } {
  const source = `FROM request_log WHERE ${joined(range)} ORDER BY created_at DESC, id DESC`;
  const { rowsExamined } = searchLimits;
  return {
    page: {
      sql: `SELECT * FROM (SELECT * ${source} LIMIT ${rowsExamined}) WHERE ${joined(search.conditions)} LIMIT ?`,
      values: [...valuesOf(range), ...valuesOf(search.conditions), search.limit],
    },
    edge: {
      sql: `SELECT created_at, id ${source} LIMIT 1 OFFSET ${rowsExamined - 1}`,
      values: valuesOf(range),
    },
  };
}
